"""Signing in by an organisation's service in Chromium: the policy and the cookie let it through."""

from __future__ import annotations

import os
import shutil
import threading
from pathlib import Path

import pytest
from playwright.sync_api import sync_playwright
from werkzeug.serving import make_server

from tests.browser.conftest import ARGUMENTS, CHROMIUM
from tests.openid_provider import served
from tests.site import open_site, people
from tests.web.test_openid import entered

pytestmark = pytest.mark.browser


def test_the_way_to_the_service_and_back(bare_template: Path, tmp_path: Path) -> None:
    if not CHROMIUM.exists():
        message = "NO BROWSER: apt-get install chromium fonts-noto-cjk"
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(message)
    shutil.copytree(bare_template, tmp_path, dirs_exist_ok=True)
    site = open_site(tmp_path, oidc_trusted_hosts="127.0.0.1")
    people(site)
    server = make_server("127.0.0.1", 0, site.app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    # another site than the provider's for the browser: SameSite counts
    base = f"http://localhost:{server.server_port}"
    with served() as provider, sync_playwright() as play:
        assert entered(site, provider).status_code == 302
        provider.bend = {"person": {"email": "other@example.net", "email_verified": True}}
        browser = play.chromium.launch(executable_path=str(CHROMIUM), args=ARGUMENTS)
        page = browser.new_page()
        faults: list[str] = []
        page.on("console", lambda m: faults.append(m.text) if "Content Sec" in m.text else None)
        page.goto(f"{base}/sign-in?lang=en&next=/account")
        page.click("a:has-text('Organisation sign-in')")
        page.fill("#email", "other@example.net")
        page.click("button:has-text('Continue')")
        assert "127.0.0.1" in page.locator(".oe-lead").inner_text()
        page.click("main a.btn-primary")
        page.wait_for_url(f"{base}/account")
        assert "Organisation sign-in" in page.locator("#sessions").inner_text()
        assert faults == []
        browser.close()
    server.shutdown()
    thread.join(10)
    server.server_close()
    site.database.close()
