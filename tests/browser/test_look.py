"""Every page fits its width, stays on the machine, and axe-core finds no serious fault."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page

from tests.browser.conftest import Looking
from tests.site import SOI

AXE = Path(__file__).resolve().parents[2] / "node_modules" / "axe-core" / "axe.min.js"
AXE_RUN = "axe.run({resultTypes: ['violations'], runOnly: ['wcag2a', 'wcag2aa', 'wcag21aa']})"
PUBLIC = (
    "/", "/capabilities", "/organisations", "/needs", "/runs", "/network", "/search?q=EBL",
    "/search?q=qqzzxx", "/search", "/needs/new", "/sign-in", "/help/start", "/help/matching",
    "/help/search", "/help/sources", "/help/privacy", "/help/import", "/help/network",
)  # fmt: skip
OWN = (
    "/needs/mine",
    "/my-organisation",
    "/account",
    "/account/security",
    "/account/address",
    "/account/second-factor",
    "/notices",
    "/capabilities/new",
    "/needs/new",
)
CHINESE = re.compile("[\u4e00-\u9fff]")


def faults_of(page: Page, width: int) -> list[str]:
    """What is wrong with the page as it stands."""
    found = []
    if page.evaluate("document.documentElement.scrollWidth") > width:
        found.append("wider than the screen")
    page.evaluate(AXE.read_text("utf-8"))
    report: dict[str, Any] = page.evaluate(AXE_RUN)
    for fault in report["violations"]:
        if fault["impact"] in ("serious", "critical"):
            found.append(f"{fault['id']}: {[n['target'] for n in fault['nodes'][:3]]}")
    return found


def watched(context: BrowserContext, base: str, faults: list[str]) -> Page:
    """A page whose console errors and requests to elsewhere are written down."""
    page = context.new_page()
    page.on("console", lambda m: faults.append(m.text) if m.type == "error" else None)
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on(
        "request",
        lambda r: None if r.url.startswith((base, "data:", "blob:")) else faults.append(r.url),
    )
    return page


@pytest.mark.parametrize(
    ("who", "language", "width", "scheme"),
    [("visitor", "zh", 1440, "light"), ("owner", "en", 390, "dark")],
)
def test_every_page_fits_stays_here_and_has_no_serious_fault(
    looking: Looking, who: str, language: str, width: int, scheme: str
) -> None:
    key = looking.site.draft()
    own = (*OWN, f"/needs/{key}/confirm", f"/needs/{key}/publish", f"/needs/{key}")
    faults: list[str] = []
    context = looking.window(who, viewport={"width": width, "height": 900}, color_scheme=scheme)
    page = watched(context, looking.base, faults)
    for path in PUBLIC if who == "visitor" else own:
        joint = "&" if "?" in path else "?"
        answer = page.goto(f"{looking.base}{path}{joint}lang={language}")
        assert answer is not None
        assert answer.status == 200, path
        faults += [f"{path}: {fault}" for fault in faults_of(page, width)]
    context.close()
    assert faults == []


def test_a_visitor_tries_a_need_with_and_without_script(looking: Looking) -> None:
    for script in (True, False):
        context = looking.window("visitor", java_script_enabled=script)
        page = context.new_page()
        page.goto(looking.base + "/?lang=zh")
        page.fill("#text", SOI)
        page.click("button[name=preview]")
        assert page.locator(".oe-answer-text").inner_text()
        assert page.locator(".oe-steps > li").count() >= 3
        assert page.locator(".oe-candidate").count() >= 3
        context.close()


def test_rows_of_the_confirm_page_open_and_are_struck_out(looking: Looking) -> None:
    key = looking.site.draft()
    context = looking.window("owner")
    page = context.new_page()
    page.goto(f"{looking.base}/needs/{key}/confirm?lang=zh")
    spare = page.locator('[data-spare] select[name^="material."][name$=".id"]')
    name = spare.get_attribute("name")
    spare.select_option(index=1)
    assert spare.count() == 1
    assert spare.get_attribute("name") != name
    page.locator("[data-remove]").first.check()
    assert page.locator(".oe-row.is-gone").count() == 1
    context.close()


def test_english_frames_hold_no_chinese(looking: Looking) -> None:
    context = looking.window("visitor")
    page = context.new_page()
    for path in ("/", "/search", "/help/matching", "/sign-in", "/needs/new", "/nowhere"):
        page.goto(f"{looking.base}{path}?lang=en")
        for part in ("header", "h1", "footer", "main label", "main button"):
            text = " ".join(page.locator(part).all_inner_texts()).replace("中文", "")
            assert not CHINESE.search(text), (path, part, text)
    context.close()
