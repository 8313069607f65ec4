"""Sends the head of the record away each day, out of reach of whoever runs this machine."""

from __future__ import annotations

from collections.abc import Sequence

from collab.config import Settings
from collab.kernel.events import Event
from collab.kernel.happened import DayBegan
from collab.notices.mail import Letter, Mailer
from collab.storage import audit
from collab.storage.database import Database

SUBJECT = "OE+ Collab {day}: record anchor / 审计锚点 #{sequence}"
TEXT = (
    "审计记录当日锚点，请妥善保存：\nAnchor of the record of acts; keep this letter:\n\n"
    '{{"at": "{day}", "sequence": {sequence}, "hash": "{sealed}"}}\n\n'
    "核对：把上面一行存入文件，运行 flask audit-verify --anchors 文件\n"
    "To check, put the line above into a file and run: flask audit-verify --anchors FILE\n"
)


class AnchorMail:
    """Writes one letter a day to AUDIT_MAIL; nothing without an address or a mail server."""

    def __init__(self, settings: Settings, mailer: Mailer) -> None:
        self._to = settings.audit_mail if settings.smtp_host else ""
        self._mailer = mailer

    def follow(self, database: Database, events: Sequence[Event]) -> None:
        """Listener: a new day began. A letter that cannot be sent is tried again."""
        if not self._to:
            return
        for event in events:
            if isinstance(event, DayBegan):
                with database.reading() as uow:
                    sequence, sealed = audit.head(uow.session)
                facts = {"day": event.day.isoformat(), "sequence": sequence, "sealed": sealed}
                once = f"anchor-{event.day.isoformat()}-{sequence}"
                text, subject = TEXT.format(**facts), SUBJECT.format(**facts)
                self._mailer.send(Letter(self._to, subject, text, once))
