"""E-mail leaves through a real server, once, with nothing slipped into its headers."""

from __future__ import annotations

import email
import ipaddress
import socket
import ssl
from collections.abc import Iterator
from datetime import date, timedelta
from email.header import decode_header, make_header
from email.message import Message
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from sqlmodel import col, select

from collab.config import Settings
from collab.kernel import clock
from collab.kernel.errors import Rejected
from collab.kernel.happened import AccountChanged, ApplicationChanged, DayBegan, LinkIssued
from collab.kernel.identity import Actor
from collab.members import links, recovery
from collab.members.links import Purpose
from collab.members.models import Application, OneTimeToken, Person, Region
from collab.notices import account
from collab.notices.anchors import AnchorMail
from collab.notices.mail import WORDS, Letter, Mailer, message, worded
from collab.storage import audit_reading
from collab.storage.database import Database
from collab.storage.models import OutboxEvent


class Box:
    """Keeps what arrives."""

    def __init__(self) -> None:
        self.letters: list[Message] = []

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        """Take a letter."""
        self.letters.append(email.message_from_bytes(envelope.content))
        return "250 OK"


def free_port() -> int:
    """A port that nobody uses just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def box() -> Iterator[tuple[Box, int]]:
    """A mail server on this machine."""
    kept = Box()
    port = free_port()
    controller = Controller(kept, hostname="127.0.0.1", port=port)
    controller.start()
    yield kept, port
    controller.stop()


def mailer(port: int, **more: Any) -> Mailer:
    settings = Settings(
        smtp_host="127.0.0.1", smtp_port=port, smtp_tls="none",
        smtp_from="OE+ Collab <collab@alliance.example>", public_url="https://collab.example/",
        **more,
    )  # fmt: skip
    return Mailer(settings, "secret")


def body(letter: Message) -> str:
    return letter.get_payload(decode=True).decode("utf-8")  # type: ignore[union-attr]


def test_a_link_is_sent_once_and_is_the_one_that_opens(
    sqlite_database: Database, box: tuple[Box, int]
) -> None:
    with sqlite_database.writing() as uow:
        path = links.issue(uow, "secret", Purpose.RESET, "li@lab.example", language="en")
    with sqlite_database.reading() as uow:
        row = uow.session.exec(select(OneTimeToken)).one()
        events = [str(e.payload) for e in uow.session.exec(select(OutboxEvent)).all()]
    assert path.rpartition("/")[2] not in str(row) + str(events)
    sender = mailer(box[1])
    for _ in range(2):
        sender.follow(sqlite_database, [LinkIssued(row.id or 0, "en")])
    letters = box[0].letters
    assert len(letters) == 1
    assert letters[0]["To"] == "li@lab.example"
    assert letters[0]["Subject"] == "Reset your OE+ Collab password"
    assert f"https://collab.example{path}" in body(letters[0])
    assert "重置" in body(letters[0]) or "设置新密码" in body(letters[0])


def test_a_used_link_and_a_platform_without_server_send_nothing(
    sqlite_database: Database, box: tuple[Box, int]
) -> None:
    with sqlite_database.writing() as uow:
        links.issue(uow, "secret", Purpose.VERIFY, "li@lab.example")
        row = uow.session.exec(select(OneTimeToken)).one()
    event = LinkIssued(row.id or 0)
    Mailer(Settings(), "secret").follow(sqlite_database, [event])
    with sqlite_database.writing() as uow:
        links.use(uow, uow.session.get(OneTimeToken, row.id))  # type: ignore[arg-type]
    mailer(box[1]).follow(sqlite_database, [event, LinkIssued(999)])
    assert box[0].letters == []


def test_a_refusal_tells_the_reason_in_words_taken_literally(
    sqlite_database: Database, box: tuple[Box, int]
) -> None:
    with sqlite_database.writing() as uow:
        region = Region(code="x", zh="某", en="X", kind="city", path="/x/")
        uow.session.add(region)
        uow.flush()
        row = Application(
            name_zh="{name}光电\r\nBcc: all@world.example", region_id=region.id or 0,
            contact_name="李", contact_email="li@lab.example", state="rejected",
            decision="资料 {0} 不符 {link.__class__}",
        )  # fmt: skip
        uow.session.add(row)
        uow.flush()
        key = row.id or 0
    mailer(box[1]).follow(sqlite_database, [ApplicationChanged(key)])
    (letter,) = box[0].letters
    assert letter["Bcc"] is None
    assert "资料 {0} 不符 {link.__class__}" in body(letter)


@pytest.mark.parametrize("to", ["a@b.example\nBcc: c@d.example", "a b@c.example", "", "a@b\r"])
def test_an_address_that_could_add_a_header_is_refused(to: str) -> None:
    with pytest.raises(ValueError):
        message(Letter(to, "x", "y", "z"), "a@b.example")
    with pytest.raises(ValueError):
        message(Letter("a@b.example", f"x\n{to}", "y", "z"), "a@b.example")


def test_every_letter_exists_in_both_languages_and_holds_its_facts() -> None:
    facts = {"link": "L", "name": "N", "title": "T", "reason": "R"}
    for code in WORDS:
        for language in ("zh", "en"):
            subject, text = worded(code, language, facts)
            assert subject
            assert "{" not in text
            assert any("\u4e00" <= c <= "\u9fff" for c in text)


def test_a_server_that_fails_is_tried_again(sqlite_database: Database) -> None:
    with sqlite_database.writing() as uow:
        links.issue(uow, "secret", Purpose.VERIFY, "li@lab.example")
    with sqlite_database.reading() as uow:
        row = uow.session.exec(select(OneTimeToken).order_by(col(OneTimeToken.id))).one()
    with pytest.raises(OSError):
        mailer(1).follow(sqlite_database, [LinkIssued(row.id or 0)])
    with sqlite_database.reading() as uow:
        assert "mailed" not in uow.session.exec(select(OneTimeToken)).one().facts


def test_a_person_hears_of_every_change_in_both_languages(
    sqlite_database: Database, box: tuple[Box, int]
) -> None:
    with sqlite_database.writing() as uow:
        person = Person(email="wang@lab.example", name="王工", language="en")
        uow.session.add(person)
        uow.flush()
        links.issue(uow, "secret", Purpose.EMAIL, "new@lab.example", person_id=person.id,
                    facts={"scope": "x", "old": "wang@lab.example"})  # fmt: skip
        row = uow.session.exec(select(OneTimeToken)).one()
        person.email = "new@lab.example"
        uow.session.add(person)
        key, link = person.id or 0, row.id
    sender = mailer(box[1])
    for what in account.CHANGES:
        of_link = link if what == "address_changed" else None
        sender.follow(sqlite_database, [AccountChanged(key, what, clock.now(), of_link)])
    letters = box[0].letters
    assert len(letters) == len(account.CHANGES)
    for what, letter in zip(account.CHANGES, letters, strict=True):
        old = what == "address_changed"
        assert letter["To"] == ("wang@lab.example" if old else "new@lab.example")
        zh, en = account.CHANGES[what]
        subject = str(make_header(decode_header(letter["Subject"])))
        assert " ".join(subject.split()) == f"OE+ Collab: {en}"
        assert zh in body(letter)
        assert body(letter).index(en) < body(letter).index(zh)
        assert "https://collab.example/reset" in body(letter)
        assert "{" not in body(letter)
    with sqlite_database.writing() as uow:
        gone = uow.session.get(Person, key)
        assert gone is not None
        gone.erased_at = clock.now()
        uow.session.add(gone)
    sender.follow(sqlite_database, [AccountChanged(key, "password_changed", clock.now())])
    assert len(box[0].letters) == len(letters), "who is erased is not written to"


def test_a_link_of_nobody_is_never_sent(sqlite_database: Database, box: tuple[Box, int]) -> None:
    with sqlite_database.writing() as uow:
        recovery.ask_for_reset(uow, "nobody@lab.example", "secret")
    with sqlite_database.reading() as uow:
        row = uow.session.exec(select(OneTimeToken)).one()
        path = links.path_of(row, "secret")
    mailer(box[1]).follow(sqlite_database, [LinkIssued(row.id or 0)])
    assert box[0].letters == []
    with sqlite_database.reading() as uow, pytest.raises(Rejected):
        recovery.reset_link(uow, path.rpartition("/")[2])


def forged(folder: Path) -> ssl.SSLContext:
    """A certificate for this machine that nobody has vouched for."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = clock.now()
    made = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name)
        .public_key(key.public_key()).serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName(
            [x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    pem = folder / "pair.pem"
    pem.write_bytes(made.public_bytes(Encoding.PEM) + key.private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))  # fmt: skip
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    return context


@pytest.mark.parametrize("way", ["starttls", "none"])
def test_a_mail_server_that_cannot_prove_its_name_gets_no_letter(tmp_path: Path, way: str) -> None:
    kept = Box()
    context = forged(tmp_path)
    port = free_port()
    controller = Controller(kept, hostname="127.0.0.1", port=port, tls_context=context)
    controller.start()
    try:
        settings = Settings(smtp_host="127.0.0.1", smtp_port=port, smtp_tls=way,
                            smtp_from="collab@alliance.example")  # fmt: skip
        letter = Letter("li@lab.example", "s", "t", "once")
        if way == "none":
            Mailer(settings, "secret").send(letter)
        else:
            with pytest.raises(ssl.SSLCertVerificationError):
                Mailer(settings, "secret").send(letter)
    finally:
        controller.stop()
    assert len(kept.letters) == (1 if way == "none" else 0)


def test_the_head_of_the_record_leaves_by_mail_each_day_and_checks_the_record(
    database: Database, box: tuple[Box, int], tmp_path: Path
) -> None:
    kept, port = box
    settings = Settings(
        smtp_host="127.0.0.1", smtp_port=port, smtp_tls="none",
        smtp_from="collab@alliance.example", audit_mail="keeper@far.example",
    )  # fmt: skip
    for number in range(3):
        with database.writing() as uow:
            uow.note(Actor(person_id=number), "did", "thing", str(number))
    day = DayBegan(date(2026, 11, 28))
    silent = Settings(smtp_host="127.0.0.1", smtp_port=port, smtp_tls="none")
    AnchorMail(silent, Mailer(silent, "secret")).follow(database, [day])
    assert kept.letters == [], "nobody is named"
    AnchorMail(settings, Mailer(settings, "secret")).follow(database, [day])
    assert [letter["To"] for letter in kept.letters] == ["keeper@far.example"]
    words = kept.letters[0].get_payload(decode=True).decode()  # type: ignore[union-attr]
    line = next(row for row in words.splitlines() if row.startswith("{"))
    file = tmp_path / "kept.jsonl"
    file.write_text(line, "utf-8")
    assert audit_reading.broken(database, file) == []
    with database.engine.begin() as connection:  # the end is cut off, and the head put right
        if database.is_sqlite:
            connection.exec_driver_sql("DROP TRIGGER tr_activity_no_delete")
        else:
            connection.exec_driver_sql("SET LOCAL session_replication_role = replica")
        connection.exec_driver_sql("DELETE FROM activity WHERE sequence = 3")
        sealed = connection.exec_driver_sql("SELECT hash FROM activity WHERE sequence = 2").scalar()
        connection.exec_driver_sql(f"UPDATE activity_head SET sequence = 2, hash = '{sealed}'")
    assert audit_reading.broken(database) == [], "only the letter can tell"
    assert [(b.sequence, b.code) for b in audit_reading.broken(database, file)] == [(3, "anchor")]
