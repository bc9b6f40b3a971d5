"""The check of an answer of the demo: right answers agree, wrong ones differ."""

from __future__ import annotations

import sysconfig
from pathlib import Path

from harlm import HARLM
from harlm.demo.questions import QUESTIONS, ask
from harlm.testing import ScriptedModel
from harlm.types import Context, Document


def test_wrong_answers_differ_from_the_truth() -> None:
    """The library is the real one; the context is too small to answer from, and the model is wrong."""
    library = Path(sysconfig.get_path("stdlib"))
    documents = (
        Document(text="Nothing about Python.", name="a.txt"),
        Document(text="Nor here.", name="b.txt"),
    )
    context = Context(documents=documents, shape="documents")
    client = HARLM(model=ScriptedModel(lambda messages: "FINAL(9)"), mode="direct")
    lines: list[str] = []
    right = [
        ask(client, number, question, context, library, lines.append)
        for number, question in enumerate(QUESTIONS, start=1)
    ]
    assert right == [False] * 7
    shown = "\n".join(lines)
    assert shown.count("DIFFERS with ast: ") == 7
    assert "AGREES" not in shown
    assert "DIFFERS with ast: fractions.py" in shown
