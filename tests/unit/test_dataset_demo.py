"""The demo alliance and the sample needs are whole, marked as invented and consistent."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta
from pathlib import Path

import pytest

from collab.importing.dataset import (
    SEED_DIR,
    DatasetError,
    ancestors,
    load_organisations,
    load_regions,
)
from collab.importing.demo import DemoData, load_demo, load_sample_needs
from collab.kernel.identity import Role
from collab.matching.records import Evidence, Offered, Status
from collab.vocabulary.catalog import load_vocabulary

TODAY = date(2026, 11, 24)
VOCABULARY = load_vocabulary()
STATES = {"draft", "published", "in_talks", "agreed", "delivered", "closed", "withdrawn", "expired"}
DISCLOSURES = {"public", "members", "anonymous", "invited"}


PROVINCES = {r.code for r in load_regions() if r.kind == "province"}


@pytest.fixture(scope="module")
def demo() -> DemoData:
    return load_demo(TODAY)


def test_ten_marked_units_with_agreements_stand_in_four_regions(demo: DemoData) -> None:
    assert len(demo.organisations) == 10
    above = {code for o in demo.organisations for code in (o.region, *ancestors(o.region))}
    provinces = above & PROVINCES
    assert provinces == {"hubei", "shaanxi", "shanghai", "guangdong"}
    for o in demo.organisations:
        assert o.slug.startswith("demo-")
        assert "演示" in o.name_zh
        assert "(demo)" in o.name_en
        assert o.agreement.signed_on < TODAY
        assert o.agreement.until is None or o.agreement.until > TODAY
        assert o.contact.endswith("@example.org")


def test_demo_slugs_never_meet_a_real_organisation(demo: DemoData) -> None:
    real = {o.slug for o in load_organisations()}
    assert real.isdisjoint(o.slug for o in demo.organisations)
    for records in (demo.organisations, demo.capabilities, demo.runs, demo.needs):
        slugs = [record.slug for record in records]  # type: ignore[attr-defined]
        assert len(set(slugs)) == len(slugs)


def test_people_hold_every_role_and_the_files_hold_no_password(demo: DemoData) -> None:
    held = {role.role for person in demo.people for role in person.roles}
    assert held == set(Role)
    assert len({p.email for p in demo.people}) == len(demo.people)
    assert all(p.email.endswith("@example.org") for p in demo.people)
    assert all("演示" in p.name or "(demo)" in p.name for p in demo.people)
    for person in demo.people:
        for role in person.roles:
            scoped = role.role not in {Role.SECRETARIAT}
            assert scoped is bool(role.organisation or role.region)
    edited = {r.organisation for p in demo.people for r in p.roles if r.role is Role.FACILITY_OWNER}
    assert edited == {o.slug for o in demo.organisations}
    coordinated = {r.region for p in demo.people for r in p.roles if r.region}
    assert coordinated == {"hubei", "shaanxi", "shanghai", "guangdong"}
    for name in ("demo.yaml", "sample_needs.yaml"):
        keys = (SEED_DIR / name).read_text(encoding="utf-8")
        assert "password:" not in keys
        assert "密码:" not in keys


def test_capabilities_are_rich_declared_or_verified_and_known_to_the_vocabulary(
    demo: DemoData,
) -> None:
    assert len(demo.capabilities) >= 30
    assert {c.evidence for c in demo.capabilities} == {Evidence.DECLARED, Evidence.VERIFIED}
    assert {c.status for c in demo.capabilities} == set(Status)
    for c in demo.capabilities:
        assert set(c.techniques) <= set(VOCABULARY.techniques), c.slug
        assert set(c.materials) <= set(VOCABULARY.materials), c.slug
        assert c.category in {VOCABULARY.techniques[t].category for t in c.techniques}, c.slug
        assert bool(c.evidence_note) is (c.evidence is Evidence.VERIFIED)
        assert c.load is None or 0 <= c.load <= 1
        assert c.lead_weeks is None or c.lead_weeks[0] <= c.lead_weeks[1]
        assert c.confirmed_on < TODAY
        assert c.values
    for name, least in (("wafer-diameter", 15), ("min-feature", 10)):
        assert sum(name in c.values for c in demo.capabilities) >= least
    assert sum(c.lead_weeks is not None for c in demo.capabilities) >= 30
    assert sum(c.price is not None for c in demo.capabilities) >= 15


def test_stated_values_lie_within_the_vocabularys_bounds(demo: DemoData) -> None:
    classes = set(VOCABULARY.raw["parameters"]["wafer_diameter_nominal"]["classes"])
    for c in demo.capabilities:
        assert set(c.values.get("wafer-diameter", Offered()).choices) <= classes
        for name, offered in c.values.items():
            parameter = VOCABULARY.parameters[name]
            ids = {value.id for value in parameter.values}
            for figure in (offered.low, offered.high, *offered.choices):
                if isinstance(figure, str):
                    assert figure in ids, (c.slug, name, figure)
                elif figure is not None and parameter.hard:
                    assert parameter.hard[0] <= figure <= parameter.hard[1], (c.slug, name)


def test_needs_stand_in_every_state_and_disclosure(demo: DemoData) -> None:
    assert {n.state for n in demo.needs} == STATES
    assert {n.disclosure for n in demo.needs} == DISCLOSURES
    assert len(demo.needs) == 14
    assert Counter(n.state for n in demo.needs)["published"] >= 4
    for n in demo.needs:
        assert (n.disclosure == "invited") is bool(n.invited), n.slug
        assert bool(n.agreed_with) is (n.state in {"agreed", "delivered", "closed"}), n.slug
        assert n.organisation not in (*n.invited, n.agreed_with)
        assert n.posted_on < TODAY
        if n.state == "expired":
            assert n.expires_on is not None
            assert n.expires_on < TODAY
        if n.state in {"published", "in_talks"}:
            assert n.expires_on is not None
            assert n.expires_on > TODAY


def test_authors_belong_to_the_organisation_that_posts(demo: DemoData) -> None:
    at = {p.email: {r.organisation for r in p.roles} for p in demo.people}
    assert all(n.organisation in at[n.author] for n in demo.needs)


def test_two_shuttles_have_free_seats_and_capacity_lies_ahead(demo: DemoData) -> None:
    assert len(demo.runs) == 2
    for run in demo.runs:
        assert run.tape_in > TODAY
        assert 0 < run.seats_taken < run.seats
        assert set(run.techniques) <= set(VOCABULARY.techniques)
        assert set(run.materials) <= set(VOCABULARY.materials)
    assert len(demo.free_capacity) >= 4
    supply = {c.slug for c in demo.capabilities if c.status is Status.OPERATING}
    for free in demo.free_capacity:
        assert free.capability in supply
        assert TODAY <= free.starts_on < free.ends_on
        assert free.amount > 0


def test_days_move_with_the_day_the_demo_is_brought_in() -> None:
    now, later = load_demo(TODAY), load_demo(TODAY + timedelta(days=100))
    assert later.runs[0].tape_in - now.runs[0].tape_in == timedelta(days=100)
    assert later.organisations == load_demo(TODAY + timedelta(days=100)).organisations


@pytest.mark.parametrize(
    ("right", "wrong", "message"),
    [
        ("capability: demo-pengcheng-pack/dicing, from", "capability: nobody/x, from", "nobody/x"),
        ("author: owner-siph@example.org", "author: ghost@example.org", "ghost@example.org"),
        ("agreed_with: demo-qinling-pack", "agreed_with: demo-ghost", "demo-ghost"),
        (
            "{organisation: demo-qinling-pack, capability: demo-qinling-pack/butterfly",
            "{organisation: demo-qinling-pack, capability: demo-pengcheng-pack/dicing",
            "is not demo-qinling-pack's",
        ),
    ],
)
def test_an_entry_that_names_something_missing_is_refused(
    tmp_path: Path, right: str, wrong: str, message: str
) -> None:
    text = (SEED_DIR / "demo.yaml").read_text(encoding="utf-8")
    assert right in text
    (tmp_path / "demo.yaml").write_text(text.replace(right, wrong), encoding="utf-8")
    with pytest.raises(DatasetError, match=message):
        load_demo(TODAY, tmp_path)


def test_ten_sample_needs_name_existing_regions_disclosures_and_chains() -> None:
    needs = load_sample_needs()
    regions = {r.code for r in load_regions()}
    assert len(needs) == 10
    assert len({n.id for n in needs}) == 10
    assert {n.disclosure for n in needs} == DISCLOSURES
    assert sum(n.chain is not None for n in needs) >= 7
    assert len({n.chain for n in needs if n.chain}) >= 7
    for n in needs:
        assert n.id.startswith("sample-")
        assert n.region in regions
        assert n.chain is None or n.chain in VOCABULARY.chains
        assert n.title_zh
        assert n.title_en
        assert len(n.title_zh) <= 120
        assert len(n.text) > 80
