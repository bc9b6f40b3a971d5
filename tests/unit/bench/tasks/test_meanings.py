"""A model is asked without being told the task, so that a question must mean something in one task only."""

from __future__ import annotations

import pytest

from harlm_bench.tasks import family, names, sizes

_WRAPPERS = {"chaos"}
_OWN = [each for each in names() if each not in _WRAPPERS]


@pytest.mark.parametrize("name", _OWN)
def test_no_other_task_understands_a_question(name: str) -> None:
    questions = family(name).window(5, min(4_096, sizes(name)[1]), 12).questions
    others = [family(each) for each in _OWN if each != name]
    taken = [
        (each.text, other.name)
        for each in questions
        for other in others
        if other.understand(each.text) is not None
    ]
    assert not taken
