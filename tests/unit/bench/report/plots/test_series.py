from __future__ import annotations

from pathlib import Path

from harlm_bench.report.groups import grouped
from harlm_bench.report.plots import series
from tests.unit.bench.made import journal, result


def test_a_system_has_one_colour_and_ours_has_its_own() -> None:
    (group,) = grouped([journal(Path("a.jsonl"), [result()])])
    kinds = series.kinds(group)
    assert kinds["HARLM 0.1.0"] == "ours1"
    assert kinds["base"] == "base"
    assert kinds["rlms 0.1.3, depth 1"] == "reference"
    assert kinds["BM25, top 8"] == "other1"


def test_the_page_has_every_colour_in_light_and_dark() -> None:
    from importlib.resources import files

    style = files("harlm_bench.report").joinpath("page.css").read_text(encoding="utf-8")
    light, _, rest = style.partition("@media (prefers-color-scheme: dark)")
    dark = rest.partition("* {")[0]
    names = ("ours1", "ours2", "ours3", "base", "reference", *(f"other{n + 1}" for n in range(series.OTHERS)))
    for name in names:
        assert f"--{name}:" in light
        assert f"--{name}:" in dark
        assert f".m-dot.{name}" in rest


def test_names_beside_dots_do_not_cover_each_other() -> None:
    dots = [(100.0, 100.0), (104.0, 102.0), (98.0, 104.0)]
    placed = series.beside_dots(dots, ["first", "second", "third"], (700, 400))
    assert len({(round(place.y / 8), place.anchor) for place in placed}) == 3
    (alone,) = series.beside_dots([(690.0, 100.0)], ["a long name"], (700, 400))
    assert alone.anchor == "end"
