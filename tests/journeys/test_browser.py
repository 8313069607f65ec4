"""Every page in a real browser: no errors, nothing leaves the machine, usable by everybody."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, sync_playwright
from werkzeug.serving import make_server

from tests.browser_found import chromium
from tests.site import PASSWORD, SOI, Site, copied

pytestmark = pytest.mark.browser
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking",
             "--disable-component-update", "--disable-default-apps", "--disable-sync",
             "--no-first-run"]  # fmt: skip
AXE = Path(__file__).resolve().parents[2] / "node_modules" / "axe-core" / "axe.min.js"
OPEN = ("/", "/sign-in/organisation", "/capabilities", "/organisations", "/needs", "/needs/new",
        "/runs", "/network", "/search?q=EBL", "/search?q=zzzz", "/sign-in", "/help",
        "/help/matching", "/api/docs",
        "/nothing-here")  # fmt: skip
OWN = (
    "/needs/mine",
    "/my-organisation",
    "/notices",
    "/account",
    "/account/security",
    "/account/address",
    "/account/second-factor",
    "/capabilities/new",
)


@pytest.fixture(scope="module")
def served(
    shipped_template: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Site, str]]:
    """The shipped site behind a real port, with its worker's work done."""
    site = copied(shipped_template, tmp_path_factory.mktemp("served"))
    server = make_server("127.0.0.1", 0, site.app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield site, f"http://127.0.0.1:{server.port}"
    server.shutdown()
    thread.join(10)
    server.server_close()
    site.database.close()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One Chromium for all."""
    path = chromium()
    if path is None:
        pytest.skip("no Chromium")
    with sync_playwright() as play:
        opened = play.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield opened
        opened.close()


def watched(page: Page, base: str) -> list[str]:
    """What goes wrong on the page from now on."""
    faults: list[str] = []

    def said(message: Any) -> None:
        missing = "404" in message.text and "Failed to load resource" in message.text
        if message.type == "error" and not missing:
            faults.append(message.text)

    def asked(request: Any) -> None:
        if not request.url.startswith((base, "data:", "blob:")):
            faults.append(f"left the machine: {request.url}")

    page.on("console", said)
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("request", asked)
    return faults


def sign_in(page: Page, base: str, email: str) -> None:
    """Sign in as people do."""
    page.goto(f"{base}/sign-in")
    page.fill('input[name="email"]', email)
    page.fill('input[name="password"]', PASSWORD)
    page.click('form button:has-text("登录"), form button:has-text("Sign in")')
    page.wait_for_url(lambda address: "/sign-in" not in address)
    page.wait_for_load_state()


def serious(page: Page) -> list[str]:
    """Serious and critical findings of axe."""
    if not AXE.is_file():
        return []
    page.evaluate(AXE.read_text("utf-8"))
    found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    return [
        f"{v['id']}: {v['nodes'][0]['target']}"
        for v in found["violations"]
        if v["impact"] in ("serious", "critical")
    ]


# tests/browser looks at zh 1440 and en 390; these are the other two
@pytest.mark.parametrize(("width", "language"), [(390, "zh"), (1440, "en")])
def test_every_page_is_sound(
    served: tuple[Site, str], browser: Browser, width: int, language: str
) -> None:
    site, base = served
    key = site.published("members") if not hasattr(site, "shown") else site.shown
    site.shown = key  # type: ignore[attr-defined]
    context = browser.new_context(viewport={"width": width, "height": 900}, bypass_csp=True,
                                  reduced_motion="reduce")  # fmt: skip
    page = context.new_page()
    faults = watched(page, base)
    wrong: list[str] = []

    def visit(path: str) -> None:
        joint = "&" if "?" in path else "?"
        page.goto(f"{base}{path}{joint}lang={language}", wait_until="load")
        page.wait_for_timeout(150)
        if path != "/api/docs":  # that page is drawn by a library, its contrast is not ours
            wrong.extend(f"{path}: {fault}" for fault in serious(page))
        wide = page.evaluate("document.documentElement.scrollWidth")
        if wide > width:
            wrong.append(f"{path}: {wide} px wide")
        wrong.extend(f"{path}: {fault}" for fault in faults)
        faults.clear()

    for path in OPEN:
        visit(path)
    first = page.goto(f"{base}/capabilities")
    assert first is not None
    visit(str(page.get_attribute('main a[href^="/capabilities/cap-"]', "href")))
    page.goto(f"{base}/organisations")
    visit(str(page.get_attribute('main a[href^="/organisations/"]', "href")))
    sign_in(page, base, site.emails["owner"])
    for path in (*OWN, f"/needs/{key}", f"/needs/{key}/confirm", f"/needs/{key}/publish"):
        visit(path)
    context.close()
    assert wrong == []


@pytest.mark.parametrize("scripts", [False, True], ids=["without JavaScript", "with JavaScript"])
def test_a_need_goes_from_text_to_answer(
    served: tuple[Site, str], browser: Browser, scripts: bool
) -> None:
    site, base = served
    context = browser.new_context(java_script_enabled=scripts)
    page = context.new_page()
    faults = watched(page, base)
    sign_in(page, base, site.emails["owner"])
    page.goto(f"{base}/needs/new?lang=zh")
    page.fill('textarea[name="text"]', SOI)
    page.click("main form button.btn-primary")
    page.wait_for_url("**/confirm*")
    assert page.locator("main mark").count() >= 5
    page.click('main button[name="go"][value="publish"]')
    page.wait_for_url("**/publish*")
    page.click("main form button.btn-primary")
    page.wait_for_url("**/needs/need-*")
    assert "陕西光电子先导院" in page.locator("main").inner_text()
    context.close()
    assert faults == []
