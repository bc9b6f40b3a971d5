from __future__ import annotations

from typing import Any

import pytest

from harlm.errors import ConfigError
from harlm_bench.labels import Label
from harlm_bench.report.tables import Row, Table, points, seconds, signed, times, usd, words
from harlm_bench.statistics import Difference, Estimate
from tests.unit.bench.made import EMBEDDED, SIMULATED


def table(label: Any, *rows: Row) -> Table:
    return Table(id="t", title="Scores", label=label, columns=("system", "score"), rows=rows)


def row(label: Label, cells: int = 1) -> Row:
    return Row(label=label, head="HARLM", cells=(words("1"),) * cells)


@pytest.mark.parametrize("label", [None, "SIMULATED", Label(kind="SIMULATED", detail=" ")])
def test_no_table_is_made_without_a_label(label: object) -> None:
    with pytest.raises(ConfigError, match="'Scores' has no label"):
        table(label)


_OTHERS = (
    EMBEDDED,
    Label(kind="REPLAY", detail="cassette"),
    Label(kind="PUBLISHED", detail="a paper"),
    Label(kind="SIMULATED", detail="another profile"),
)


@pytest.mark.parametrize("other", _OTHERS, ids=str)
def test_rows_of_two_labels_never_stand_together(other: Label) -> None:
    for one, two in ((SIMULATED, other), (other, SIMULATED)):
        with pytest.raises(ConfigError, match="cannot stand in table 'Scores'"):
            table(one, row(one), row(two))


def test_published_rows_have_citations_of_their_own() -> None:
    cited = [Label(kind="PUBLISHED", detail=source) for source in ("one", "two")]
    assert len(table(cited[0], *map(row, cited)).rows) == 2


def test_a_row_fits_the_columns() -> None:
    with pytest.raises(ConfigError, match="does not fit its columns"):
        table(SIMULATED, row(SIMULATED, cells=2))


def test_the_heading_says_what_was_measured_on() -> None:
    assert table(SIMULATED).heading == "Scores · SIMULATED"


def test_fields_are_written_as_people_read_them() -> None:
    estimate = Estimate(value=-0.031, low=-0.08, high=0.014, questions=10, windows=3)
    shown = points(Difference(estimate=estimate, p=0.2, adjusted=0.4, discordant=9))
    assert shown.text == "−3.1 [−8, +1]; no difference shown"
    assert times(None).text == "–"
    assert [usd(0.0123).text, usd(4.2).text, seconds(0.51).text, seconds(90.04).text] == [
        "$0.0123", "$4.20", "0.51 s", "90.0 s",
    ]  # fmt: skip
    assert [signed(-0.3), signed(0.3, 1), signed(-0.0, 1)] == ["0", "+0.3", "0.0"]
