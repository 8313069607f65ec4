"""Photographs pages of a running site at desktop and phone width, in both languages."""

from __future__ import annotations

import argparse
import re
import sys
from pathlib import Path
from urllib.parse import urlencode, urlsplit

from playwright.sync_api import Browser, Page, sync_playwright

CHROMIUM = "/usr/bin/chromium"
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-sync",
    "--no-first-run",
]
WIDTHS = {1440: 900, 390: 844}


def address(base: str, path: str, language: str) -> str:
    """The address of a page in a language, whatever query it already has."""
    joint = "&" if urlsplit(path).query else "?"
    return f"{base.rstrip('/')}{path}{joint}{urlencode({'lang': language})}"


def file_name(path: str, language: str, width: int, scheme: str) -> str:
    """A file name that says which page, language, width and scheme a picture shows."""
    slug = re.sub(r"[^\w-]+", "_", path, flags=re.ASCII).strip("_") or "home"
    return f"{slug}.{language}.{width}.{scheme}.png"


def watch(page: Page, base: str, faults: list[str]) -> None:
    """Collects console errors and every request that would leave the site."""
    page.on("console", lambda m: faults.append(m.text) if m.type == "error" else None)
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on(
        "request",
        lambda r: (
            None if r.url.startswith((base, "data:", "blob:")) else faults.append(f"left: {r.url}")
        ),
    )


def shoot(browser: Browser, options: argparse.Namespace, language: str, width: int) -> list[str]:
    """Takes every asked page at one language and width; returns what went wrong."""
    faults: list[str] = []
    context = browser.new_context(
        viewport={"width": width, "height": WIDTHS.get(width, 900)},
        color_scheme=options.scheme,
        java_script_enabled=not options.no_script,
        storage_state=options.state,
        reduced_motion="reduce",
    )
    page = context.new_page()
    watch(page, options.base, faults)
    for path in options.pages:
        answer = page.goto(address(options.base, path, language), wait_until="networkidle")
        if answer is None or answer.status >= 400:
            faults.append(f"{path}: {answer.status if answer else 'no answer'}")
        wide = page.evaluate("document.documentElement.scrollWidth") if not options.no_script else 0
        if wide > width:
            faults.append(f"{path} {language} {width}: page is {wide} px wide")
        name = file_name(path, language, width, options.scheme)
        if not options.no_script:
            page.evaluate("window.scrollTo(0, 0)")
        page.screenshot(path=str(options.out / name), full_page=not options.fold)
    context.close()
    return faults


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("pages", nargs="+", help="paths such as /needs")
    parser.add_argument("--base", default="http://127.0.0.1:8000")
    parser.add_argument("--out", type=Path, default=Path("test-results/screens"))
    parser.add_argument("--widths", type=int, nargs="+", default=list(WIDTHS))
    parser.add_argument("--languages", nargs="+", default=["zh", "en"])
    parser.add_argument("--scheme", choices=["light", "dark"], default="light")
    parser.add_argument("--state", help="Playwright storage state of a signed-in session")
    parser.add_argument("--fold", action="store_true", help="only the first screen")
    parser.add_argument("--no-script", action="store_true", help="with JavaScript switched off")
    return parser.parse_args()


def main() -> int:
    """Returns 0 when every page answered, stayed on the site and fitted its width."""
    options = arguments()
    options.out.mkdir(parents=True, exist_ok=True)
    faults: list[str] = []
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        for language in options.languages:
            for width in options.widths:
                faults += shoot(browser, options, language, width)
        browser.close()
    for fault in faults:
        print(fault, file=sys.stderr)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
