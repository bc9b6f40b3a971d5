from __future__ import annotations

import pytest

from harlm.context import profile
from harlm.types import Context, Document

PROSE = (
    "The committee met on a cold morning and decided, after some debate, "
    "to postpone the matter until spring. " * 40
)


def test_a_profile_counts_and_names() -> None:
    context = Context(
        documents=(Document(name="a.py", text="x = 1\n" * 500, kind="code"), Document(name="b", text="y"))
    )
    known = profile(context)
    assert (known.documents, known.characters, known.structure) == (2, 3001, "code")
    assert known.kinds == (("code", 1), ("text", 1))
    assert known.largest[0] == ("a.py", 3000)


@pytest.mark.parametrize(
    ("text", "structure"),
    [
        (PROSE, "prose"),
        ("2026-01-01 10:00:00 INFO worker=3 took=12ms\n" * 200, "records"),
        ("ada,36,london\nbob,41,paris\n" * 100, "records"),
        ("\n".join(PROSE[i : i + 70] for i in range(0, 3500, 70)), "prose"),
    ],
)
def test_structure_is_judged_by_a_sample_of_lines(text: str, structure: str) -> None:
    assert profile(Context.of_text(text)).structure == structure


def test_a_context_without_a_main_structure_is_mixed() -> None:
    documents = (Document(name="a", text=PROSE), Document(name="b.py", text="x" * len(PROSE), kind="code"))
    assert profile(Context(documents=documents)).structure == "mixed"
