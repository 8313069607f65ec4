"""List pages ask the database a fixed number of questions, however much they show."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest

from collab.storage.database import Database
from tests.conftest import Counted
from tests.site import Site
from tests.web.test_files import send

Counting = Callable[[Database], AbstractContextManager[Counted]]
PAGES = {
    "/capabilities?size={}": ("visitor", 20),
    "/capabilities?size={}&q=光": ("other", 20),
    "/organisations?size={}": ("visitor", 20),
    "/needs?size={}": ("other", 24),
    "/needs/mine?size={}": ("owner", 24),
    "/search?q=光&size={}": ("other", 32),
    "/network?size={}": ("visitor", 16),
    "/files?size={}": ("owner", 14),
    "/api/v1/files?limit={}": ("owner", 14),
    "/api/v1/capabilities?limit={}": ("visitor", 20),
    "/api/v1/needs?limit={}": ("visitor", 20),
    "/api/v1/organisations?limit={}": ("visitor", 20),
}


@pytest.fixture(scope="module")
def shared(shipped_template, tmp_path_factory) -> Site:  # type: ignore[no-untyped-def]
    """One shipped site; these tests only read, after a few needs were posted."""
    from tests.site import copied

    site = copied(shipped_template, tmp_path_factory.mktemp("budgets"))
    for disclosure in ("public", "members", "anonymous", "members"):
        key = site.published(disclosure)
        for number in range(6):
            assert send(site, key, name=f"{number}.pdf").status_code == 302
    site.settle()
    return site


@pytest.mark.parametrize("path", PAGES)
def test_a_longer_page_costs_no_more_queries(
    shared: Site, count_queries: Counting, path: str
) -> None:
    who, budget = PAGES[path]
    numbers = []
    for size in (2, 2, 20, 100):
        with count_queries(shared.database) as counted:
            assert shared.get(path.format(size), who).status_code == 200
        numbers.append(counted.number)
    assert numbers[-1] <= numbers[1] + 1, f"{numbers}: more rows, more queries"
    assert max(numbers[1:]) <= budget, numbers


def test_ones_own_page_costs_no_more_queries_for_more_capabilities(
    bare: Site, count_queries: Counting
) -> None:
    def visit() -> int:
        with count_queries(bare.database) as counted:
            assert bare.get("/my-organisation", "owner").status_code == 200
        return counted.number

    def register(number: int) -> None:
        form = {"category": "process", "name_zh": f"光刻 {number}", "techniques": "lithography.ebl",
                "organisation": bare.organisations["alpha"]}  # fmt: skip
        assert bare.post("/capabilities/new", "owner", form).status_code == 302

    register(0)
    visit()
    few = visit()
    for number in range(1, 8):
        register(number)
    assert visit() == few
    assert few <= 24
