"""Examples from journals of ``harlm bench`` and from a user's own runs."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import msgspec
import pytest

from harlm import HARLM
from harlm.errors import ContextError
from harlm.events import Judged
from harlm.router.features import NAMES
from harlm.testing import ScriptedModel
from harlm.tracing.experience import Skills
from harlm.tracing.jsonl import RunFolder
from harlm.tracing.rating import judged_in, rate
from harlm.types import MODES, Confidence, Signals
from harlm_bench.items import Window
from harlm_bench.journal import Journal
from harlm_bench.labels import Label
from harlm_bench.outcomes import Result
from harlm_bench.suites import Load
from harlm_bench.tasks import family
from harlm_train.examples import OWN_RUNS, from_journals, from_runs, joined, wording_of
from tests.unit.bench.made import SIMULATED, a_usage, header, journal, result

LOADS = (Load(task="short", tokens=1_000, windows=1, questions=2),)
FEATURES = {
    **dict.fromkeys(NAMES, 0.25),
    "log_tokens": 10.0,
    "log_documents": 1.0,
    "is_prose": 1.0,
    "fit": 0.5,
}


@cache
def window() -> Window:
    """The one that the loads make."""
    return family("short").window(0, 1_000, 2)


def answered(mode: str, number: int = 0, score: float = 1.0, **notes: str | float) -> Result:
    """An answer in a mode, with what was known before."""
    made = result(
        f"HARLM, always {mode}",
        task="short",
        tokens=1_000,
        question=window().questions[number].id,
        score=score,
        notes={
            "mode": mode,
            "answer_status": "ok",
            "expected_micro_usd": 800,
            **{f"feature_{name}": value for name, value in FEATURES.items()},
            **notes,
        },
        usage=a_usage(micro_usd=1_200),
    )
    return msgspec.structs.replace(made, digest=window().digest)


def kept(*results: Result, name: str = "one.jsonl", label: Label = SIMULATED) -> Journal:
    return journal(Path(name), list(results), header(label, LOADS, suite="router", seed=0, code="0123"))


def test_every_answer_of_a_mode_is_an_example() -> None:
    found = from_journals([kept(answered("direct"), answered("full", 1, 0.5), answered("plan", 1, 0.0))])
    assert [(each.mode, each.score) for each in found.all] == [("direct", 1.0), ("full", 0.5), ("plan", 0.0)]
    first, second, third = found.all
    assert second.task == third.task != first.task
    assert first.text == second.text == window().digest
    assert (first.micros, first.expected_micros, first.status, first.weight) == (1_200, 800, "ok", 1.0)
    assert {name: value for name, value in first.features.items() if name != "root_skill"} == {
        name: value for name, value in FEATURES.items() if name != "root_skill"
    }
    assert first.vector == tuple(first.features[name] for name in NAMES)
    assert {each.run for each in found.all} == {"one.jsonl"}
    assert {each.family for each in found.all} == {"short"}
    assert [len(found.of(mode)) for mode in MODES] == [1, 1, 0, 1]


def test_questions_and_texts_are_made_again_for_their_wording() -> None:
    (found,) = from_journals([kept(answered("direct"))]).all
    question = window().questions[0].text
    assert found.wording == f"short: {wording_of(question)}"
    assert found.prompt.startswith(question)
    assert "fit=0.5" in found.prompt
    assert " … " in found.prompt


def test_what_was_measured_of_an_answer_is_kept() -> None:
    partial = answered("full", answer_status="partial", signal_ran_clean=0.0)
    (found,) = from_journals([kept(partial)]).all
    assert found.status == "partial"
    assert found.signals.ran_clean is False
    assert found.measured["is_whole"] == 0.0


def test_examples_say_where_they_come_from() -> None:
    found = from_journals([kept(answered("direct"), answered("full"))])
    (origin,) = found.origins
    assert (origin.label, origin.detail, origin.suite) == ("SIMULATED", SIMULATED.detail, "router")
    assert (origin.seed, origin.code, origin.examples) == (0, "0123", 2)


def test_what_never_ran_or_says_nothing_of_its_mode_is_no_example() -> None:
    failed = msgspec.structs.replace(
        answered("full", 1), outcome=msgspec.structs.replace(answered("full", 1).outcome, status="endpoint")
    )
    silent = result("BM25", task="short", tokens=1_000, notes={})
    unknown = answered("deep")
    found = from_journals([kept(answered("direct"), failed, silent, unknown)])
    assert [each.mode for each in found.all] == ["direct"]


def test_a_wrong_answer_of_a_run_that_broke_off_is_an_example() -> None:
    crashed = msgspec.structs.replace(
        answered("full", score=0.0),
        outcome=msgspec.structs.replace(answered("full").outcome, status="limit", text=""),
    )
    assert [each.score for each in from_journals([kept(crashed)]).all] == [0.0]


def test_the_skill_of_a_root_model_is_what_its_own_runs_show() -> None:
    clean = [answered("full", 0, signal_ran_clean=1.0), answered("repl", 1, signal_ran_clean=0.0)]
    found = from_journals([kept(answered("direct"), *clean)])
    assert [each.features["root_skill"] for each in found.all] == pytest.approx([(1 + 7) / (2 + 10)] * 3)


def test_the_skill_that_is_learned_from_is_the_one_that_a_run_is_told() -> None:
    """Also of runs of which it was not measured whether they ended cleanly."""
    skills = Skills(Path("skills.json"))
    for ran_clean in (True, None):
        skills.emit(
            Judged(model="m", mode="full", confidence=Confidence(signals=Signals(ran_clean=ran_clean)))
        )
    found = from_journals([kept(answered("full", 0, signal_ran_clean=1.0), answered("full", 1))])
    assert [each.features["root_skill"] for each in found.all] == pytest.approx([skills.of("m")] * 2)


def test_a_rare_choice_has_a_greater_weight_up_to_a_bound() -> None:
    rare = [answered("direct", propensity=0.25), answered("full", propensity=1e-6)]
    assert [each.weight for each in from_journals([kept(*rare)]).all] == [4.0, 100.0]


def test_two_draws_of_the_same_tasks_are_two_runs_of_them() -> None:
    one, two = kept(answered("direct")), kept(answered("direct", score=0.0), name="two.jsonl")
    found = joined([from_journals([one]), from_journals([two])])
    assert [each.run for each in found.all] == ["one.jsonl", "two.jsonl"]
    assert len({each.task for each in found.all}) == 1
    assert len(found.origins) == 2
    assert found.where([False, True]).all == found.all[1:]
    assert from_journals([one, two]) == found


def test_a_journal_without_a_feature_is_an_error_that_names_it() -> None:
    lacking = answered("direct")
    notes = {name: note for name, note in lacking.outcome.notes.items() if name != "feature_keys"}
    old = msgspec.structs.replace(lacking, outcome=msgspec.structs.replace(lacking.outcome, notes=notes))
    with pytest.raises(ContextError, match=r"one\.jsonl.*lacks the feature 'keys'.*--fresh"):
        from_journals([kept(old)])


def test_nothing_to_learn_from_is_an_error_that_says_what_to_run() -> None:
    with pytest.raises(ContextError, match=r"no examples in one\.jsonl: .*harlm bench run --suite router"):
        from_journals([kept(result("BM25", task="short", notes={}))])
    with pytest.raises(ContextError, match="no examples in nothing"):
        from_journals([])


def test_questions_of_one_template_have_one_wording() -> None:
    one = wording_of('How many messages did "Ada Hill" send before 3 May 2021?')
    assert one == wording_of('How many messages did "Bo Lund" send before 14 June 1999?')
    assert one != wording_of('How many messages did "Ada Hill" read before 3 May 2021?')
    assert len(wording_of("word " * 100).split()) == 12
    assert wording_of("") == ""


# -- a user's own runs ---------------------------------------------------------------------------------------


def asked(home: Path, mode: str) -> Path:
    """The folder of a run that was made with a model of a script."""
    cell = "```repl\nFINAL('4711')\n```"
    client = HARLM(
        ScriptedModel(lambda _: cell if mode == "repl" else "The code is 4711."),
        home=home,
        mode=mode,  # type: ignore[arg-type] # a mode
        sandbox="s0" if mode == "repl" else None,
    )
    return (
        home / "runs" / client.ask("What is the code of the vault?", "The vault code is 4711. " * 40).run_id
    )


def test_rated_runs_are_examples(tmp_path: Path) -> None:
    good, bad, unrated = (asked(tmp_path, "direct") for _ in range(3))
    rate(good, is_good=True)
    rate(bad, is_good=False)
    found = from_runs(tmp_path / "runs")
    assert {each.run: each.score for each in found.all} == {good.name: 1.0, bad.name: 0.0}
    assert unrated.name not in {each.task for each in found.all}
    first = found.all[0]
    assert (first.mode, first.status, first.micros) == ("direct", "ok", 0)
    assert (first.source, first.weight) == (f"{OWN_RUNS} scripted/model", 1.0)
    assert set(first.features) == set(NAMES)
    assert first.features["log_tokens"] > 5
    assert first.prompt.startswith("What is the code of the vault? | ")
    assert first.signals.is_found is True
    assert len({each.text for each in found.all}) == 1
    (origin,) = found.origins
    assert (origin.label, origin.examples) == (OWN_RUNS, 2)


def test_without_a_rated_run_there_is_an_error_that_says_how_to_rate(tmp_path: Path) -> None:
    asked(tmp_path, "direct")
    for folder in (tmp_path / "runs", tmp_path / "none"):
        with pytest.raises(ContextError, match=r"no run in .* is rated; rate some with `harlm runs rate RUN"):
            from_runs(folder)


def rewritten(folder: Path, features: dict[str, float]) -> None:
    """Let the run say that other features were known."""
    run = RunFolder(folder)
    lines = [
        msgspec.json.encode(
            msgspec.structs.replace(each, features=features) if isinstance(each, Judged) else each
        )
        for each in run.events()
    ]
    (folder / "events.jsonl").write_bytes(b"\n".join(lines) + b"\n")


def test_runs_that_are_damaged_or_of_another_version_are_left_out(tmp_path: Path) -> None:
    runs = [asked(tmp_path, "direct") for _ in range(5)]
    for each in runs:
        rate(each, is_good=True)
    whole = judged_in(RunFolder(runs[0]))
    assert whole is not None
    (runs[1] / "events.jsonl").write_bytes(b"{}\n")
    rewritten(runs[2], {})
    rewritten(runs[3], {name: value for name, value in whole.features.items() if name != "keys"})
    renamed = {("keyed" if name == "keys" else name): value for name, value in whole.features.items()}
    rewritten(runs[4], renamed)
    assert [each.run for each in from_runs(tmp_path / "runs").all] == [runs[0].name]
