"""The network picture under a reader's hands: it moves with them, and shows what it should."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Page

from tests.browser.conftest import Looking
from tests.browser.test_look import watched

PICTURE = "document.querySelector('[data-network]').oePicture"
FIRST = f"""() => {{ const p = {PICTURE}, d = p.scene.ranked[0], v = p.view;
  return {{ key: d.key, x: d.x * v.k + v.x, y: d.y * v.k + v.y }}; }}"""
HIT = f"([x, y]) => ({PICTURE}.hit(x, y) || {{}}).key"
# the canvas as it stands, and as it is when everything is painted anew
SAME = f"""async () => {{
  const p = {PICTURE}, frame = () => new Promise((done) => requestAnimationFrame(done));
  const pixels = () => p.context.getImageData(0, 0, p.canvas.width, p.canvas.height).data;
  const moved = pixels().slice();
  p.draw(); await frame(); await frame();
  const fresh = pixels();
  let other = 0;
  for (let i = 0; i < fresh.length; i += 4) other += Math.abs(fresh[i] - moved[i]) > 40 ? 1 : 0;
  return [other / (fresh.length / 4), fresh.some((part) => part > 0)];
}}"""


def opened(looking: Looking, path: str, who: str = "visitor") -> tuple[Page, list[str]]:
    """A page with its picture drawn, and what went wrong on it."""
    faults: list[str] = []
    context = looking.window(who, viewport={"width": 1440, "height": 900})
    page = watched(context, looking.base, faults)
    page.goto(looking.base + path, wait_until="networkidle")
    page.wait_for_selector("[data-network][data-drawn]")
    page.locator("[data-network]").scroll_into_view_if_needed()
    return page, faults


def test_the_picture_follows_the_hand_and_rests_as_if_painted_there(looking: Looking) -> None:
    page, faults = opened(looking, "/network?view=organisations")
    first: dict[str, Any] = page.evaluate(FIRST)
    assert page.evaluate(HIT, [first["x"], first["y"]]) == first["key"]
    box = page.locator("[data-network] canvas").bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 300, box["y"] + 200)
    page.mouse.down()
    for step in range(1, 11):
        page.mouse.move(box["x"] + 300 + 9 * step, box["y"] + 200 + 4 * step)
    page.mouse.up()
    moved = page.evaluate(FIRST)
    assert (round(moved["x"] - first["x"]), round(moved["y"] - first["y"])) == (90, 40)
    assert page.evaluate(HIT, [moved["x"], moved["y"]]) == first["key"]
    page.wait_for_timeout(400)
    different, painted = page.evaluate(SAME)
    assert painted
    assert different < 0.02, "labels may settle elsewhere, nothing else"
    page.locator("[data-net-act=in]").click()
    assert page.evaluate(f"() => {PICTURE}.view.k / {PICTURE}.view.fit") > 1.4
    assert not faults


def test_the_time_slider_redraws_in_place_and_comes_to_rest_at_a_permalink(
    looking: Looking,
) -> None:
    page, faults = opened(looking, "/network?view=organisations&kind=lab")
    links = f"() => {PICTURE}.scene.links.length"
    many = page.evaluate(links)
    slider = page.locator("[data-net-time] input[type=range]")
    slider.focus()
    with page.expect_response("**/network/data**on=**"):
        slider.evaluate("r => { r.value = 2; r.dispatchEvent(new Event('input')); }")
    page.wait_for_timeout(300)
    assert page.evaluate(links) < many
    with page.expect_navigation():
        slider.evaluate("r => r.dispatchEvent(new Event('change'))")
    assert "on=20" in page.url
    assert "kind=lab" in page.url
    assert page.locator("[data-net-time] input[type=range]").input_value() == "2"
    assert not faults


def test_the_what_if_stands_on_the_picture_of_the_desk(looking: Looking) -> None:
    page, faults = opened(
        looking, "/coordinator?technique=lithography.ebl&region=hubei", "coordinator-elsewhere"
    )
    marks = page.evaluate(f"() => {PICTURE}.scene.nodes.filter((d) => d.mark).map((d) => d.key)")
    assert marks == ["what-if"]
    page.wait_for_selector("#investments ol, #investments p:not(.oe-quiet)")
    assert not faults
