"""``harlm estimate``: the table, the line, and the JSON of an estimate."""

from __future__ import annotations

import json

import pytest

from harlm.budget.estimate import Estimate, Figures, RunEstimate
from harlm.cli.verbs.estimate import in_short, show_estimate
from harlm.types import MODES, ModelFacts, Price

MODEL = ModelFacts(name="openai/m", window=1_000, price=Price(input=1, output=1))
UNPRICED = ModelFacts(name="openai/u", window=1_000, price=None)


def estimate(
    *,
    micros: int | None = 2_000,
    limit: int | None = 1_000_000,
    sub: ModelFacts = MODEL,
    obstacle: str | None = None,
) -> RunEstimate:
    def figures(times: int) -> Figures:
        cost = None if micros is None else micros * times
        return Figures(calls=3 * times, tokens=1_000 * times, micros=cost, seconds=2.0 * times)

    modes = tuple(
        Estimate(
            mode=mode, expected=figures(1), worst=figures(50), obstacle=obstacle if mode == "direct" else None
        )
        for mode in MODES
    )
    return RunEstimate(
        chosen="repl", modes=modes, growth="linear", tokens=4_200, root=MODEL, sub=sub, limit_micros=limit
    )


def shown(made: RunEstimate, capsys: pytest.CaptureFixture[str], style: str = "text") -> str:
    show_estimate(made, style)
    return capsys.readouterr().out


def test_the_table_marks_the_chosen_mode_and_names_the_limit(capsys: pytest.CaptureFixture[str]) -> None:
    lines = shown(estimate(), capsys).splitlines()
    assert lines[0] == "4,200 tokens · openai/m · the question probably needs all of it"
    (marked,) = [line for line in lines if line.startswith("→")]
    assert marked.split() == ["→", "repl", "expected", "$0.0020", "3", "1,000", "2.0", "s"]
    assert lines[-1].startswith("The limit is $1.00; a run never spends more.")


def test_a_mode_that_cannot_be_used_has_its_reason(capsys: pytest.CaptureFixture[str]) -> None:
    assert "direct  cannot be used: the text is too long" in shown(
        estimate(obstacle="the text is too long"), capsys
    )


@pytest.mark.parametrize(
    ("made", "last"),
    [
        (estimate(limit=1_000), "The expected cost exceeds the limit of $0.0010: "),
        (estimate(limit=None), "There is no limit; a run never spends more."),
        (
            estimate(micros=None, sub=UNPRICED),
            "The price of openai/u is unknown: harlm models shows how to set one.",
        ),
    ],
    ids=["too expensive", "no limit", "no price"],
)
def test_the_last_line_says_what_limits_the_run(
    made: RunEstimate, last: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert shown(made, capsys).splitlines()[-1].startswith(last)


def test_json_has_dollars_and_every_mode(capsys: pytest.CaptureFixture[str]) -> None:
    made = json.loads(shown(estimate(limit=1_000), capsys, "json"))
    assert (made["chosen"], made["limit_usd"], made["beyond_limit"]) == ("repl", 0.001, True)
    assert [each["mode"] for each in made["modes"]] == list(MODES)
    assert made["modes"][0]["expected"] == {"usd": 0.002, "calls": 3, "tokens": 1_000, "seconds": 2.0}


def test_the_short_form_is_one_line() -> None:
    assert (
        in_short(estimate())
        == "estimate: about $0.0020, at worst $0.10 · 3 calls · about 2.0 s · limit $1.00"
    )
    assert in_short(estimate(micros=None, limit=None)).startswith("estimate: cost unknown · 3 calls")
    assert in_short(estimate(limit=None)).endswith("no limit")
