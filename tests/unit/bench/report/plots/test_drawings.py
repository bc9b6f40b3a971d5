"""Each plot: what it draws, what it leaves out, and that its label stands in it."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import msgspec

from harlm_bench.journal import Header
from harlm_bench.outcomes import Result
from harlm_bench.report import scores
from harlm_bench.report.groups import Group, grouped
from harlm_bench.report.plots import forest, latency, lengths, pareto, waterfall
from tests.unit.bench.made import LOADS, NEAR, SIMULATED, a_usage, header, journal, result, results

OURS, REFERENCE = "HARLM 0.1.0", "rlms 0.1.3, depth 1"
_SVG = "{http://www.w3.org/2000/svg}"


def group(of: list[Result] | None = None, head: Header | None = None) -> Group:
    (found,) = grouped([journal(Path("a.jsonl"), results() if of is None else of, head, fresh=True)])
    return found


def texts(svg: str | None) -> list[str]:
    assert svg is not None
    return [each.text or "" for each in ElementTree.fromstring(svg).iter(f"{_SVG}text")]


def marks(svg: str | None, tag: str, kind: str) -> list[ElementTree.Element]:
    assert svg is not None
    tree = ElementTree.fromstring(svg)
    return [each for each in tree.iter(f"{_SVG}{tag}") if kind in each.attrib["class"].split()]


def test_pareto_has_a_dot_and_a_name_for_each_system() -> None:
    svg = pareto.pareto(group())
    assert texts(svg)[0] == "Accuracy and cost · SIMULATED"
    assert set(NEAR) <= set(texts(svg))
    assert len(marks(svg, "circle", "m-dot")) == len(marks(svg, "line", "m-whisker")) == 4


def test_pareto_leaves_out_systems_without_all_tasks_or_without_the_model() -> None:
    of = [it for it in results() if it.system != "base" or it.task == "oolong"]
    of = [
        msgspec.structs.replace(it, outcome=msgspec.structs.replace(it.outcome, status="endpoint"))
        if it.system == "BM25, top 8"
        else it
        for it in of
    ]
    assert {"base", "BM25, top 8"}.isdisjoint(texts(pareto.pareto(group(of))))
    assert pareto.pareto(group([result()])) is None


def test_an_answer_that_failed_never_arrives() -> None:
    of = [result(question=f"q{n}", wall_s=1.0 + n) for n in range(4)]
    of += [result(question=f"q{n}", status="crashed", score=0.0, wall_s=0.1) for n in range(4, 8)]
    svg = latency.latency(group(of))
    (curve,) = marks(svg, "path", "m-curve")
    lowest = min(float(step.split()[1]) for step in curve.attrib["d"][1:].split("L"))
    assert lowest == 58.0 + (352.0 - 58.0) / 2  # half of the questions, and no more


def test_lengths_has_a_panel_for_each_task_with_several_sizes() -> None:
    (panel,) = lengths.lengths(group())
    said = texts(panel)
    assert said[0] == "Score against length: s-niah · SIMULATED"
    assert {"8K", "32K", *NEAR} <= set(said)
    assert lengths.lengths(group([result()])) == ()


def test_forest_shows_wins_losses_and_what_is_neither() -> None:
    whole = group(results({**NEAR, "BM25, top 8": 0.97, REFERENCE: 0.8}))
    gains = scores.gains(whole, OURS, ["base", "BM25, top 8", REFERENCE])
    svg = forest.forest(gains, title="Gains", label=SIMULATED)
    assert marks(svg, "circle", "win")
    assert marks(svg, "circle", "loss")
    assert marks(svg, "circle", "even")
    assert texts(svg).index("base") < texts(svg).index("oolong")
    assert forest.forest([], title="Gains", label=SIMULATED) is None


def test_waterfall_shows_the_same_question_of_two_systems() -> None:
    svg = waterfall.waterfall(group(), OURS, REFERENCE)
    said = texts(svg)
    assert said[0] == "Calls of one question over time · SIMULATED"
    assert any(text.startswith(f"{OURS}: 2 calls") for text in said)
    assert any(text.startswith(f"{REFERENCE}: 2 calls") for text in said)
    assert len(marks(svg, "rect", "m-call")) == 3 + 4  # the legend, and the calls


def test_waterfall_needs_the_times_of_calls() -> None:
    bare = msgspec.structs.replace(a_usage(), timeline=())
    of = [result(usage=bare), result(REFERENCE, usage=bare)]
    assert waterfall.waterfall(group(of, header(loads=LOADS)), OURS, REFERENCE) is None
