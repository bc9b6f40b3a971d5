from __future__ import annotations

from itertools import pairwise
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harlm_bench.report.plots.canvas import Canvas, Scale, log_scale, spread
from tests.unit.bench.made import SIMULATED


@pytest.mark.parametrize(
    ("low", "high", "ticks"),
    [
        (0, 100, (0, 20, 40, 60, 80, 100)),
        (-30, 30, (-30, -20, -10, 0, 10, 20, 30)),
        (0, 7.3, (0, 2, 4, 6)),
        (0, 0.4, (0, 0.1, 0.2, 0.3, 0.4)),
    ],
)
def test_ticks_are_round(low: float, high: float, ticks: tuple[float, ...]) -> None:
    assert Scale(low=low, high=high, start=0, end=1).ticks(6) == pytest.approx(ticks)


def test_ticks_of_ratios_are_round_too() -> None:
    assert Scale(low=0.5, high=2_000, start=0, end=1, is_log=True).ticks(6) == (1, 10, 100, 1_000)
    assert Scale(low=0.02, high=0.6, start=0, end=1, is_log=True).ticks(6) == pytest.approx(
        (0.02, 0.05, 0.1, 0.2, 0.5)
    )


def test_a_scale_runs_from_its_start_to_its_end_and_no_further() -> None:
    scale = Scale(low=1, high=100, start=10, end=30, is_log=True)
    assert [scale(value) for value in (1, 10, 100, 5_000, 0.1)] == [10, 20, 30, 30, 10]


def test_a_scale_without_a_positive_value_still_stands() -> None:
    assert log_scale([0.0], 0, 1).low > 0


def test_a_drawing_is_xml_with_its_label_in_it_and_text_is_never_markup() -> None:
    canvas = Canvas(100, 50, title="A <b> & c", label=SIMULATED, subtitle="d")
    canvas.dot((1, 2), 3, "m-dot", 'said "<i>"')
    canvas.text(1, 2, "<script>")
    tree = ElementTree.fromstring(canvas.svg())
    assert tree.attrib["aria-label"] == "A <b> & c · SIMULATED. d"
    assert [each.text for each in tree.iter("{http://www.w3.org/2000/svg}text")] == [
        "A <b> & c · SIMULATED", "d", "<script>",
    ]  # fmt: skip


@given(st.lists(st.floats(-50, 150), min_size=1, max_size=20), st.floats(1, 20))
def test_names_at_the_ends_of_curves_keep_apart_and_in_order(wanted: list[float], gap: float) -> None:
    placed = spread(wanted, gap, 0, 100)
    room = min(gap, 100 / max(1, len(wanted) - 1))
    in_order = [at for _, at in sorted(zip(wanted, placed, strict=True), key=lambda pair: pair[0])]
    assert all(-1e-6 <= at <= 100 + 1e-6 for at in placed)
    assert all(after - before >= room - 1e-6 for before, after in pairwise(sorted(placed)))
    assert sorted(in_order) == pytest.approx(in_order)
