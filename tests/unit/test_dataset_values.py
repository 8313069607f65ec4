"""Published figures become parameter values only where their meaning is certain."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collab.importing.dataset_values import (
    PARAMETER_OF_KEY,
    SeedRate,
    lead_weeks,
    nominal_diameters,
    rates,
    split_published,
    table_values,
)
from collab.matching.records import Offered
from collab.vocabulary.catalog import load_vocabulary

VOCABULARY = load_vocabulary()


def test_every_mapped_key_names_a_vocabulary_parameter() -> None:
    assert {parameter for parameter, _ in PARAMETER_OF_KEY.values()} <= set(VOCABULARY.parameters)


@pytest.mark.parametrize(
    ("key", "printed", "parameter", "offered"),
    [
        ("core_thickness_nm", 220, "device-layer-thickness", Offered(choices=(220.0,))),
        ("box_um", 3.017, "buried-oxide-thickness", Offered(choices=(3.017,))),
        ("etch_depths_nm", [70, 220], "etch-depth", Offered(choices=(0.07, 0.22))),
        ("waveguide_loss_db_per_cm", "2±0.5", "propagation-loss", Offered(low=1.5, high=2.5)),
        ("class", "100/1000", "cleanroom-class", Offered(choices=("iso-5", "iso-6"))),
        ("class", 1000, "cleanroom-class", Offered(choices=("iso-6",))),
        ("standard", "ISO 13485", "certification", Offered(choices=("iso13485",))),
        ("min_trl", 7, "trl", Offered(low=7.0)),
    ],
)
def test_a_clear_figure_becomes_a_value(
    key: str, printed: object, parameter: str, offered: Offered
) -> None:
    values, other = split_published({key: printed})
    assert values == {parameter: offered}
    assert other == {}


@pytest.mark.parametrize(
    ("key", "printed"),
    [
        ("investment_cny_100m", 7.5),
        ("box_um", "about 3"),
        ("waveguide_loss_db_per_cm", "low"),
        ("class", "very clean"),
        ("standard", "EN 1234"),
        ("min_trl", "high"),
        ("etch_depths_nm", [70, "full"]),
    ],
)
def test_anything_else_is_kept_as_it_was_printed(key: str, printed: object) -> None:
    assert split_published({key: printed}) == ({}, {key: printed})


@given(st.dictionaries(st.text(max_size=12), st.integers() | st.text(max_size=8), max_size=6))
def test_no_published_figure_is_ever_lost(published: dict[str, object]) -> None:
    values, other = split_published(published)
    assert len(values) + len(other) <= len(published)
    assert set(other) <= set(published)
    assert all(key in other or key in PARAMETER_OF_KEY for key in published)


def test_a_lead_time_counts_only_when_the_text_states_one() -> None:
    assert lead_weeks("2-3 months after mask deadline") == (8.69, 13.04)
    assert lead_weeks("at least 3 weeks for one device run") == (3.0, None)
    for text in (
        "",
        "6.5 months average project",
        "aim within six months",
        "line expected to run by end of 2026",
        "about 30% shorter run cycle claimed for customers",
    ):
        assert lead_weeks(text) is None


def test_wafer_sizes_fall_into_nominal_classes_or_are_refused() -> None:
    assert nominal_diameters("100;150", VOCABULARY) == Offered(choices=(100.0, 150.0))
    assert nominal_diameters("50.8;75;203", VOCABULARY) == Offered(choices=(50.0, 76.0, 200.0))
    assert nominal_diameters("", VOCABULARY) is None
    with pytest.raises(ValueError, match="170 mm is no wafer size"):
        nominal_diameters("170", VOCABULARY)


@given(st.sampled_from((25, 50, 76, 100, 125, 150, 200, 300)), st.floats(-1.9, 1.9))
def test_a_diameter_near_a_class_is_that_class(klass: int, slip: float) -> None:
    offered = nominal_diameters(f"{klass + slip:.3f}", VOCABULARY)
    assert offered == Offered(choices=(float(klass),))


def test_columns_become_values_and_blanks_stay_unsaid() -> None:
    blank = dict.fromkeys(
        ("wafer_sizes_mm", "min_feature_nm", "wavelength_min_nm", "wavelength_max_nm"), ""
    )
    assert table_values(blank, VOCABULARY) == {}
    row = {**blank, "min_feature_nm": "130", "wavelength_min_nm": "1310"}
    assert table_values(row, VOCABULARY) == {
        "min-feature": Offered(low=130.0, high=130.0),
        "wavelength": Offered(low=1310.0, high=None),
    }


def test_rates_keep_their_currency_and_a_bare_dollar_is_canadian_only_in_canada() -> None:
    published = {"fee_per_hour": {"academic": 105, "industrial": 210}, "symbol": "$"}
    assert rates(published, "canada") == (
        SeedRate(105.0, "CAD", "hour", "academic"),
        SeedRate(210.0, "CAD", "hour", "industrial"),
    )
    assert {r.currency for r in rates(published, "australia")} == {"$"}
    assert rates({"preferred_usd_per_hour": 30}, "usa") == (
        SeedRate(30.0, "USD", "hour", "preferred"),
    )
    assert rates({"investment_musd": 50}, "usa") == ()
