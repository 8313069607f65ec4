"""Settings come from the environment, have reasons, and refuse nonsense in one line."""

from __future__ import annotations

from pathlib import Path

import pytest

from collab.config import BadSetting, load_settings, table


def test_every_setting_has_a_name_and_a_reason() -> None:
    rows = table()
    assert len({row.name for row in rows}) == len(rows)
    assert all(row.name.isupper() and len(row.reason) > 20 for row in rows)


def test_the_environment_sets_and_empty_means_unset(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORT", "9001")
    monkeypatch.setenv("HOST", "")
    monkeypatch.setenv("SEED_DEMO", "0")
    settings = load_settings()
    assert (settings.port, settings.host, settings.seed_demo) == (9001, "127.0.0.1", False)
    assert load_settings(port=9002).port == 9002


def test_the_database_is_the_embedded_one_unless_told(tmp_path: Path) -> None:
    assert load_settings(data_dir=tmp_path).database == f"sqlite:///{tmp_path}/collab.db"
    for given in ("postgres://u@h/d", "postgresql://u@h/d", "postgresql+psycopg://u@h/d"):
        assert load_settings(database_url=given).database == "postgresql+psycopg://u@h/d"
    assert load_settings(database_url="sqlite:////x/y.db").database == "sqlite:////x/y.db"


@pytest.mark.parametrize(
    ("name", "value"),
    [("PORT", "99999"), ("PORT", "abc"), ("DATABASE_URL", "mysql://h"), ("SEARCH_ENGINE", "x"),
     ("MAX_BODY", "-1"), ("SEED_DEMO", "perhaps")],
)  # fmt: skip
def test_nonsense_is_refused_in_one_line_that_names_the_setting(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(BadSetting) as refused:
        load_settings()
    assert str(refused.value).startswith(f"{name}: ")
    assert "\n" not in str(refused.value)


def test_a_setting_of_an_older_version_is_refused_with_the_name_of_the_new_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SESSION_DAYS", "")
    load_settings()  # empty means unset
    monkeypatch.setenv("SESSION_DAYS", "14")
    with pytest.raises(BadSetting, match=r"^SESSION_DAYS: .*SESSION_HOURS"):
        load_settings()
