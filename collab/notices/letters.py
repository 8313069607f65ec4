"""Notices as e-mail: at once or once a day, in the person's language, each notice in one letter."""

from __future__ import annotations

import smtplib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from collab.kernel import clock
from collab.kernel.events import Event
from collab.kernel.happened import DayBegan
from collab.members import service as people
from collab.members import store as members
from collab.members.models import Person
from collab.notices import store, wishes
from collab.notices.events import NoticesDue
from collab.notices.mail import Letter, Mailer
from collab.notices.models import MailPace, Notice
from collab.notices.service import worded
from collab.storage.database import Database
from collab.storage.uow import UnitOfWork

# what is older is read on the page; a mail server set up later floods nobody
FRESH = timedelta(days=3)
MOST = 20
WORDS = {
    "zh": ("OE+ Collab：{n} 条通知", "您好{name}：\n\n", "另有 {more} 条，见 {all}\n\n",
           "-- \n更改邮件通知的方式：{all}#mail\n不再接收通知邮件：{stop}\n"),
    "en": ("OE+ Collab: {n} notices", "Hello{name},\n\n", "{more} more at {all}\n\n",
           "-- \nHow notices come by e-mail: {all}#mail\nNo more letters of this kind: {stop}\n"),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Bundle:
    """A letter with the notices that it tells of."""

    letter: Letter
    notice_ids: tuple[int, ...]


class NoticeMail:
    """Sends on what people are told; nothing without a mail server."""

    def __init__(self, mailer: Mailer, secret: str) -> None:
        self._mailer = mailer
        self._secret = secret

    def follow(self, database: Database, events: Sequence[Event]) -> None:
        """Listener: somebody was told something, or a day began."""
        if not self._mailer.able:
            return
        for event in events:
            if isinstance(event, NoticesDue):
                self._send(database, event)
            elif isinstance(event, DayBegan):
                self._daily(database, event)

    def _daily(self, database: Database, event: DayBegan) -> None:
        with database.writing() as uow:
            for person_id in store.people_to_tell(uow, clock.now() - FRESH):
                once = f"digest:{event.day.isoformat()}:{person_id}"
                uow.record(NoticesDue(person_id, daily=True), once=once)

    def _send(self, database: Database, event: NoticesDue) -> None:
        # claimed before it is sent: two workers never send the same, a failure gives it back
        with database.writing() as uow:
            bundle = self.bundle(uow, event)
            if bundle is None:
                return
            store.mark_mailed(uow, bundle.notice_ids, clock.now())
        try:
            self._mailer.send(bundle.letter)
        except (OSError, smtplib.SMTPException, ValueError):
            with database.writing() as uow:
                store.mark_mailed(uow, bundle.notice_ids, None)
            raise

    def bundle(self, uow: UnitOfWork, event: NoticesDue) -> Bundle | None:
        """What the person is still to hear, as far as it may be read at this moment."""
        person = members.person_by_id(uow, event.person_id)
        if person is None or not person.active or person.erased_at or person.demo:
            return None
        pace = MailPace.DAILY if event.daily else MailPace.AT_ONCE
        wish = wishes.wish_of(uow, event.person_id)
        actor = people.actor_of(uow, person)
        found = [
            n for n in store.unmailed(uow, actor, clock.now() - FRESH)
            if wish.pace(n.code) is pace
        ]  # fmt: skip
        if not found:
            return None
        ids = tuple(n.id or 0 for n in found)
        return Bundle(self._letter(person, found, max(ids)), ids)

    def _letter(self, person: Person, found: Sequence[Notice], last: int) -> Letter:
        language = "en" if person.language == "en" else "zh"
        subject, greeting, more, foot = WORDS[language]
        base = self._mailer.base
        stop = base + wishes.stop_path(person.public_id, self._secret)
        facts = {"all": f"{base}/notices", "stop": stop, "more": len(found) - MOST,
                 "name": f" {person.name}" if person.name else "", "n": len(found)}  # fmt: skip
        lines = [f"{worded(n, language)}\n{base}{n.url}\n\n" for n in found[:MOST]]
        rest = more.format(**facts) if len(found) > MOST else ""
        title = subject.format(**facts)
        if language == "en" and len(found) == 1:
            title = title.removesuffix("s")
        text = greeting.format(**facts) + "".join(lines) + rest + foot.format(**facts)
        return Letter(person.email, title, text, f"notices-{person.public_id}-{last}", stop)
