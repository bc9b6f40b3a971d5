from __future__ import annotations

from dataclasses import replace

import pytest

from harlm.models.offline.intents import (
    Compare,
    Condition,
    Count,
    Describe,
    Intent,
    ListAll,
    Lookup,
    Selection,
    Summarise,
    Superlative,
    ValueOf,
    WhereDefined,
    YesNo,
    read_intent,
)
from harlm.models.offline.line_logic import read_logic


def selection(
    unit: str, relation: str = "", value: str = "", kind: str = "name", **rest: object
) -> Selection:
    condition = Condition(relation=relation, value=value, kind=kind) if relation else None  # type: ignore[arg-type]
    return Selection(unit=unit, condition=condition, **rest)  # type: ignore[arg-type] # names of the test's table


def logic(unit: str, said: str) -> Selection:
    read = read_logic(said)
    assert read is not None
    return Selection(unit=unit, condition=Condition(relation="logic", value=str(read), logic=read))  # type: ignore[arg-type]


TABLE: list[tuple[str, Intent]] = [
    ("Which module defines the class Fraction?", WhereDefined("class", "Fraction")),
    ("Where is urlopen defined?", WhereDefined("name", "urlopen")),
    ("In which file is the function parse_headers defined?", WhereDefined("function", "parse_headers")),
    ("Which module defines the base class of HTTPServer?", WhereDefined("class", "HTTPServer", base=True)),
    (
        "Where is the parent class of JSONDecodeError defined?",
        WhereDefined("class", "JSONDecodeError", base=True),
    ),
    ("What is the value of _MAXLINE in http/client.py?", ValueOf("_MAXLINE", "http/client.py")),
    ("What is the default value of retryCount?", ValueOf("retryCount")),
    ("What is the value of friendship?", Lookup()),
    ("What does the function shutil.which do?", Describe("shutil.which")),
    ("What does the committee do with the money?", Lookup()),
    ("How many modules import asyncio?", Count(selection("document", "import", "asyncio"))),
    ('How many files contain "TODO"?', Count(logic("document", "contain 'TODO'"))),
    ("How many files contain ERROR and billing?", Count(logic("document", "contain ERROR and billing"))),
    ("How many Python files are there?", Count(selection("document", endings=(".py", ".pyi")))),
    ("How many files end with .md?", Count(selection("document", endings=(".md",)))),
    ("How many .toml files are there?", Count(selection("document", endings=(".toml",)))),
    ("How many functions are defined?", Count(selection("function"))),
    ("How many functions are defined and tested?", Lookup()),
    ("How many lines do not contain ERROR?", Count(logic("line", "do not contain ERROR"))),
    ("How many lines contain billing and were written after noon?", Lookup()),
    ("How many classes are defined in json/decoder.py?", Count(selection("class", scope="json/decoder.py"))),
    ("How many lines contain the word error?", Count(logic("line", "contain error"))),
    ("How many lines start with ERROR?", Count(logic("line", "start with ERROR"))),
    ("How many times does the word deprecated appear?", Count(selection("occurrence", "word", "deprecated"))),
    ("How many documents are there?", Count(selection("document"))),
    ("How many classes inherit from Exception?", Count(selection("class", "inherit", "Exception"))),
    ("Which modules import socketserver?", ListAll(selection("document", "import", "socketserver"))),
    ("List all functions defined in heapq", ListAll(selection("function", scope="heapq"))),
    ("What are the subclasses of TCPServer?", ListAll(selection("class", "inherit", "TCPServer"))),
    (
        "What does the module that defines the class Fraction import?",
        ListAll(selection("import", definer="Fraction")),
    ),
    ("What does json/decoder.py import?", ListAll(selection("import", scope="json/decoder.py"))),
    ("Which module has the most lines?", Superlative(selection("document"), "lines", True)),
    ("Which module defines the fewest classes?", Superlative(selection("document"), "class", False)),
    ("What is the largest file?", Superlative(selection("document"), "characters", True)),
    ("Which is longer, heapq.py or bisect.py?", Compare("heapq.py", "bisect.py", "lines", True)),
    ("Compare heapq and bisect", Compare("heapq", "bisect")),
    (
        "Does json/decoder.py import re?",
        YesNo(selection("document", "import", "re", scope="json/decoder.py")),
    ),
    ("Is there a class named OrderedDict?", YesNo(selection("class", "define", "OrderedDict", "class"))),
    ("Did Napoleon win at Waterloo?", YesNo(None)),
    ("Summarise the document", Summarise("")),
    ("What is this report about?", Summarise("")),
    ("What is the module for?", Summarise("")),
    ("What does this script do?", Summarise("")),
    ("What is the vault code?", Lookup()),
    ("How many people live in Lisbon?", Lookup()),
    ("How many documents did the bank publish?", Lookup()),
]


@pytest.mark.parametrize(("question", "intent"), TABLE, ids=[question for question, _ in TABLE])
def test_the_intent_of_a_question(question: str, intent: Intent) -> None:
    read = read_intent(question, has_code=True)
    assert _plainly(read) == intent


def _plainly(intent: Intent) -> Intent:
    """The intent with ``is_plain`` set, which another test covers."""
    match intent:
        case Count(what) | ListAll(what) | Superlative(what):
            return replace(intent, what=replace(what, is_plain=True))
        case YesNo(what) if what is not None:
            return replace(intent, what=replace(what, is_plain=True))
        case _:
            return intent


@pytest.mark.parametrize(
    "question",
    [
        "Which module defines the class Fraction?",
        "How many classes are defined in the treaty?",
        "Which line has the most stops?",
        "How many rows did the army march in?",
        "What line uses trams?",
    ],
)
def test_words_of_code_have_their_ordinary_meaning_in_a_context_without_code(question: str) -> None:
    assert read_intent(question, has_code=False) == Lookup()
