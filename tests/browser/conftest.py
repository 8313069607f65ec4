"""A browser over the site as shipped; without Chromium the tests are skipped, in CI they fail."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, sync_playwright
from werkzeug.serving import make_server

from tests.site import Site, bare, bare_template, shipped_template, site

__all__ = ["bare", "bare_template", "shipped_template", "site"]
CHROMIUM = Path("/usr/bin/chromium")
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]


@dataclass(frozen=True, slots=True)
class Looking:
    """The site at an address, a browser, and the cookie of a signed-in person."""

    site: Site
    browser: Browser
    base: str

    @property
    def name(self) -> str:
        """The name of the session's cookie."""
        return str(self.site.app.config["SESSION_COOKIE_NAME"])

    def window(self, who: str, **more: object) -> BrowserContext:
        """A browser window of a person, `who` as in tests/site.py."""
        context = self.browser.new_context(bypass_csp=True, reduced_motion="reduce", **more)  # type: ignore[arg-type]
        if who != "visitor":
            held = self.site.browser(who).get_cookie(self.name)
            assert held is not None
            context.add_cookies([{"name": self.name, "value": held.value, "url": self.base}])
        return context


@pytest.fixture
def looking(site: Site) -> Iterator[Looking]:
    """The site served from a thread, and Chromium."""
    if not CHROMIUM.exists():
        message = "NO BROWSER: apt-get install chromium fonts-noto-cjk; pages were not looked at"
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(message)
    server = make_server("127.0.0.1", 0, site.app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=str(CHROMIUM), args=ARGUMENTS)
        yield Looking(site, browser, f"http://127.0.0.1:{server.server_port}")
        browser.close()
    server.shutdown()
    thread.join()
