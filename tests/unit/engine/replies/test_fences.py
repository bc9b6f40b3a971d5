"""Opening fences and the tags of blocks."""

from __future__ import annotations

import pytest

from harlm.engine.replies.fences import Kind, fence_of, is_code_line, is_tag, kind_of, opening_at
from harlm.engine.replies.python import Parser


@pytest.mark.parametrize(
    ("tag", "kind"),
    [
        *((tag, "python") for tag in ("repl", "python", "py", "py3", "python3.11", "Python", "ipython", "jupyter")),
        *((tag, "python") for tag in ("code", "tool_code", "pycon", "python-repl", "notebook", "main.py", "python3_cell")),
        *((tag, "other") for tag in ("json", "sql", "bash", "pytb", "js-repl", "python-traceback", "text", "pyramid")),
        ("", "bare"),
    ],
)  # fmt: skip
def test_tags_of_python_are_recognised(tag: str, kind: Kind) -> None:
    assert kind_of(tag) == kind


@pytest.mark.parametrize(
    ("line", "tag", "length"),
    [
        ("```repl\n", "repl", 3),
        ("````{python}\n", "python", 4),
        ("~~~ {.python .line}\n", "python", 3),
        ('  ```python title="x"\n', "python", 3),
        ("1. ```py", "py", 3),
        ("- > ```repl\n", "repl", 3),
        ("* 2) ~~~python:main.py\n", "python", 3),
        ("```\n", "", 3),
    ],
)
def test_opening_fences_are_read_in_every_form(line: str, tag: str, length: int) -> None:
    fence = opening_at(line, 0, len(line), Parser())
    assert fence is not None
    assert (fence.tag, fence.length, fence.first) == (tag, length, "")


@pytest.mark.parametrize(
    "line", ["``repl\n", "```x``` is inline\n", "words ```repl\n", "text\n", "", "1.```\n"]
)
def test_other_lines_are_not_opening_fences(line: str) -> None:
    assert opening_at(line, 0, len(line), Parser()) is None


@pytest.mark.parametrize(
    ("info", "kind", "first"),
    [
        ("repl x = 1; print(x)", "python", "x = 1; print(x)"),
        ("import re", "bare", "import re"),
        ("python main.py", "python", ""),
        ('python title="x"', "python", ""),
        ("the rest of a sentence", "other", ""),
    ],
)
def test_code_may_stand_on_the_line_of_its_fence(info: str, kind: Kind, first: str) -> None:
    fence = fence_of("```", info, Parser())
    assert (fence.kind, fence.first) == (kind, first)


def test_words_after_a_fence_are_told_from_tags() -> None:
    parser = Parser()
    assert all(
        is_tag(info, parser) for info in ("repl", "json", "python {.x}", "python x = f(1)", "{python}")
    )
    assert not any(
        is_tag(info, parser) for info in ("", "and then", "python words follow", "Done", "json words")
    )
    assert not is_code_line("x " * 1_000, parser)


def test_documents_in_markdown_nest() -> None:
    assert fence_of("```", "markdown", Parser()).nests
    assert not fence_of("```", "text", Parser()).nests
