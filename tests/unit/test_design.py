"""The look keeps its promises: contrast, no inline code, no foreign addresses, whole assets."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
STATIC = ROOT / "collab" / "web" / "static"
TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))
TEXT = ["ink", "ink-2", "ink-3", "action", "light-ink", "meets", "unknown", "near", "misses"]
CATEGORIES = ["process", "packaging", "test", "design", "equipment", "compute", "service"]


def tokens(sheet: str) -> dict[str, str]:
    """The colour tokens of a style sheet."""
    text = (STATIC / "css" / sheet).read_text(encoding="utf-8")
    return dict(re.findall(r"--oe-([\w-]+):\s*(#[0-9a-f]{6});", text))


def luminance(colour: str) -> float:
    """Relative luminance of #rrggbb after WCAG 2."""
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    """Contrast ratio of two colours, 1 to 21."""
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.fixture(params=["app.css", "dark.css"])
def scheme(request: pytest.FixtureRequest) -> dict[str, str]:
    return tokens(request.param)


def test_every_text_colour_reads_on_every_ground(scheme: dict[str, str]) -> None:
    for name in TEXT:
        for ground in ("bg", "surface", "sunken"):
            assert contrast(scheme[name], scheme[ground]) >= 4.5, (name, ground)
    assert contrast(scheme["on-action"], scheme["action"]) >= 4.5
    assert contrast("#777777", "#ffffff") < 4.5  # the measure itself can refuse


def test_verdict_and_badge_words_read_on_their_soft_ground(scheme: dict[str, str]) -> None:
    for name in ("meets", "unknown", "near", "misses", "action"):
        assert contrast(scheme[name], scheme[f"{name}-soft"]) >= 4.5, name


def test_category_swatches_stand_out_from_the_page(scheme: dict[str, str]) -> None:
    for name in CATEGORIES:
        assert contrast(scheme[f"cat-{name}"], scheme["bg"]) >= 3, name
    assert contrast(scheme["control-line"], scheme["surface"]) >= 3


def test_dark_values_cover_every_light_colour() -> None:
    assert tokens("dark.css").keys() == tokens("app.css").keys()


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda p: str(p.relative_to(ROOT)))
def test_a_template_carries_no_inline_code_and_no_foreign_asset(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert not re.search(r"<style|\sstyle=|\son(click|load|submit|change|input)=|javascript:", text)
    assert not re.search(r"<script(?![^>]*\bsrc=)", text)
    assert not re.search(r"<(script|link|img)[^>]*(src|href)=\"https?:", text)


def test_the_lock_pins_exactly_and_names_no_registry() -> None:
    package = json.loads((ROOT / "package.json").read_text(encoding="utf-8"))
    lock = json.loads((ROOT / "package-lock.json").read_text(encoding="utf-8"))
    assert all(re.fullmatch(r"\d+\.\d+\.\d+", v) for v in package["dependencies"].values())
    assert not any("resolved" in entry for entry in lock["packages"].values())
    assert all("integrity" in entry for name, entry in lock["packages"].items() if name)


def test_icons_used_in_templates_exist_in_the_sprite() -> None:
    sprite = (STATIC / "icons" / "sprite.svg").read_text(encoding="utf-8")
    drawn = set(re.findall(r'id="([\w-]+)"', sprite))
    used = {n for p in TEMPLATES for n in re.findall(r"icon\('([\w-]+)'\)", p.read_text("utf-8"))}
    assert used <= drawn
    assert "search" in used
