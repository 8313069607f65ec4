"""Files beside needs: who learns of them, what is taken, how they leave, what becomes of them."""

from __future__ import annotations

import base64
import io
import re
import stat
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from sqlmodel import select

from collab import tables
from collab.files import service
from collab.files.models import Attachment, FileRelease, StoredFile
from collab.files.scanning import Scanner
from collab.kernel import clock
from collab.needs.models import NeedRead
from collab.storage import backup
from collab.storage.models import Activity
from tests.site import CAST, Site, csrf, open_site
from tests.surfaces import said
from tests.unit.test_files_rules import CONTENTS
from tests.web.test_commands import run
from tests.web.test_disclosure_in_time import accepted, moved

PDF = CONTENTS["pdf"][0]
NAME = "鹮版图 v2.pdf"


def send(
    site: Site, key: str, who: str = "owner", name: str = NAME, data: bytes = PDF, **more: str
):  # type: ignore[no-untyped-def]
    """A file sent through the form of a need's page."""
    client = site.browser(who)
    form = {"file": (io.BytesIO(data), name), "csrf_token": csrf(client), **more}
    return client.post(f"/needs/{key}/files?lang=zh", data=form,
                       content_type="multipart/form-data")  # fmt: skip


def file_key(site: Site) -> str:
    """The public id of the latest file."""
    with site.database.reading() as uow:
        return uow.session.exec(select(Attachment)).all()[-1].public_id


def release(site: Site, file: str, house: str, on: str = "1", who: str = "owner") -> int:
    """Open a file to a house, or take it back."""
    form = {"organisation": site.organisations[house], "on": on}
    return site.post(f"/files/{file}/release", who, form).status_code


def on_disk(site: Site) -> list[Path]:
    """Every content that lies there."""
    return [p for p in site.platform.files.blobs.root.rglob("*") if p.is_file()]


OUTSIDERS = ("visitor", *(w for w, *_ in CAST if w not in ("owner", "member")))


def test_nobody_learns_of_a_file_before_it_is_released(bare: Site) -> None:
    key = bare.published("members", title="有附件的需求")
    accepted(bare, key)
    bare.settle()
    readers = ("visitor", "other", "invited", "coordinator", "secretariat", "suspended")
    for who in readers:
        bare.get("/help", who)  # what an earlier act flashed is gone
    before = {who: said(bare, who, words=("鹮",)) for who in readers}
    page = {who: bare.get(f"/needs/{key}", who).text for who in readers}
    assert send(bare, key).status_code == 302
    file = file_key(bare)
    bare.settle()
    for who in readers:
        after = said(bare, who, words=("鹮",))
        # what one did oneself grows with every look at the record
        own = ("/audit", "/account/data")
        told = {p for p in after if before[who][p] != after[p] and not p.startswith(own)}
        assert told == set(), (who, told)
        assert file not in after["/audit"] + after["/audit/export.csv"]
        assert strip(bare.get(f"/needs/{key}", who).text) == strip(page[who]), who
    for who in OUTSIDERS:
        unknown, hidden = "/files/file-0000000000", f"/files/{file}"
        answers = [bare.get(path, who) for path in (unknown, hidden)]
        assert (
            answers[0].status_code == answers[1].status_code == (302 if who == "visitor" else 404)
        )
        assert strip(answers[0].text) == strip(answers[1].text.replace(file, "file-0000000000"))
        for path in (f"{hidden}/release", f"{hidden}/remove"):
            if who != "visitor":
                assert bare.post(path, who, {"on": "1"}).status_code == 404
        listed = bare.get(f"/api/v1/needs/{key}/files", who)
        assert listed.status_code in (401, 404) or listed.json == {"items": []}
    for who in ("owner", "member"):
        assert bare.get(f"/files/{file}", who).data == PDF
        assert NAME in bare.get(f"/needs/{key}", who).text


def strip(text: str) -> str:
    """A page without its form tokens and without the other language's address."""
    return re.sub(r"[\w-]{20,}\.[\w-]{6}\.[\w-]{20,}|next=[^\"&]*", "", text)


def test_a_released_file_is_read_by_that_party_alone_and_only_while_the_deal_stands(
    bare: Site,
) -> None:
    key = bare.published("anonymous", title="匿名的需求")
    path = accepted(bare, key)
    accepted_by_gamma = accepted(bare, key, "invited", "gamma")
    assert accepted_by_gamma
    send(bare, key)
    file = file_key(bare)
    assert release(bare, file, "delta") == 422, "not a party"
    assert release(bare, file, "alpha") == 422, "not the other side"
    assert release(bare, file, "beta") == 302
    assert bare.get(f"/files/{file}", "other").data == PDF
    assert bare.get(f"/api/v1/files/{file}/content", "other").data == PDF
    assert NAME in bare.get(f"/needs/{key}", "other").text
    items = bare.get(f"/api/v1/needs/{key}/files", "other").json["items"]
    assert [(i["name"], i["size"], i["released_to"]) for i in items] == [(NAME, len(PDF), None)]
    for who in ("invited", "secretariat", "coordinator"):
        assert bare.get(f"/files/{file}", who).status_code == 404
        assert NAME not in bare.get(f"/needs/{key}", who).text
    assert bare.post(f"/files/{file}/remove", "other").status_code == 403, "not the own one"
    assert release(bare, file, "beta", on="0") == 302
    assert bare.get(f"/files/{file}", "other").status_code == 404
    assert release(bare, file, "beta") == 302
    assert bare.get(f"/files/{file}", "other").status_code == 200
    assert bare.post(path, "other", {"state": "withdrawn"}).status_code == 302
    assert bare.get(f"/files/{file}", "other").status_code == 404, "the deal is over"
    assert NAME not in bare.get(f"/needs/{key}", "other").text


def test_a_party_sends_files_to_the_owner_and_an_onlooker_sends_none(bare: Site) -> None:
    key = bare.published("members")
    assert send(bare, key, "other").status_code == 403, "not before acceptance"
    accepted(bare, key)
    assert send(bare, key, "other", "报价.txt", "三十万元".encode()).status_code == 302
    file = file_key(bare)
    assert bare.get(f"/files/{file}", "owner").status_code == 404, "not before it is released"
    assert release(bare, file, "alpha", who="other") == 302
    assert bare.get(f"/files/{file}", "owner").text == "三十万元"
    assert send(bare, key, "invited").status_code == 403
    assert send(bare, key, "suspended").status_code == 404
    assert send(bare, key, "visitor").status_code == 302
    assert len(on_disk(bare)) == 1, "bytes of strangers are not kept"


def test_own_files_are_found_and_removed_after_the_need_has_closed_to_the_party(
    bare: Site,
) -> None:
    key = bare.published("members", title="受邀的秘密需求")
    path = accepted(bare, key)
    send(bare, key, "other", "报价.txt", "三十万元".encode())
    file = file_key(bare)
    assert "受邀的秘密需求" in bare.get("/files?lang=zh", "other").text
    assert bare.post(path, "other", {"state": "withdrawn"}).status_code == 302
    narrowed = {
        "disclosure": "invited",
        "invited": bare.organisations["gamma"],
        "act": "disclosure",
    }
    assert bare.post(f"/needs/{key}/publish", "owner", narrowed).status_code == 302
    assert bare.get(f"/needs/{key}", "other").status_code == 404
    listed = bare.get("/files?lang=zh", "other").text
    assert ("报价.txt" in listed, "不再对贵单位开放" in listed) == (True, True)
    assert "受邀的秘密需求" not in listed
    assert key not in listed
    for who in ("owner", "member", "invited", "secretariat", "coordinator"):
        assert "报价.txt" not in bare.get("/files", who).text, who
        assert bare.get(f"/files/{file}/remove", who).status_code == 404, who
    asked = bare.get(f"/files/{file}/remove?lang=zh", "other").text
    assert ("不能恢复" in asked, key in asked) == (True, False)
    assert bare.get(f"/files/{file}", "other").status_code == 200, "asking removes nothing"
    done = bare.post(f"/files/{file}/remove", "other")
    assert (done.status_code, done.headers["Location"]) == (302, "/files")
    assert "报价.txt" not in bare.get("/files", "other").text
    assert bare.get(f"/files/{file}", "other").status_code == 404


def test_removing_is_asked_on_a_page_of_its_own(bare: Site) -> None:
    key = bare.published("members")
    send(bare, key)
    file = file_key(bare)
    page = bare.get(f"/needs/{key}", "owner").text
    assert f'href="/files/{file}/remove"' in page
    assert f'action="/files/{file}/remove"' not in page, "no button that removes at once"
    assert f'action="/files/{file}/remove"' in bare.get(f"/files/{file}/remove", "owner").text
    done = bare.post(f"/files/{file}/remove", "owner")
    assert (done.status_code, done.headers["Location"]) == (302, f"/needs/{key}#files")


def test_who_reads_a_file_is_on_the_owners_record(bare: Site) -> None:
    key = bare.published("members")
    accepted(bare, key)
    send(bare, key)
    file = file_key(bare)
    release(bare, file, "beta")
    bare.get(f"/files/{file}", "owner")
    bare.get(f"/files/{file}", "other")
    bare.get(f"/api/v1/files/{file}/content", "other")
    with bare.database.reading() as uow:
        reads = [(r.person_id, r.channel) for r in uow.session.exec(select(NeedRead)).all()]
        acts = [a.action for a in uow.session.exec(select(Activity)).all() if a.kind == "file"]
    assert reads == [(bare.people["other"], "file")] * 2
    assert acts == ["added", "released", "read", "read"]
    assert "文件下载" in bare.get(f"/needs/{key}?lang=zh", "owner").text


def test_a_file_leaves_as_an_attachment_that_can_do_nothing(bare: Site) -> None:
    key = bare.published("members")
    name = 'a"\r\nX-Evil: 1;\u202e鹮.pdf'
    found = bare.platform
    service.attach(found.database, bare.actor("owner"), found.files, key, "", (name, PDF))
    answer = bare.get(f"/files/{file_key(bare)}", "owner")
    assert answer.headers["Content-Disposition"].startswith("attachment; filename*=UTF-8''a")
    assert "X-Evil" not in answer.headers
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Content-Security-Policy"].startswith("sandbox; default-src 'none'")
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.content_type == "application/pdf"
    send(bare, key, name="x.csv", data=b"=cmd|' /C calc'!A0,1\n")
    assert bare.get(f"/files/{file_key(bare)}", "owner").content_type.startswith("text/plain")


REFUSED = {
    "html as text": ("a.txt", CONTENTS["html"][0], "file_not_what_it_says"),
    "program as pdf": ("a.pdf", CONTENTS["program"][0], "file_not_what_it_says"),
    "macros": ("a.xlsx", CONTENTS["macros"][0], "file_not_what_it_says"),
    "page": ("a.html", CONTENTS["html"][0], "file_kind"),
    "two extensions": ("a.pdf.exe", PDF, "file_kind"),
    "archive": ("a.zip", CONTENTS["zip"][0], "file_kind"),
    "empty": ("a.pdf", b"", "file_empty"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_not_taken_is_refused_in_words_and_nothing_is_kept(bare: Site, name: str) -> None:
    key = bare.published("members")
    called, data, code = REFUSED[name]
    for language, word in (("zh", "文件"), ("en", "file")):
        client = bare.browser("owner")
        form = {"file": (io.BytesIO(data), called), "csrf_token": csrf(client)}
        answer = client.post(f"/needs/{key}/files?lang={language}", data=form)
        assert answer.status_code == 422
        assert word in answer.text
        at_field = re.search(r'<p class="oe-field-error" id="file-error">([^<]+)</p>', answer.text)
        assert at_field, "the form again, with the message at its field"
        assert re.search(r'name="file"[^>]*aria-invalid="true"', answer.text)
        assert f'href="/needs/{key}#files"' in answer.text
    assert (
        'id="file-error"'
        in client.post(f"/needs/{key}/files", data={"csrf_token": csrf(client)}).text
    ), "nothing sent"
    body = {"name": called, "content": base64.b64encode(data).decode()}
    client = bare.browser("owner")
    if data:
        answer = client.post(f"/api/v1/needs/{key}/files", json=body,
                             headers={"X-CSRFToken": csrf(client)})  # fmt: skip
        assert [e["code"] for e in answer.json["errors"]] == [code]
    assert on_disk(bare) == []
    assert bare.get(f"/api/v1/needs/{key}/files", "owner").json == {"items": []}
    assert send(bare, key).status_code == 302, "the same form takes what is right"


def test_sizes_counts_and_quotas_hold(bare_template: Path, tmp_path: Path) -> None:
    import shutil

    from tests.site import people

    shutil.copytree(bare_template, tmp_path, dirs_exist_ok=True)
    site = open_site(tmp_path, file_max_bytes=4096, file_max_count=2, file_quota_bytes=6000)
    people(site)
    key, other = site.published("members"), site.published("members")
    assert send(site, key, data=PDF + b"\0" * 4097).status_code == 422
    assert send(site, key, data=PDF + b"\0" * 80_000).status_code == 413
    assert send(site, key, data=PDF + b"\0" * 2000).status_code == 302
    assert send(site, key).status_code == 302
    full = send(site, key)
    assert (full.status_code, "最多 2 个文件" in full.text) == (422, True)
    assert send(site, other, data=PDF + b"\0" * 4000).status_code == 422, "quota"
    assert send(site, other).status_code == 302, "another need, and still room"
    site.database.close()


def test_equal_contents_are_kept_once_and_go_with_the_last_file(bare: Site) -> None:
    key = bare.published("members")
    files = []
    for name in ("a.pdf", "b.pdf"):
        assert send(bare, key, name=name).status_code == 302
        files.append(file_key(bare))
    kept = on_disk(bare)
    assert len(kept) == 1
    assert stat.S_IMODE(kept[0].stat().st_mode) == 0o600
    assert stat.S_IMODE(kept[0].parent.stat().st_mode) == 0o700
    blobs = bare.platform.files.blobs
    later = clock.now()
    for number, file in enumerate(files):
        assert bare.post(f"/files/{file}/remove", "owner").status_code == 302
        assert bare.get(f"/files/{file}", "owner").status_code == 404
        for _ in range(2):  # marked, and a day later removed
            with clock.frozen(later := later + timedelta(days=2)):
                service.sweep(bare.database, blobs)
        assert len(on_disk(bare)) == 1 - number
    with bare.database.reading() as uow:
        assert uow.session.exec(select(StoredFile)).all() == []


def test_a_content_asked_for_again_before_the_sweep_stays(bare: Site) -> None:
    key = bare.published("members")
    send(bare, key)
    assert bare.post(f"/files/{file_key(bare)}/remove", "owner").status_code == 302
    blobs = bare.platform.files.blobs
    service.sweep(bare.database, blobs)
    send(bare, key)
    with clock.frozen(clock.now() + timedelta(days=3)):
        service.sweep(bare.database, blobs)
    assert bare.get(f"/files/{file_key(bare)}", "owner").data == PDF


def test_files_go_with_their_need_and_strays_with_the_sweep(bare: Site) -> None:
    from collab.needs.models import Need

    key = bare.published("members")
    send(bare, key)
    blobs = bare.platform.files.blobs
    blobs.stage(b"a process was killed here")
    blobs.place(blobs.stage(b"and here, before its row was committed"))
    assert len(on_disk(bare)) == 3
    with bare.database.writing() as uow:
        for row in uow.session.exec(select(Need)).all():
            uow.session.delete(row)
    with bare.database.reading() as uow:
        assert uow.session.exec(select(Attachment)).all() == []
        assert uow.session.exec(select(FileRelease)).all() == []
    for days in (2, 4):
        with clock.frozen(clock.now() + timedelta(days=days)):
            service.sweep(bare.database, blobs)
    assert on_disk(bare) == []


def test_a_refused_row_keeps_no_draft_and_a_changed_content_is_not_served(bare: Site) -> None:
    key = bare.published("members")
    send(bare, key)
    content = on_disk(bare)[0]
    content.write_bytes(b"changed by somebody")
    assert bare.get(f"/files/{file_key(bare)}", "owner").status_code == 409
    content.unlink()
    assert bare.get(f"/files/{file_key(bare)}", "owner").status_code == 409
    assert send(bare, key).status_code == 302, "sent again, it is there again"
    assert bare.get(f"/files/{file_key(bare)}", "owner").data == PDF


SCANNER = (
    "import sys\ndata = open(sys.argv[1], 'rb').read()\n"
    "print(sys.argv[1] + ': Eicar-Test FOUND')\n"
    "sys.exit(1 if b'EICAR' in data else 2 if b'BROKEN' in data else 0)\n"
)


def test_a_file_opens_to_nobody_before_the_scanner_has_passed_it(
    bare_template: Path, tmp_path: Path
) -> None:
    import shutil

    from tests.site import people

    program = tmp_path / "scan with blanks.py"
    program.write_text(SCANNER, "utf-8")
    shutil.copytree(bare_template, tmp_path / "data")
    command = f"{sys.executable} '{program}'"
    site = open_site(tmp_path / "data", file_scan_command=command)
    people(site)
    key = site.published("members")
    states = {}
    for word in (b"good", b"EICAR", b"BROKEN", b"$(touch pwned)"):
        send(site, key, data=PDF + word, name=f"{word.decode()}.pdf")
        states[word] = file_key(site)
        waiting = site.get(f"/files/{states[word]}?lang=en", "owner")
        assert (waiting.status_code, "being checked" in waiting.text) == (409, True)
    site.settle()
    assert site.get(f"/files/{states[b'good']}", "owner").status_code == 200
    refused = site.get(f"/files/{states[b'EICAR']}", "owner")
    assert refused.status_code == 409
    assert site.get(f"/files/{states[b'BROKEN']}", "owner").status_code == 409
    with site.database.reading() as uow:
        rows = {r.public_id: r for r in uow.session.exec(select(Attachment)).all()}
        acts = [a.after for a in uow.session.exec(select(Activity)).all() if a.action == "scanned"]
    assert rows[states[b"EICAR"]].finding == "Eicar-Test FOUND"
    assert rows[states[b"BROKEN"]].state == "waiting", "tried again later"
    assert len(acts) == 3
    site.database.close()


def test_a_scan_that_takes_too_long_leaves_the_file_closed(bare: Site) -> None:
    from collab.files.scanning import ScanFailed
    from collab.kernel.happened import FileStored

    key = bare.published("members")
    send(bare, key)
    with bare.database.writing() as uow:
        row = uow.session.exec(select(Attachment)).one()
        row.state = "waiting"  # type: ignore[assignment]
        uow.session.add(row)
        number = row.id or 0
    slow = Scanner(
        bare.platform.files.blobs, f"{sys.executable} -c 'import time; time.sleep(60)'", 1
    )
    with pytest.raises(ScanFailed):
        slow.follow(bare.database, [FileStored(number)])
    assert bare.get(f"/files/{file_key(bare)}", "owner").status_code == 409


def test_a_file_opens_once_a_scanner_that_was_away_is_back(
    bare_template: Path, tmp_path: Path
) -> None:
    import shutil

    from tests.site import people

    back = tmp_path / "back"
    shutil.copytree(bare_template, tmp_path / "data")
    command = f"sh -c 'test -e \"{back}\" || exit 2'"
    site = open_site(tmp_path / "data", file_scan_command=command)
    people(site)
    for hours in (2, 40):  # still asked for, and given up
        back.unlink(missing_ok=True)
        send(site, site.published("members"))
        file = file_key(site)
        with site.database.reading() as uow:
            stored_at = uow.session.exec(select(Attachment)).all()[-1].created_at
        for quarter in range(0, hours * 4, 1):
            with clock.frozen(stored_at + timedelta(minutes=15 * quarter)):
                site.platform.worker.settle()
        assert site.get(f"/files/{file}", "owner").status_code == 409
        back.touch()
        with clock.frozen(stored_at + timedelta(hours=hours, minutes=15)):
            site.platform.worker.settle()
        if hours == 40:
            with clock.frozen(stored_at + timedelta(hours=72)):
                site.platform.worker.settle()
        assert site.get(f"/files/{file}", "owner").data == PDF, hours
    site.database.close()


def test_a_backup_holds_the_files_and_goes_on_without_a_lost_one(
    bare: Site, tmp_path: Path
) -> None:
    key = bare.published("members")
    send(bare, key)
    file, blobs = file_key(bare), bare.platform.files.blobs
    target = tmp_path / "backup.zip"
    made = backup.back_up(bare.database, target, tables.metadata, blobs)
    assert (made.files, made.lost) == (1, ())
    assert run(bare, "backup", str(target)).exit_code == 0
    on_disk(bare)[0].unlink()
    assert bare.get(f"/files/{file}", "owner").status_code == 409
    send(bare, key, name="kept.txt", data=b"kept")
    kept, again = file_key(bare), tmp_path / "again.zip"
    made = backup.back_up(bare.database, again, tables.metadata, blobs)
    named = [(one.file, one.organisation) for one in made.lost]
    assert (made.files, named) == (1, [(file, bare.organisations["alpha"])])
    assert backup.verify(again) == made
    told = run(bare, "backup", str(tmp_path / "told.zip"))
    assert (told.exit_code, f"lost\t{file}\t{named[0][1]}" in told.stdout) == (3, True)
    on_disk(bare)[0].unlink()
    backup.restore(bare.database, again, tables.metadata, replace=True, blobs=blobs)
    assert bare.get(f"/files/{kept}", "owner").data == b"kept"
    assert bare.get(f"/files/{file}", "owner").status_code == 409, "lost stays lost"
    backup.restore(bare.database, target, tables.metadata, replace=True, blobs=blobs)
    assert bare.get(f"/files/{file}", "owner").data == PDF
    broken = target.read_bytes().replace(PDF, PDF[:-1] + b"!")
    target.write_bytes(broken)
    with pytest.raises(backup.BadBackup):
        backup.verify(target)


def test_files_of_a_suspended_member_stay_with_the_parties_alone(bare: Site) -> None:
    key = bare.published("members")
    accepted(bare, key)
    send(bare, key)
    file = file_key(bare)
    release(bare, file, "beta")
    moved(bare, "alpha", "suspended", 1)
    assert bare.get(f"/files/{file}", "other").data == PDF
    for who in ("owner", "invited", "secretariat"):
        assert bare.get(f"/files/{file}", who).status_code == 404
