"""How a statement waits for a pending value."""

from __future__ import annotations

import ast

import pytest

from harlm.guest.scout.operations import apply
from harlm.guest.scout.pending import Pending, Steps, settled
from harlm.guest.scout.tasks import ScoutTask
from harlm.guest.scout.waiting import arrived, evaluated, head, patiently, run_separately, truth_of
from tests.support.scout_blocks import Calls, arrive, task_over


def finished(steps: Steps, task: ScoutTask) -> list[object]:
    """Run steps in a task; the list holds how they ended, once they have."""
    ended: list[object] = []

    def whole() -> Steps:
        ended.append((yield from steps))

    task.start(whole(), lambda: lambda: None)
    return ended


def test_a_careful_statement_is_tried_again_each_time_that_a_value_has_arrived() -> None:
    first, second, tries = Pending(), Pending(), list[int]()
    task = task_over(careful=True)

    def make() -> object:
        tries.append(1)
        return apply(task, lambda a, b: a + b, first, second)

    ended = finished(patiently(make, task), task)
    arrive(first, "a", task)
    assert ended == []
    arrive(second, "b", task)
    assert (ended, len(tries)) == (["ab"], 3)


def test_a_careful_statement_makes_each_of_its_calls_once() -> None:
    calls = Calls()
    task = task_over(calls, "llm_query('x')", careful=True)
    expression = ast.parse("llm_query('a') + llm_query('b')", mode="eval").body
    ended = finished(evaluated(expression, task.world.frame, task), task)
    for reply in calls.replies:  # grows while the statement is tried again
        arrive(reply, "reply ", task)
    assert [asking.values for asking in calls.asked] == [["a"], ["b"]]
    assert ended == ["reply reply "]


def test_ordinary_code_that_looks_at_a_pending_value_makes_a_careful_statement_wait() -> None:
    pending = Pending()
    task = task_over(careful=True)
    ended = finished(patiently(lambda: settled(pending) + 1, task), task)
    assert ended == []
    arrive(pending, 1, task)
    assert ended == [2]


def test_the_head_of_a_statement_is_pending_unless_the_task_is_careful() -> None:
    pending = Pending()
    for careful in (False, True):
        task = task_over(careful=careful, a=pending)
        test = ast.parse("a > 1", mode="eval").body
        ended = finished(truth_of(test, task.world.frame, task), task)
        assert len(ended) == (0 if careful else 1)
    ended = finished(head(lambda: 5, task_over()), task_over())
    assert ended == [5]


def test_an_error_of_the_awaited_value_is_raised_where_it_is_waited_for() -> None:
    pending = Pending()
    task = task_over()
    caught: list[BaseException] = []

    def steps() -> Steps:
        try:
            yield from arrived(pending)
        except KeyError as error:
            caught.append(error)

    finished(steps(), task)
    pending.fail(KeyError("refused"), task.world.ready)
    task.world.ready.round()
    assert [type(error) for error in caught] == [KeyError]


@pytest.mark.parametrize("careful", [False, True])
def test_statements_in_a_task_of_their_own_leave_pending_names_behind(careful: bool) -> None:
    pending = Pending()
    task = task_over(a=pending, b=0)
    nodes = ast.parse("b = a + 1\nc = 2").body
    run_separately(
        nodes, task.world.frame, task, lambda own, inner: own.world.run(nodes, inner, own), is_careful=careful
    )
    # A careful block waits at its first statement, so what it binds later is pending as well.
    assert type(task.world.names["b"]) is Pending
    assert (type(task.world.names["c"]) is Pending) == careful
    arrive(pending, 1, task)
    assert [settled(task.world.names[name]) for name in "bc"] == [2, 2]
