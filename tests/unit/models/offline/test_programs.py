"""Every program that the offline model can write, run on a small context whose answers are easy to check."""

from __future__ import annotations

import contextlib
import io
from typing import Any

import pytest

from harlm.models.offline import repertoire
from harlm.models.offline.intents import Lookup, read_intent
from harlm.models.offline.programs import NOTHING, plain_search_program, program_for

FILES = {
    "pkg/shapes.py": '"""Shapes."""\nimport math\nfrom os import path\n\nPI = 3\n\nclass Shape:\n    def area(self):\n        return 0\n\n\nclass Circle(Shape):\n    """import numpy"""\n    def area(self):\n        x = 1\n        y = 2\n        return math.pi\n\n\ndef make():\n    return Circle()\n',
    "pkg/app.py": "import asyncio\nimport math\nfrom pkg.shapes import Circle\n\n# TODO: more\nasync def run():\n    def inner():\n        pass\n    return None\n",
    "pkg/tests/test_app.py": "import asyncio.tasks\nclass Shape:\n    pass\n# TODO\n",
    "broken.py": "def broken(:\n",
    "data.csv": 'item,price,status\npear,3.5,ok\n"apple, red",7,failed\nplum,2,failed\n',
    "settings.yaml": "retry_count_max: 7\nretry_count: 5,\nMAX_SIZE = 0x10  # bytes\n",
    "notes.txt": "The word error is here.\nTwo errors there: error.\nERROR at start\n",
}


class Text(str):
    """A document as the REPL has it."""

    __slots__ = ("name",)
    name: str


def documents() -> list[Text]:
    made = []
    for name, content in FILES.items():
        text = Text(content)
        text.name = name
        made.append(text)
    return made


def run(question: str) -> str:
    program = program_for(read_intent(question, has_code=True))
    assert program is not None, question
    names: dict[str, Any] = {"context": documents()}
    with contextlib.redirect_stdout(io.StringIO()) as out:
        exec(compile(program, "<program>", "exec"), names)
    return out.getvalue().strip()


@pytest.mark.parametrize(
    ("question", "begins"),
    [
        ("Which module defines the class Circle?", "pkg/shapes.py\n"),
        ("Which module defines the class Shape?", "pkg/shapes.py\n"),  # tests come last
        ("Where is make defined?", "pkg/shapes.py\n"),
        ("Where is PI defined?", "pkg/shapes.py\n"),
        ("Where is the class Nothing defined?", NOTHING),
        (
            "Which module defines the base class of Circle?",
            "pkg/shapes.py defines Shape, the base class of Circle.",
        ),
        ("Which module defines the base class of Shape?", NOTHING),
        ("What does Shape do?", NOTHING),
        ("What does the module shapes do?", "Shapes. [pkg/shapes.py:1"),
        ("What does shapes.Circle do?", "import numpy [pkg/shapes.py:13"),
        ("What is the value of PI in pkg/shapes.py?", "3\nPI = 3 [pkg/shapes.py:5"),
        ("What is the value of retry_count?", "5\nretry_count: 5, [settings.yaml:2"),
        ("What is MAX_SIZE set to?", "0x10\nMAX_SIZE = 0x10  # bytes [settings.yaml:3"),
        ("What is the value of NOT_THERE?", NOTHING),
        ("How many modules import asyncio?", "2\n"),
        ("How many modules import math?", "2\n"),
        ("How many modules import numpy?", "0"),
        ('How many files contain "TODO"?', "2\n"),
        ("How many classes are defined in shapes?", "2\n"),
        ("How many functions are defined in pkg/app.py?", "2\n"),
        ("How many methods are defined in pkg/shapes.py?", "2\n"),
        ("How many constants are defined in shapes?", "1\n"),
        ("How many classes inherit from Shape?", "1\n"),
        ("How many lines contain the word error?", "3\n"),
        ("How many lines start with ERROR?", "1\n"),
        ("How many times does the word error appear?", "3\n"),
        ("How many lines does the file notes.txt have?", "3"),
        ("How many words are in the file notes.txt?", "12"),
        ("How many documents are there?", "7\n"),
        ("How many classes are defined in nothing.py?", NOTHING),
        ("Which modules import math?", "2 found:\n- pkg/shapes.py [pkg/shapes.py:2"),
        ("List all classes defined in shapes", "2 found:\n- Shape [pkg/shapes.py:7"),
        ("What are the subclasses of Shape?", "1 found:\n- Circle"),
        ("What does the module that defines the class Circle import?", "2 found:\n- math"),
        ("What does pkg/app.py import?", "3 found:\n- asyncio"),
        ("Which functions are defined in nothing.py?", NOTHING),
        ("Which module has the most lines?", "pkg/shapes.py (21 lines)"),
        ("Which module defines the most classes?", "pkg/shapes.py (2 classes)"),
        ("Which file has the fewest words?", "broken.py (2 words)"),
        ("Which class has the most lines?", "Circle (6 lines)"),
        ("Which is longer, notes.txt or shapes.py?", "pkg/shapes.py\n"),
        ("Which file has fewer lines, notes.txt or shapes.py?", "notes.txt\n"),
        ("Which is longer, notes.txt or nothing.txt?", NOTHING),
        ("Does pkg/app.py import math?", "Yes."),
        ("Does notes.txt import math?", "No."),
        ("Is there a class named Circle?", "Yes."),
        ("Is there a class named Square?", "No."),
    ],
)
def test_programs_find_the_answers(question: str, begins: str) -> None:
    assert run(question).startswith(begins), run(question)


@pytest.mark.parametrize("measure", ["class", "function", "method", "lines", "words", "imports"])
def test_the_largest_and_smallest_are_those_of_a_full_sort(measure: str) -> None:
    docs = documents()
    every = [(repertoire.size_of(doc, measure), doc) for doc in docs]
    for most in range(1, len(docs) + 1):
        down = sorted(every, key=lambda each: -each[0])[:most]
        assert repertoire.biggest(docs, measure, most) == down
        up = [size for size, _ in sorted(every, key=lambda each: each[0])[:most]]
        assert [size for size, _ in repertoire.smallest(docs, measure, most)] == up


def test_a_question_that_has_to_be_read_has_no_program() -> None:
    assert program_for(Lookup()) is None


def test_every_item_is_cited_with_its_line() -> None:
    assert '- math [pkg/app.py:2 "import math"]' in run("What does pkg/app.py import?")


def test_in_a_plain_repl_the_search_prints_what_the_other_one_prints(
    capsys: pytest.CaptureFixture[str],
) -> None:
    def search(question: str, k: int) -> list[dict[str, object]]:
        hit = {"document": 0, "start": 4, "text": " the words ", "place": "notes.txt:2", "score": 0.75}
        return [hit, dict(hit)]

    exec(plain_search_program("where", "who"), {"context": ["a", "b"], "search": search})
    assert capsys.readouterr().out == "documents: 2\nweights: \n=== notes.txt:2 0.7500\nthe words\n"
