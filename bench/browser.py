"""The network page in headless Chromium: until it is drawn, and frames a second while it moves."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bench import network_data
from collab.importing import seeding
from collab.importing.demo_seeding import seed_demo
from collab.kernel import clock
from collab.storage import migrate
from collab.storage.database import Database

Record = dict[str, Any]
ROOT = Path(__file__).resolve().parents[1]
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
# software canvas on purpose: an accelerated one without a graphics card is ten times slower
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]
SECONDS, FRAMES, VISITS = {"real": 1.5, "design": 1.5, "large": 4.0}, 25.0, 3
PAN = (Path(__file__).parent / "browser_pan.js").read_text("utf-8").rstrip().rstrip(";")
ZOOM = "() => document.querySelector('[data-net-act=in]').click()"
PAINTED = "() => Number(document.querySelector('[data-network]').dataset.frames || 0)"
LARGEST = """async () => {
  const { regions } = await (await fetch('/network/data')).json();
  const outer = new Set(regions.map((r) => r.parent));
  const inner = regions.filter((r) => r.url && !outer.has(r.key));
  return inner.sort((a, b) => b.count - a.count)[0].url;
}"""


def chromium() -> str | None:
    """CHROMIUM when that is set, else the first browser found."""
    wanted = os.environ.get("CHROMIUM", "")
    return wanted or next((found for name in NAMES if (found := shutil.which(name))), None)


def _real(url: str, folder: Path) -> None:
    migrate.upgrade(url)
    database = Database(url)
    with database.writing() as uow:
        seeding.seed(uow)
        seed_demo(uow, clock.today(), folder)
    database.close()


SETS: dict[str, tuple[str, Callable[[str, Path], None]]] = {
    "real": ("shipped data", _real),
    "design": ("600 organisations, 2400 ties", lambda url, _: network_data.make(url, 600, 2_400)),
    "large": ("5000 organisations, 20000 ties",
              lambda url, _: network_data.make(url, 5_000, 20_000)),
}  # fmt: skip


@contextmanager
def served(name: str) -> Iterator[str]:
    """The application in a process of its own on a set of data; its address."""
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{Path(folder) / 'collab.db'}"
        SETS[name][1](url, Path(folder))
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        command = [
            sys.executable,
            "-m",
            "flask",
            "--app",
            "app:create_served_app",
            "run",
            "--port",
            str(port),
        ]
        env = {**os.environ, "DATA_DIR": folder, "DATABASE_URL": url, "SEED_DEMO": "0"}
        server = subprocess.Popen(
            command, cwd=ROOT, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        try:
            base = f"http://127.0.0.1:{port}"
            _wait(f"{base}/healthz")
            yield base
        finally:
            server.terminate()
            server.wait(10)


def _wait(address: str) -> None:
    for _ in range(300):
        try:
            with urllib.request.urlopen(address, timeout=2):
                return
        except OSError:
            time.sleep(0.1)
    raise RuntimeError(f"{address} does not answer")


def _drawn(page: Any, address: str) -> float:
    """Seconds from the start of navigation until the picture is painted and answers a zoom."""
    begun = time.perf_counter()
    page.goto(address, wait_until="commit")
    page.wait_for_selector("[data-network][data-drawn]")
    before = page.evaluate(PAINTED)
    page.evaluate(ZOOM)
    while page.evaluate(PAINTED) <= before:
        page.wait_for_timeout(5)
    return time.perf_counter() - begun


def _measured(name: str, browser: Any) -> Iterator[Record]:
    on, goal = SETS[name][0], SECONDS[name]
    with served(name) as base:
        page = browser.new_page(viewport={"width": 1440, "height": 900})
        first = _drawn(page, f"{base}/network")
        yield _row("first visit after a start", first, "s", on, f"<= {goal}")
        later = min(_drawn(page, f"{base}/network") for _ in range(VISITS))
        yield _row("drawn and zoomable", later, "s", on, f"<= {goal}")
        views = {"regions": "/network", "largest region opened": page.evaluate(LARGEST),
                 "all organisations": "/network?view=organisations"}  # fmt: skip
        for view, address in views.items():
            taken = _drawn(page, f"{base}{address}")
            page.wait_for_timeout(600)
            page.evaluate(PAN)
            found = page.evaluate(PAN)
            view = f"{view} ({found['what']})"
            yield _row(f"{view}, drawn", taken, "s", on, f"<= {goal}")
            yield _row(f"{view}, panning", found["shown"], "frames/s", on, f">= {FRAMES:.0f}")
            yield _row(f"{view}, slowest frame", found["slowest"], "ms", on, "")
        page.close()


def _row(name: str, value: float, unit: str, on: str, goal: str) -> Record:
    return {"name": f"network in Chromium: {name}", "value": round(value, 2), "unit": unit,
            "set": on, "goal": goal}  # fmt: skip


def run() -> Iterator[Record]:
    """Every figure of this bench; says loudly that there are none without a browser."""
    path = chromium()
    if path is None:
        print(
            "NOT MEASURED: no Chromium (set CHROMIUM): the network page in a browser",
            file=sys.stderr,
        )
        yield {"name": "network in Chromium", "value": "NOT MEASURED: no Chromium", "unit": ""}
        return
    from playwright.sync_api import sync_playwright

    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=path, args=ARGUMENTS)
        for name in SETS:
            yield from _measured(name, browser)
        browser.close()
