"""A whole run of ``harlm bench``: generated texts, two systems, the gateway and a simulated model, over HTTP."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from harlm_bench import journal, statistics
from harlm_bench.cli import bench
from harlm_bench.systems import chat

_SMALL = ("--tasks", "s-niah", "--sizes", "2K", "--systems", "base,bm25", "--time-scale", "0.001")


@pytest.fixture(autouse=True)
def few_draws(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(statistics, "DRAWS", 200)


def run(*arguments: str) -> Result:
    done = CliRunner().invoke(bench, list(arguments), catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done


def results(path: str) -> list[tuple[str, str, str, float, int | None, int, str]]:
    return sorted(
        (it.system, it.window, it.question, it.score, it.usage.micro_usd, it.usage.calls, it.outcome.text)
        for it in journal.read(Path(path)).results
    )


def test_one_seed_gives_the_same_answers_calls_and_cost_at_any_concurrency() -> None:
    run("run", *_SMALL, "--out", "one", "--jobs", "1")
    run("run", *_SMALL, "--out", "four", "--jobs", "4")
    first = results("one/simulated-journal.jsonl")
    assert len(first) == 20
    assert first == results("four/simulated-journal.jsonl")
    assert sum(score for _, _, _, score, *_ in first) > 10
    assert all(bill for *_, bill, _, _ in first)
    run("run", *_SMALL, "--out", "other", "--seed", "5")
    assert results("other/simulated-journal.jsonl") != first


def test_a_journal_passes_its_audit_and_a_changed_one_does_not() -> None:
    run("run", *_SMALL, "--out", "one")
    assert "20 results, 0 faults" in run("audit", "one/simulated-journal.jsonl").stdout
    path = Path("one/simulated-journal.jsonl")
    path.write_text(
        path.read_text(encoding="utf-8").replace('"score":1.0', '"score":0.9', 1), encoding="utf-8"
    )
    done = CliRunner().invoke(bench, ["audit", str(path)])
    assert "score 0.9, and 1 when the answer is scored again" in done.stdout
    assert done.exception is not None


def test_a_right_answer_that_rests_on_nothing_fails_the_audit() -> None:
    run("run", *_SMALL, "--out", "one")
    trail = Path("one/simulated-trail.jsonl")
    lines = trail.read_text(encoding="utf-8").splitlines(keepends=True)
    assert len(lines) >= 20
    first = next(it for it in journal.read(Path("one/simulated-journal.jsonl")).results if it.score > 0)
    address = journal.address_of(journal.key_of(first))
    kept = [line for line in lines if f'"{address}"' not in line]
    assert len(kept) < len(lines)
    trail.write_text("".join(kept), encoding="utf-8")
    done = CliRunner().invoke(bench, ["audit", "one/simulated-journal.jsonl"])
    assert f"{first.question}: a right answer without a text that it rests on" in done.stdout
    assert "20 results, 1 faults" in done.stdout
    trail.unlink()
    assert "what answers rest on is not audited" in run("audit", "one/simulated-journal.jsonl").stdout
    run("run", *_SMALL, "--out", "one", "--fresh")
    assert len(trail.read_text(encoding="utf-8").splitlines()) == len(lines)
    run("run", *_SMALL, "--out", "one", "--fresh")
    assert Path("one/simulated-trail.jsonl.old").is_file()
    assert len(trail.read_text(encoding="utf-8").splitlines()) == len(lines)


def test_recorded_replies_are_played_again_under_a_label_of_their_own() -> None:
    run("run", *_SMALL, "--out", "one", "--record", "tape.jsonl")
    run("run", *_SMALL, "--out", "two", "--replay", "tape.jsonl", "--window", "272000")
    played = journal.read(Path("two/simulated-journal.jsonl"))
    assert str(played.header.label).startswith("REPLAY of SIMULATED: gpt-5-like")
    told = [(it.system, it.window, it.question, it.score, it.outcome.text) for it in played.results]
    assert sorted(told) == [(*row[:4], row[6]) for row in results("one/simulated-journal.jsonl")]


def test_an_unreachable_endpoint_is_written_down_and_stops_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chat, "_ATTEMPTS", 2)  # of the baseline's client, which else waits half a minute
    arguments = [
        "run", *_SMALL[:6], "--base-url", "http://127.0.0.1:9/v1", "--model", "none", "--yes", "--out", "real", "--systems", "bm25", "--jobs", "10",
    ]  # fmt: skip
    done = CliRunner().invoke(bench, arguments)
    assert "could not reach the model" in str(done.exception)
    found = journal.read(Path("real/journal.jsonl"))
    assert {it.outcome.status for it in found.results} == {"endpoint"}
    assert found.header.label.kind == "REAL ENDPOINT"
