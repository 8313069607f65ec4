"""Values as pages show them."""

from __future__ import annotations

from datetime import UTC, date, datetime

from collab.web.present import day, moment


def test_a_point_in_time_has_its_day_where_its_hour_is_shown() -> None:
    late = datetime(2026, 11, 28, 17, 30, tzinfo=UTC)  # half past one of the next day in Beijing
    assert moment(late) == "2026-11-29 01:30"
    assert day(late) == "2026-11-29"
    assert day(datetime(2026, 11, 28, 15, 59, tzinfo=UTC)) == "2026-11-28"
    assert day(date(2026, 11, 28)) == "2026-11-28"
    assert day(None) == moment(None) == ""
