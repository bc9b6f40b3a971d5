"""The patterns of ``perf.ahead``: how their replies are streamed, and what they do at best."""

from __future__ import annotations

import ast

import pytest
from perf.ahead.oracle import best_of
from perf.ahead.pattern import Pattern, Wait, blocks
from perf.ahead.patterns import PATTERNS, PUBLISHED, SHAPES
from perf.ahead.runs import Run, measured
from perf.ahead.script import TOKENS_PER_S, cells_of, pieces_of, tokens_of, tokens_up_to, written_s
from perf.ahead.tables import seconds, systems, wanted

LOOP = blocks("""
notes = []
for row in context.splitlines()[:3]:
    notes.append(llm_query(f"Note: {row}"))
    spare = row.upper()
print(" ".join(notes))
""")
CHAIN = blocks("""
text = "start"
for step in range(4):
    text = llm_query(f"Step: {step} after {text}")
print(text)
""")
BRANCH = blocks("""
rows = context.splitlines()[:4]
for row in rows:
    if llm_query(f"Relevant: {row}").startswith("yes"):
        print(llm_query(f"Why: {row}"))
""")


def when_written(reply: str, code: str) -> float:
    return tokens_up_to(reply, reply.index(code) + len(code) - 1) / TOKENS_PER_S


def test_there_are_ten_shapes_and_all_published_patterns_that_need_no_tool_of_their_own() -> None:
    assert (len(SHAPES), len(PUBLISHED)) == (10, 59)
    assert len(PATTERNS) == len(SHAPES) + len(PUBLISHED) + 3


@pytest.mark.parametrize("pattern", PATTERNS.values(), ids=lambda pattern: pattern.name)
def test_a_reply_is_streamed_in_tokens_at_equal_intervals(pattern: Pattern) -> None:
    for reply in pattern.turns:
        pieces = pieces_of(reply, "repl")
        assert "".join(piece.text for piece in pieces) == reply
        assert [piece.tokens for piece in pieces] == list(range(1, len(tokens_of(reply)) + 1))
        assert pieces[-1].at == pytest.approx(written_s(reply))


@pytest.mark.parametrize("pattern", PATTERNS.values(), ids=lambda pattern: pattern.name)
def test_dspy_gets_the_same_code_at_the_same_times_in_one_block(pattern: Pattern) -> None:
    for reply in pattern.turns:
        pieces = pieces_of(reply, "dspy")
        text = "".join(piece.text for piece in pieces)
        code = text.partition("```python\n")[2].partition("\n```\n")[0]
        flags = ast.PyCF_ONLY_AST | ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
        written = compile("\n".join(cell.code for cell in cells_of(reply)), "", "exec", flags=flags)
        assert ast.dump(compile(code, "", "exec", flags=flags)) == ast.dump(written)
        assert pieces[-1].at == pytest.approx(written_s(reply))


def test_a_loop_over_known_items_can_begin_before_its_body_is_written() -> None:
    best = best_of(Pattern("loop", (LOOP,)))
    starts = {call.starts_s for call in best.calls}
    assert starts == {when_written(LOOP, 'llm_query(f"Note: {row}")')}
    assert best.seconds == pytest.approx(max(written_s(LOOP), max(starts) + 0.3))


def test_a_loop_can_be_said_to_need_all_of_its_body_after_the_first_call() -> None:
    best = best_of(Pattern("loop", (LOOP,), complete={"Note": "row.upper()"}))
    first, *others = [call.starts_s for call in best.calls]
    assert first < when_written(LOOP, "row.upper()")
    assert set(others) == {when_written(LOOP, "row.upper()")}


def test_calls_of_a_comprehension_are_written_when_all_of_it_is() -> None:
    reply = blocks('print([llm_query(f"Note: {row}") for row in context.splitlines()[:2]], 1)')
    assert {call.starts_s for call in best_of(Pattern("comprehension", (reply,))).calls} == {
        when_written(reply, "[:2]]")
    }


def test_a_call_of_a_function_is_written_when_the_function_is_called() -> None:
    reply = blocks('def note(row):\n    return llm_query(f"Note: {row}")\n\nfirst = note("a")\nprint(first)')
    assert best_of(Pattern("function", (reply,))).calls[0].starts_s == when_written(reply, 'note("a")')


def test_a_chain_waits_for_each_reply() -> None:
    best = best_of(Pattern("chain", (CHAIN,)))
    assert best.seconds == pytest.approx(best.calls[0].starts_s + 4 * 0.3)


def test_a_call_that_a_reply_decides_on_waits_for_it() -> None:
    best = best_of(Pattern("branch", (BRANCH,), waits=(Wait("Why", "Relevant"),)))
    ends = {call.prompt.partition(": ")[2]: call.ends_s for call in best.calls if call.prompt.startswith("R")}
    reasons = [call for call in best.calls if call.prompt.startswith("Why")]
    assert reasons
    assert all(call.starts_s >= ends[call.prompt.partition(": ")[2]] for call in reasons)


def test_turns_follow_each_other() -> None:
    best = best_of(PATTERNS["turn3_chain"])
    assert [call.turn for call in best.calls] == [0, 1, 2]
    assert best.seconds == sum(best.turns_s)


def test_output_and_exceptions_are_those_of_python() -> None:
    ((output, error),) = best_of(PATTERNS["crash_after_dispatch"]).outputs[0]
    assert (output.count("note"), error) == (6, "ZeroDivisionError")
    assert best_of(PATTERNS["tool_error_raises"]).outputs[0][0][1] == "Refused"


def test_runs_that_differ_have_no_time() -> None:
    fine, other = Run(1.0, 0.02, 4, 1), Run(2.0, 0.04, 4, 0, "the root model was shown another output")
    assert measured([fine, fine._replace(seconds=3.0), fine]).seconds == 1.0
    both = measured([fine, other])
    assert (both.seconds, both.made, both.in_vain, both.why_not) == (None, 8, 1, other.why_not)


def test_tables_compare_with_the_best_peer_that_ran_and_with_the_limit() -> None:
    chain = Pattern("chain", (CHAIN,))
    best = {"chain": best_of(chain)}
    limit = best["chain"].seconds
    did = {
        "serial": Run(4 * limit),
        "slow peer": Run(3 * limit, 0.1, 4),
        "fast peer": Run(2 * limit, 0.1, 4),
        "wrong peer": Run(limit, 0.1, 4, 0, "another output"),
        "HARLM": Run(1.04 * limit, 0.05, 5, 1),
    }
    done = {"chain": {name: measured([run]) for name, run in did.items()}}
    assert list(seconds("", [chain], best, done).rows[0][-4:]) == ["0.52", "1.04", "50", "1 of 5"]
    assert list(wanted({"all": [chain]}, best, done).rows[0]) == [
        "all", "1 of 1", "1 of 1", "1 of 1", "20.0% (1 of 5)",
    ]  # fmt: skip
    by_name = {row[0]: row[1:] for row in systems("", best, done).rows}
    assert list(by_name["wrong peer"])[:2] == ["0 of 1", 0]
    assert list(by_name["HARLM"]) == ["1 of 1", 1, "1.04", "50", 1, "20.0%"]
