"""A server killed while people write: the next start has everything that was acknowledged."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from http.cookiejar import CookieJar
from pathlib import Path
from urllib.parse import urlencode

import pytest

from collab.storage import migrate
from tests.site import PASSWORD, Site, copied, open_site

ROOT = Path(__file__).resolve().parents[2]


def free_port() -> int:
    """A port that nobody uses now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def serve(folder: Path, port: int) -> subprocess.Popen[bytes]:
    """The server as `make run` starts it, in a process group of its own."""
    environment = {**os.environ, "DATA_DIR": str(folder), "PORT": str(port), "SEED_DEMO": "0",
                   "FLASK_APP": "app", "SERVER_WORKERS": "1"}  # fmt: skip
    command = [sys.executable, "-m", "flask", "--app", "app", "serve"]
    return subprocess.Popen(command, cwd=ROOT, env=environment, start_new_session=True,
                            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # fmt: skip


def kill(server: subprocess.Popen[bytes]) -> None:
    """As a power cut would."""
    os.killpg(server.pid, signal.SIGKILL)
    server.wait()


class Visitor:
    """A browser without anything."""

    def __init__(self, base: str) -> None:
        self.base = base
        self.open = urllib.request.build_opener(
            urllib.request.HTTPCookieProcessor(CookieJar())
        ).open

    def get(self, path: str) -> str:
        """The page."""
        with self.open(self.base + path, timeout=30) as answer:
            return str(answer.read().decode())

    def post(self, form_at: str, path: str, form: dict[str, str]) -> str:
        """Send a form with the token of its page; where it led."""
        token = re.search(r'name="csrf_token"[^>]*value="([^"]*)"', self.get(form_at))
        assert token
        data = urlencode({**form, "csrf_token": token[1]}).encode()
        with self.open(self.base + path, data=data, timeout=30) as answer:
            return str(answer.geturl())

    def wait(self) -> None:
        """Until the server answers."""
        until = time.monotonic() + 90
        while time.monotonic() < until:
            try:
                self.get("/healthz")
            except (urllib.error.URLError, ConnectionError):
                time.sleep(0.1)
            else:
                return
        raise AssertionError("the server did not start")


@pytest.mark.slow
def test_nothing_acknowledged_is_lost_and_the_index_catches_up(
    bare_template: Path, tmp_path: Path
) -> None:
    site: Site = copied(bare_template, tmp_path)
    house, email = site.organisations["alpha"], site.emails["owner"]
    site.database.close()
    port = free_port()
    promised: list[str] = []
    server = serve(tmp_path, port)
    try:
        visitor = Visitor(f"http://127.0.0.1:{port}")
        visitor.wait()
        visitor.post("/sign-in", "/sign-in", {"email": email, "password": PASSWORD, "next": "/"})
        for number in range(12):
            form = {"text": f"第 {number} 条：需要电子束光刻，10片", "organisation": house}
            led = visitor.post("/needs/new", "/needs/new", form)
            promised.append(re.findall(r"need-\w+", led)[0])
    finally:
        kill(server)
    after = open_site(tmp_path)
    assert after.platform.problems() == []
    assert migrate.current(after.database) == migrate.head()
    with after.database.reading() as uow:
        run = uow.session.connection().exec_driver_sql
        assert run("PRAGMA integrity_check").scalar_one() == "ok"
        assert run("PRAGMA foreign_key_check").fetchall() == []
        kept = {key for (key,) in run("SELECT public_id FROM need")}
    assert set(promised) <= kept
    deadline = time.monotonic() + 60  # the dead worker's lease runs out first
    while not after.platform.search.check().agrees and time.monotonic() < deadline:
        after.settle()
        time.sleep(0.5)
    assert after.platform.search.check().agrees
    after.database.close()
