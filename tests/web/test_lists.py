"""The ends of lists: behind the last page, nothing yet, and what is switched on in words."""

from __future__ import annotations

import re

import pytest

from tests.site import Site


@pytest.mark.parametrize("path", ["/capabilities", "/organisations"])
def test_behind_the_last_page_a_list_leads_back(site: Site, path: str) -> None:
    behind = site.get(f"{path}?page=9999&lang=zh").text
    assert "这一页没有内容" in behind
    back = re.search(r'href="([^"]+)">回到第一页', behind)
    assert back
    assert "oe-card" in site.get(back[1].replace("&amp;", "&")).text
    nothing = site.get(f"{path}?q=qqzzxx&page=9999&lang=zh").text
    assert "这一页没有内容" not in nothing
    assert "没有符合条件的" in nothing


@pytest.mark.parametrize("path", ["/capabilities", "/organisations"])
def test_a_chosen_region_stands_by_its_name(site: Site, path: str) -> None:
    for language, name in (("zh", "湖北"), ("en", "Hubei")):
        text = site.get(f"{path}?region=hubei&lang={language}").text
        chips = re.findall(r'<a class="oe-chip"[^>]*>([^<]+)</a>', text)
        assert chips == [name]


def test_an_empty_site_says_what_comes_first(bare: Site) -> None:
    with bare.database.writing() as uow:
        connection = uow.session.connection()
        for table in ("capabilitytechnique", "capability"):
            connection.exec_driver_sql(f"DELETE FROM {table}")
    assert "没有符合条件的能力" in bare.get("/capabilities?lang=zh").text
    home = bare.get("/my-organisation?lang=zh", "secretariat").text
    assert "成员机构" in home
    assert "请由机构管理员邀请您加入" not in home


def test_the_menu_leads_to_what_is_the_readers_own(bare: Site) -> None:
    for who, own in (("owner", True), ("secretariat", True), ("visitor", False)):
        page = bare.get("/?lang=zh", who).text
        assert ('href="/imports"' in page) is own, who
    assert 'href="/search/saved"' in bare.get("/", "owner").text
    assert 'href="/search/saved"' not in bare.get("/").text
