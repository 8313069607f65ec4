"""E-mail: one-time links and decisions, sent after the change that caused them was committed."""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from email.message import EmailMessage
from email.policy import SMTP

from collab.config import Settings
from collab.kernel import clock
from collab.kernel.events import Event
from collab.kernel.happened import AccountChanged, ApplicationChanged, LinkIssued
from collab.members import links
from collab.members import store_joining as joined
from collab.members.rules import EMAIL
from collab.notices import account
from collab.storage.database import Database

SECONDS = 20
WORDS: dict[str, tuple[tuple[str, str], tuple[str, str]]] = {
    "invite": (
        (
            "邀请您加入 OE+ Collab",
            "您好{name}：\n\n您被邀请加入光电联盟协同平台 OE+ Collab。"
            "请在 7 天内打开下面的链接接受邀请：\n\n"
            "{link}\n\n链接只能使用一次。如果您不认识邀请方，请忽略本邮件。\n",
        ),
        (
            "You are invited to OE+ Collab",
            "Hello{name},\n\nyou are invited to OE+ Collab, the platform of the alliance. "
            "Open this link within 7 days to accept:\n\n{link}\n\n"
            "It works once. If you do not know who invites you, ignore this message.\n",
        ),
    ),
    "reset": (
        (
            "重置 OE+ Collab 密码",
            "您好：\n\n请在 1 小时内打开下面的链接设置新密码：\n\n{link}\n\n"
            "链接只能使用一次。如果不是您本人申请，请忽略本邮件，密码不会改变。\n",
        ),
        (
            "Reset your OE+ Collab password",
            "Hello,\n\nopen this link within one hour to set a new password:\n\n{link}\n\n"
            "It works once. If you did not ask for it, ignore this message; nothing changes.\n",
        ),
    ),
    "verify": (
        (
            "验证 OE+ Collab 邮箱",
            "您好：\n\n请在 2 天内打开下面的链接确认这是您的邮箱：\n\n{link}\n",
        ),
        (
            "Confirm your address for OE+ Collab",
            "Hello,\n\nopen this link within 2 days to confirm that this address is yours:\n\n"
            "{link}\n",
        ),
    ),
    "email": (
        (
            "确认 OE+ Collab 的新邮箱",
            "您好：\n\n请在 2 小时内打开下面的链接，把您的账号邮箱改为本邮箱：\n\n{link}\n\n"
            "如果不是您本人申请，请忽略本邮件，什么都不会改变。\n",
        ),
        (
            "Confirm your new address for OE+ Collab",
            "Hello,\n\nopen this link within 2 hours to make this the address of your account:\n\n"
            "{link}\n\nIf you did not ask for it, ignore this message; nothing changes.\n",
        ),
    ),
    "factor": (
        (
            "确认添加 OE+ Collab 的第一个验证方式",
            "您好：\n\n有人用您的密码登录，想为您的账号添加第一个验证方式；添加后您的秘书处权限生效。"
            "如果是您本人，请在 30 分钟内用同一个浏览器打开：\n\n{link}\n\n"
            "如果不是，请不要打开，立即重置密码并联系秘书处。\n",
        ),
        (
            "Confirm the first factor of your OE+ Collab account",
            "Hello,\n\nsomebody signed in with your password and wants to set up a first factor "
            "for your account; rights of the secretariat begin with it. If this is you, open this "
            "link within 30 minutes in the same browser:\n\n{link}\n\n"
            "If not, do not open it, set a new password at once and contact the secretariat.\n",
        ),
    ),
    "rejected": (
        (
            "关于您加入 OE+ Collab 的申请",
            "您好{name}：\n\n“{title}”的申请未获通过。秘书处说明：\n\n{reason}\n",
        ),
        (
            "Your application to OE+ Collab",
            "Hello{name},\n\nthe application of “{title}” was not accepted. "
            "The secretariat says:\n\n{reason}\n",
        ),
    ),
}


@dataclass(frozen=True, slots=True)
class Letter:
    """What is to be sent to one address."""

    to: str
    subject: str
    text: str
    once: str
    stop: str = ""


def worded(code: str, language: str, facts: dict[str, str]) -> tuple[str, str]:
    """Subject and text of a letter: in the reader's language, the other one below it."""
    zh, en = WORDS[code] if code in WORDS else account.letter(code)
    first, second = (en, zh) if language == "en" else (zh, en)
    gap = {**facts, "name": f" {facts['name']}" if facts.get("name") else ""}
    return first[0], f"{first[1].format(**gap)}\n-- \n\n{second[1].format(**gap)}"


def message(letter: Letter, sender: str) -> EmailMessage:
    """The letter as an e-mail. Raises ValueError for anything that could add a header."""
    if not EMAIL.fullmatch(letter.to):
        raise ValueError("not an e-mail address")
    if any(ord(c) < 32 for c in letter.subject + sender):
        raise ValueError("a header cannot hold control characters")
    made = EmailMessage(policy=SMTP)
    made["From"] = sender
    made["To"] = letter.to
    made["Subject"] = letter.subject
    made["Date"] = clock.now()
    made["Message-ID"] = f"<{letter.once}@{sender.rpartition('@')[2].rstrip('> ') or 'localhost'}>"
    made["Auto-Submitted"] = "auto-generated"
    if letter.stop:
        made["List-Unsubscribe"] = f"<{letter.stop}>"
    made.set_content(letter.text)
    return made


class Mailer:
    """Sends letters through the configured server; without one nothing leaves the platform."""

    def __init__(self, settings: Settings, secret: str) -> None:
        self._settings = settings
        self._secret = secret

    @property
    def able(self) -> bool:
        """Whether there is a mail server to hand letters to."""
        return bool(self._settings.smtp_host)

    @property
    def base(self) -> str:
        """The address under which members reach the platform."""
        own = self._settings
        return own.public_url.rstrip("/") or f"http://{own.host}:{own.port}"

    def follow(self, database: Database, events: Sequence[Event]) -> None:
        """Listener: one letter for each link and refusal; a link is not sent again."""
        if not self._settings.smtp_host:
            return
        for event in events:
            if isinstance(event, LinkIssued):
                self._send_link(database, event)
            elif isinstance(event, ApplicationChanged):
                self._send_decision(database, event.application_id)
            elif isinstance(event, AccountChanged):
                self._send_change(database, event)

    def _send_link(self, database: Database, event: LinkIssued) -> None:
        with database.reading() as uow:
            row = joined.link_by_id(uow, event.token_id)
        if row is None or row.used_at or row.expires_at <= clock.now() or row.facts.get("mailed"):
            return
        if row.facts.get("nobody"):
            return
        facts = {
            "link": self.base + links.path_of(row, self._secret),
            "name": str(row.facts.get("name", "")),
        }
        subject, text = worded(row.purpose, event.language, facts)
        self.send(Letter(row.email, subject, text, f"link-{row.id}"))
        with database.writing() as uow:
            again = joined.link_by_id(uow, event.token_id)
            if again is not None:
                again.facts = {**again.facts, "mailed": clock.now().isoformat()}
                uow.session.add(again)

    def _send_decision(self, database: Database, application_id: int) -> None:
        with database.reading() as uow:
            row = joined.application_by_id(uow, application_id)
        if row is None or row.state != "rejected" or not row.contact_email:
            return
        facts = {"name": row.contact_name, "title": row.name_zh, "reason": row.decision}
        subject, text = worded("rejected", "zh", facts)
        self.send(Letter(row.contact_email, subject, text, f"{row.public_id}-{row.version}"))

    def _send_change(self, database: Database, event: AccountChanged) -> None:
        with database.reading() as uow:
            found = account.recipient(uow, event)
        if found is None:
            return
        facts = {**found.facts, "link": f"{self.base}/reset"}
        subject, text = worded(f"account_{event.what}", found.language, facts)
        once = f"account-{event.person_id}-{event.what}-{int(event.at.timestamp() * 1000)}"
        self.send(Letter(found.email, subject, text, once))

    def send(self, letter: Letter) -> None:
        """Hand a letter to the mail server. Raises smtplib.SMTPException or OSError."""
        own = self._settings
        made = message(letter, own.smtp_from or f"noreply@{own.smtp_host}")
        safe = ssl.create_default_context()
        opening: smtplib.SMTP = (
            smtplib.SMTP_SSL(own.smtp_host, own.smtp_port, timeout=SECONDS, context=safe)
            if own.smtp_tls == "tls"
            else smtplib.SMTP(own.smtp_host, own.smtp_port, timeout=SECONDS)
        )
        with opening as server:
            if own.smtp_tls == "starttls":
                server.starttls(context=safe)
            if own.smtp_user:
                server.login(own.smtp_user, own.smtp_password)
            server.send_message(made)
