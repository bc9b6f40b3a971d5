from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harlm.context.readers.office.date_formats import DateFormat
from harlm.context.readers.office.format_codes import sections_of


def shown(days: float, code: str, *, from_1904: bool = False) -> str | None:
    return DateFormat(sections_of(code)[0].tokens, from_1904=from_1904).show(days)


@pytest.mark.parametrize(
    ("days", "code", "text"),
    [
        (45000, "m/d/yyyy", "2023-03-15"),
        (45000.5, "dd.mm.yy", "2023-03-15"),
        (45000.5, "m/d/yy h:mm", "2023-03-15 12:00"),
        (45000.75, "m/d/yy h:mm AM/PM", "2023-03-15 18:00"),
        (45000.5, "yyyy-mm-dd hh:mm:ss", "2023-03-15 12:00:00"),
        (45000.123456, "yyyy-mm-dd hh:mm:ss.000", "2023-03-15 02:57:46.598"),
        (45000.999999, "yyyy-mm-dd hh:mm:ss", "2023-03-16 00:00:00"),
        (45000, "mmm-yy", "2023-03-15"),
        (45000, "yyyy", "2023"),
        (45000, "mmmm", "March"),
        (45000, "dddd", "Wednesday"),
        (45000, 'yyyy"年"m"月"d"日"', "2023-03-15"),
        (0.604166666666667, "h:mm", "14:30"),
        (0.604166666666667, "h:mm AM/PM", "2:30 PM"),
        (0.0, "h:mm AM/PM", "12:00 AM"),
        (45000.604166666664, "h:mm:ss", "14:30:00"),
        (0.0005, "mm:ss.0", "00:43.2"),
        (0.5, 'h"時"mm"分"', "12時00分"),
        (1.25, "[h]:mm", "30:00"),
        (1.25, "[hh]:mm:ss", "30:00:00"),
        (0.05, "[mm]:ss", "72:00"),
        (0.001, "[ss]", "86"),
        (-0.5, "[h]:mm", "-12:00"),
        (0.5, "m/d/yy", "12:00"),
        (0.25001, "m/d/yy h:mm", "06:00:01"),
        (0, "m/d/yy", "0"),
        (1, "m/d/yy", "1900-01-01"),
        (60, "m/d/yy", "1900-02-29"),
        (61, "m/d/yy", "1900-03-01"),
        (2_958_465, "m/d/yy", "9999-12-31"),
        (2_958_466, "m/d/yy", None),
        (-1, "m/d/yy", None),
        (1e300, "[h]:mm", None),
    ],
)
def test_a_number_of_days_reads_as_the_sheet_shows_it(days: float, code: str, text: str | None) -> None:
    assert shown(days, code) == text


@pytest.mark.parametrize(("days", "text"), [(43904, "2024-03-15"), (0, "1904-01-01"), (0.5, "1904-01-01")])
def test_days_may_count_from_1904(days: float, text: str) -> None:
    assert shown(days, "d-mmm-yy", from_1904=True) == text


@given(st.datetimes(datetime(1900, 3, 1), datetime(9999, 12, 31)))
def test_the_moment_shown_is_the_moment_stored(moment: datetime) -> None:
    moment = moment.replace(microsecond=0)
    days = (moment - datetime(1899, 12, 30)) / timedelta(days=1)
    assert shown(days, "yyyy-mm-dd hh:mm:ss") == str(moment)
    assert shown(days - 1462, "yyyy-mm-dd hh:mm:ss", from_1904=True) == (
        str(moment) if moment.date() >= date(1904, 1, 1) else None
    )


@given(
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(alphabet="ymdhs0.:[]AMP/ ", min_size=1, max_size=20),
)
def test_any_number_is_shown_or_refused(days: float, code: str) -> None:
    assert len(shown(days, code + "d") or "") < 200
    assert len(shown(days, "[h]" + code) or "") < 400
