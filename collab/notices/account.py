"""Tells a person that something about how they sign in changed, by notice and by e-mail."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from collab.kernel.events import Event
from collab.kernel.happened import AccountChanged
from collab.members import store as members
from collab.members import store_joining as joined
from collab.notices.service import WORDS, tell
from collab.storage.database import Database
from collab.storage.uow import UnitOfWork

PREFIX = "account_"
HERE = ZoneInfo("Asia/Shanghai")
CHANGES: dict[str, tuple[str, str]] = {
    "password_changed": (
        "您的密码已修改，API 令牌已全部作废",
        "Your password was changed; your API tokens have ended",
    ),
    "password_reset": (
        "您的密码已通过链接重置，API 令牌已全部作废",
        "Your password was set anew by a link; your API tokens have ended",
    ),
    "second_factor_on": ("验证器应用（两步验证）已开启", "An authenticator app was set up"),
    "second_factor_off": ("验证器应用（两步验证）已关闭", "The authenticator app was switched off"),
    "second_factor_reset": (
        "秘书处已重置您的两步验证与通行密钥，API 令牌已全部作废",
        "The secretariat took away your second factors and passkeys; your API tokens have ended",
    ),
    "recovery_codes_made": ("已生成新的恢复码", "New recovery codes were made"),
    "recovery_code_used": ("有人用恢复码登录了您的账号", "A recovery code was used to sign in"),
    "passkey_added": ("已添加新的通行密钥", "A passkey was added"),
    "passkey_removed": ("已删除一个通行密钥", "A passkey was removed"),
    "passkey_copied": (
        "一个通行密钥可能被复制，已自动删除",
        "A passkey may have been copied and was taken away",
    ),
    "service_linked": ("已关联单位的统一登录", "Your organisation's sign-in was connected"),
    "service_unlinked": (
        "已取消单位统一登录的关联",
        "Your organisation's sign-in was disconnected",
    ),
    "address_changed": (
        "您的账号邮箱已更改，API 令牌已全部作废",
        "The address of your account was changed; your API tokens have ended",
    ),
    "token_issued": ("已生成新的 API 令牌", "An API token was made"),
    "sessions_ended": ("您的部分登录已被退出", "Sessions of yours were ended"),
}
BODY = (
    "您好{name}：\n\n{what}（{at}，北京时间）。\n\n如果是您本人操作，无需处理。"
    "如果不是，请立即重置密码（{link}），并联系秘书处。\n",
    "Hello{name},\n\n{what} ({at}, Beijing time).\n\nIf this was you, there is nothing to do. "
    "If not, set a new password at once ({link}) and contact the secretariat.\n",
)
WORDS.update(
    {PREFIX + code: (f"{zh}。如非本人操作，请立即修改密码并联系秘书处。",
                     f"{en}. If this was not you, change your password and tell the secretariat.")
     for code, (zh, en) in CHANGES.items()}
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Recipient:
    """Who is written to, in which language, and with which facts."""

    email: str
    language: str
    facts: dict[str, str]


def letter(code: str) -> tuple[tuple[str, str], tuple[str, str]]:
    """Subject and text of a change in Chinese and in English."""
    both = zip(CHANGES[code.removeprefix(PREFIX)], BODY, strict=True)
    zh, en = ((f"OE+ Collab: {what}", body.replace("{what}", what)) for what, body in both)
    return zh, en


def recipient(uow: UnitOfWork, event: AccountChanged) -> Recipient | None:
    """The person's address; the old one when the address itself changed. None for the erased."""
    person = members.person_by_id(uow, event.person_id)
    if person is None or person.erased_at is not None:
        return None
    email = person.email
    if event.link_id is not None:
        row = joined.link_by_id(uow, event.link_id)
        email = str(row.facts.get("old", email)) if row is not None else email
    at = event.at.astimezone(HERE).strftime("%Y-%m-%d %H:%M")
    return Recipient(email, person.language, {"name": person.name, "at": at})


def follow(database: Database, events: Sequence[Event]) -> None:
    """Listener: a notice for each change; the same event twice tells once."""
    with database.writing() as uow:
        for event in events:
            if isinstance(event, AccountChanged) and recipient(uow, event) is not None:
                once = f"account:{event.what}:{event.at.isoformat()}"
                tell(uow, event.person_id, PREFIX + event.what, {}, "/account", once)
