"""The check of an answer of the demo: right answers agree, wrong ones differ."""

from __future__ import annotations

import sysconfig
from pathlib import Path

from harlm import HARLM
from harlm.demo.questions import ask_all
from harlm.testing import ScriptedModel
from harlm.types import Context, Document


def test_wrong_answers_differ_from_the_truth() -> None:
    """The library is the real one; the context is too small to answer from, and the model is wrong."""
    library = Path(sysconfig.get_path("stdlib"))
    documents = (
        Document(text="Nothing about Python.", name="a.txt"),
        Document(text="Nor here.", name="b.txt"),
    )
    client = HARLM(model=ScriptedModel(lambda messages: "FINAL(9)"), mode="direct")
    lines: list[str] = []
    right = ask_all(client, Context(documents=documents, shape="documents"), library, lines.append)
    assert right == [False] * 8
    shown = "\n".join(lines)
    assert shown.count("DIFFERS with ast: ") == 8
    assert "AGREES" not in shown
    assert "DIFFERS with ast: fractions.py" in shown
