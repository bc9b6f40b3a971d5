"""What sets each baseline apart."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import partial

import pytest

from harlm.testing import ChatServer, Request
from harlm.testing.exchange import Fault
from harlm.testing.faults import Status
from harlm.tokens import estimate_tokens
from harlm_bench.items import Question
from harlm_bench.systems import Limits, Model
from harlm_bench.systems.attempt import Effort, NoAnswerFound, aside, attempt
from harlm_bench.systems.bm25 import Bm25
from harlm_bench.systems.codeact import CodeAct, answer_in
from harlm_bench.systems.direct import Base, TruncatedBase
from harlm_bench.systems.plan import ScriptedPlan
from harlm_bench.systems.rlm_paper import PaperRlm
from harlm_bench.systems.summary import SummaryAgent
from harlm_bench.systems.wording import head_and_tail, parts_of
from tests.support.bench_reader import QUESTION, reader, window_of

WINDOW = window_of()


def model_at(server: ChatServer, window: int = 16_000) -> Model:
    """The models of a server."""
    return Model(base_url=server.base_url, root="root", sub="sub", window=window)


def narrow(window: int, request: Request) -> str | Fault:
    """A reader with a window, which counts two characters as a token."""
    tokens = sum(len(text) for _, text in request.messages) // 2
    if tokens <= window:
        return reader(request)
    error = {
        "type": "exceed_context_size_error",
        "message": "too long",
        "n_prompt_tokens": tokens,
        "n_ctx": window,
    }
    return Status(400, json.dumps({"error": error}))


def test_base_has_no_answer_where_the_text_does_not_fit() -> None:
    with ChatServer(partial(narrow, 2_000)) as server:
        sent = Base().answer(WINDOW, QUESTION, model_at(server, 6_500), Limits())
        assert server.arrived == 1
        unsent = Base().answer(WINDOW, QUESTION, model_at(server, 2_000), Limits())
        assert server.arrived == 1
    assert sent.status == unsent.status == "no answer"
    assert "does not fit" in sent.reason
    assert "do not fit" in unsent.reason


def test_truncated_base_keeps_head_and_tail_within_what_the_endpoint_counts() -> None:
    with ChatServer(partial(narrow, 2_000)) as server:
        outcome = TruncatedBase().answer(WINDOW, QUESTION, model_at(server, 2_000), Limits())
        last = server.requests[-1].prompt
        assert 1 < server.arrived <= 4
    assert outcome.status == "answered", outcome.reason
    assert "box 0 " in last
    assert f"box {599} " in last
    assert "box 300 " not in last
    assert len(last) // 2 > 1_500  # the window is used


def test_the_summary_agent_carries_notes_from_part_to_part() -> None:
    def reply(request: Request) -> str:
        if request.model == "root":
            return reader(request)
        notes = request.prompt.partition("Notes so far:")[2].partition("Part ")[0].strip()
        return notes if "shade" in notes else f"colour of box 77 is {reader(request)}"

    with ChatServer(reply) as server:
        outcome = SummaryAgent().answer(WINDOW, QUESTION, model_at(server, 3_000), Limits())
        asked = [request.model for request in server.requests]
    assert outcome.text == QUESTION.gold
    assert asked == ["sub"] * (len(asked) - 1) + ["root"]
    assert outcome.notes["parts"] == len(asked) - 1 > 1


def test_bm25_sends_the_passages_that_match_and_no_more() -> None:
    with ChatServer(reader) as server:
        outcome = Bm25(k=3).answer(WINDOW, QUESTION, model_at(server), Limits())
        [request] = server.requests
    assert outcome.text == QUESTION.gold
    assert outcome.notes["passages"] == 3
    assert len(request.prompt) < len(WINDOW.text) / 2


def test_codeact_searches_only_what_is_searchable() -> None:
    with ChatServer(reader) as server:
        CodeAct().answer(WINDOW, QUESTION, model_at(server), Limits())
        whole = server.requests[0]
        CodeAct().answer(window_of(parts=3), QUESTION, model_at(server), Limits())
        searched = server.requests[1:]
    assert "box 599" in whole.prompt
    assert "box 599" not in searched[0].prompt
    assert searched[1].prompt.startswith("Passages:")


def test_codeact_runs_code_that_asks_the_sub_model() -> None:
    def reply(request: Request) -> str:
        if request.model == "sub":
            return "it is blue"
        if request.prompt.startswith("Output:"):
            return f"THINK: done\nANSWER('{request.prompt.split()[-1]}')"
        return 'THINK: ask\n```python\nprint(llm_query("What colour?"))\n```'

    with ChatServer(reply) as server:
        outcome = CodeAct(sub_calls=True).answer(WINDOW, QUESTION, model_at(server), Limits())
    assert outcome.text == "blue"
    assert outcome.notes["turns"] == 2


def test_a_model_that_never_acts_leaves_no_answer() -> None:
    with ChatServer(lambda request: "THINK: hm") as server:
        outcome = CodeAct(turns=3).answer(WINDOW, QUESTION, model_at(server), Limits())
        assert server.arrived == 3
        assert "That was no action" in server.requests[1].prompt
    assert (outcome.status, outcome.reason) == ("no answer", "no ANSWER(…) in 3 steps")


@pytest.mark.parametrize(
    ("said", "answer"),
    [
        ("THINK: x\nANSWER(12)", "12"),
        ('ANSWER("a (b)")', "a (b)"),
        ("ANSWER(one\ntwo)", "one\ntwo"),
        ("```python\nANSWER(1)\n```", None),
        ("I will ANSWER later", None),
    ],
)
def test_the_answer_is_read_from_outside_of_code(said: str, answer: str | None) -> None:
    assert answer_in(said) == answer


def test_the_rlm_of_the_paper_makes_its_sub_calls_one_at_a_time() -> None:
    with ChatServer(reader, latency_s=0.02) as server:
        outcome = PaperRlm().answer(WINDOW, QUESTION, model_at(server), Limits())
        assert server.most_in_flight == 1
        first = server.requests[0]
    assert outcome.text == QUESTION.gold
    assert "shade" not in first.prompt  # the root never sees the text
    assert f"{len(WINDOW.text):,} characters" in first.prompt


def test_the_rlm_of_the_paper_shows_tracebacks_and_at_last_forces_an_answer() -> None:
    def reply(request: Request) -> str:
        return "a guess" if "no time for more code" in request.prompt else "```repl\n1/0\n```"

    with ChatServer(reply) as server:
        outcome = PaperRlm(turns=2).answer(WINDOW, QUESTION, model_at(server), Limits())
        assert "ZeroDivisionError" in server.requests[1].prompt
    assert outcome.text == "a guess"


@pytest.mark.parametrize(
    ("said", "text"), [("FINAL(blue)", "blue"), ("```repl\nx = [1, 2]\n```\nFINAL_VAR(x)", "[1, 2]")]
)
def test_the_rlm_of_the_paper_finishes_in_prose(said: str, text: str) -> None:
    with ChatServer(lambda request: said) as server:
        outcome = PaperRlm(depth=0).answer(WINDOW, QUESTION, model_at(server), Limits())
    assert outcome.text == text


def test_a_cell_that_runs_too_long_ends_in_the_limit() -> None:
    with ChatServer(lambda request: "```repl\nwhile True: pass\n```") as server:
        outcome = PaperRlm().answer(WINDOW, QUESTION, model_at(server), Limits(wall_s=0.5))
    assert outcome.status == "limit"
    assert outcome.wall_s < 3


def test_the_scripted_plan_searches_again_with_what_it_has_read() -> None:
    lines = [f"The warden of gate {at} lives in house {at + 500}." for at in range(300)]
    lines += [f"House {at + 500} is painted tone{at}." for at in range(300)]
    window = replace(WINDOW, documents={"town": "\n".join(lines)})
    question = Question(
        id="1",
        text="Which tone has the house of the warden of gate 42?",
        kind="2 hops",
        gold="tone42",
        scorer="contains",
    )

    def reply(request: Request) -> str:
        if "Copy the one sentence" in request.prompt:
            return "The warden of gate 42 lives in house 542."
        return "tone42" if "House 542 is painted tone42" in request.prompt else "unknown"

    with ChatServer(reply) as server:
        outcome = ScriptedPlan().answer(window, question, model_at(server), Limits())
        assert server.arrived == 2
    assert outcome.text == "tone42"


def test_an_attempt_turns_every_end_into_an_outcome() -> None:
    def fail(effort: Effort) -> str:
        effort.cpu_s += 5
        raise NoAnswerFound("nothing", partial="half")

    def crash(effort: Effort) -> str:
        raise KeyError("odd")

    failed, crashed, empty = attempt(fail), attempt(crash), attempt(lambda effort: "  ")
    assert (failed.status, failed.text, failed.reason) == ("no answer", "half", "nothing")
    assert failed.cpu_s >= 5
    assert (crashed.status, crashed.reason) == ("crashed", "KeyError: 'odd'")
    assert empty.status == "no answer"


def test_time_aside_does_not_count() -> None:
    import time

    def solve(effort: Effort) -> str:
        with aside(effort):
            time.sleep(0.2)
        return "x"

    assert attempt(solve).wall_s < 0.1


def test_parts_are_whole_lines_and_the_whole_text() -> None:
    parts = parts_of(WINDOW.text, 500)
    assert "".join(parts) == WINDOW.text
    assert all(part.endswith("\n") for part in parts[:-1])
    assert max(map(estimate_tokens, parts)) < 560


def test_head_and_tail_leaves_a_short_text_alone() -> None:
    assert head_and_tail("short", 100) == "short"
    cut = head_and_tail(WINDOW.text, 300)
    assert abs(estimate_tokens(cut) - 300) < 40
    assert "characters left out" in cut
