from __future__ import annotations

from harlm.types import Context, Task


def test_a_task_leaves_mode_and_strategy_to_the_router() -> None:
    task = Task(question="Who?", context=Context.of_text("Ada."))
    assert (task.mode, task.strategy) == ("auto", None)
