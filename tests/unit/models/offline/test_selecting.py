"""The code that selects documents and things in them, run over a small context."""

from __future__ import annotations

from typing import Any

import pytest

from harlm.guest.tables import NamedText
from harlm.models.offline.intents import Condition, Selection
from harlm.models.offline.line_logic import read_logic
from harlm.models.offline.linking import linked
from harlm.models.offline.selecting import docs_of, items_of

CONTEXT = [
    NamedText("pkg/a.py", "import re\nimport json\n\nLIMIT = 3\n\nclass Base:\n    def run(self): ...\n\n\ndef run_all(): ...\n"),
    NamedText("pkg/b.py", "import re\n\nclass Child(Base):\n    pass\n"),
    NamedText("log.txt", "ERROR one\nfine\nan error two\n"),
    NamedText("t.csv", "name,status\nx,ok\ny,failed\n"),
]  # fmt: skip


def selected(what: Selection) -> tuple[list[str], list[str]]:
    """The names of the documents, and the labels of the things, that a selection selects."""
    names: dict[str, Any] = {"context": CONTEXT}
    exec(compile(linked(f"{docs_of(what)}\n{items_of(what)}"), "<program>", "exec"), names)
    assert len(names["labels"]) == len(names["items"])
    return [doc.name for doc in names["docs"]], names["labels"]


def condition(relation: Any, value: str, kind: str = "name") -> Condition:
    return Condition(relation=relation, value=value, kind=kind)


def logic(said: str) -> Condition:
    read = read_logic(said)
    assert read is not None
    return Condition(relation="logic", value=str(read), logic=read)


@pytest.mark.parametrize(
    ("what", "documents"),
    [
        (Selection(unit="line"), ["pkg/a.py", "pkg/b.py", "log.txt", "t.csv"]),
        (Selection(unit="line", scope="pkg"), ["pkg/a.py", "pkg/b.py"]),
        (Selection(unit="line", scope="pkg.b"), ["pkg/b.py"]),
        (Selection(unit="line", scope="nothing"), []),
        (Selection(unit="line", definer="Child"), ["pkg/b.py"]),
        (Selection(unit="line", definer="Nothing"), []),
    ],
    ids=str,
)
def test_documents(what: Selection, documents: list[str]) -> None:
    assert selected(what)[0] == documents


@pytest.mark.parametrize(
    ("what", "labels"),
    [
        (Selection(unit="class"), ["Base", "Child"]),
        (Selection(unit="class", condition=condition("inherit", "Base")), ["Child"]),
        (Selection(unit="function"), ["run_all"]),
        (Selection(unit="method"), ["run"]),
        (Selection(unit="constant"), ["LIMIT"]),
        (Selection(unit="class", condition=condition("begin", "Ch")), ["Child"]),
        (Selection(unit="class", condition=condition("end", "se")), ["Base"]),
        (Selection(unit="class", condition=condition("contain", "HIL")), ["Child"]),
        (Selection(unit="class", condition=condition("define", "Base")), ["Base"]),
        (Selection(unit="import"), ["re", "json"]),
        (Selection(unit="document", condition=condition("import", "re")), ["pkg/a.py", "pkg/b.py"]),
        (Selection(unit="document", condition=condition("define", "Child", "class")), ["pkg/b.py"]),
        (Selection(unit="document", condition=condition("contain", "error")), ["log.txt"]),
        (Selection(unit="document", scope="pkg"), ["pkg/a.py", "pkg/b.py"]),
        (Selection(unit="line", scope="log.txt", condition=logic("contain error and one")), ["ERROR one"]),
        (Selection(unit="line", scope="log.txt", condition=logic("do not contain error")), ["fine"]),
        (Selection(unit="document", condition=logic("contain re but not json")), ["pkg/b.py"]),
        (Selection(unit="document", endings=(".csv", ".txt")), ["log.txt", "t.csv"]),
        (Selection(unit="document", condition=condition("begin", "lo")), ["log.txt"]),
        (Selection(unit="line", scope="log.txt", condition=condition("word", "error")), ["ERROR one", "an error two"]),
        (Selection(unit="line", scope="log.txt", condition=condition("word", "ERROR")), ["ERROR one"]),
        (Selection(unit="line", scope="log.txt", condition=condition("begin", "ERROR")), ["ERROR one"]),
        (Selection(unit="line", scope="log.txt", condition=condition("end", "two")), ["an error two"]),
    ],
    ids=str,
)  # fmt: skip
def test_things(what: Selection, labels: list[str]) -> None:
    assert selected(what)[1] == labels


@pytest.mark.parametrize("relation", ["contain", "word", "begin", "end"])
@pytest.mark.parametrize("value", ["'", '"', "\\", "{x}", "a\nb", "#"])
def test_a_value_with_quotes_or_braces_stays_data(relation: str, value: str) -> None:
    assert selected(Selection(unit="line", condition=condition(relation, value)))[1] == []
