"""Finishes in prose mean what they mean in code."""

from __future__ import annotations

import ast
import re
import warnings

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harlm.engine.replies.finish import finish_in
from harlm.engine.replies.python import Parser

VARIABLES = {"result": "V", "d": {"a": "W"}, "total": 7}


class Finished(BaseException):
    """The cell has finished."""


def code_of(prose: str) -> str | None:
    finish = finish_in(prose, Parser())
    return None if finish is None else finish.code


def value_of(prose: str) -> object:
    """The value that the finish hands over in a REPL with ``VARIABLES``; the exception that it raises instead."""
    code = code_of(prose)
    assert code is not None
    names: dict[str, object] = {**VARIABLES, "answer": {}}

    def final(value: object) -> None:
        raise Finished(value)

    names |= {"FINAL": final, "FINAL_VAR": lambda name: final(names[name])}
    try:
        exec(code, names)
    except Finished as done:
        return done.args[0]
    except Exception as error:  # noqa: BLE001 - whatever it raises goes back to the model
        return error
    return names["answer"]


@pytest.mark.parametrize(
    ("prose", "value"),
    [
        ('FINAL_VAR(d["a"])', "W"),
        ("FINAL_VAR(result.lower())", "v"),
        ('FINAL_VAR(variable_name="result")', "V"),
        ("FINAL_VAR(`result`)", "V"),
        ("`FINAL_VAR(result)`", "V"),
        ("FINAL_VAR('result')", "V"),
        ("FINAL_VAR(\"d['a']\")", "W"),
        ('FINAL(f"The total is {total}")', "The total is 7"),
        ('FINAL("The total is " + str(total))', "The total is 7"),
        ('SUBMIT(answer="42")', "42"),
        ("SUBMIT(answer=result)", "V"),
        ("SUBMIT(a=1, b=result)", {"a": 1, "b": "V"}),
        ("FINAL(answer=f'{total}')", "7"),
        ("FINAL(result)", "V"),
        ("FINAL(2 * total)", 14),
        ("FINAL(total if total else 3)", 7),
        ("FINAL([x for x in result])", ["V"]),
        ('FINAL({"a": total})', {"a": 7}),
        ("FINAL(total, result)", (7, "V")),
        ('FINAL("a", total)', ("a", 7)),
        ("**FINAL(7)**.", 7),
        ("1. FINAL(7)", 7),
        ("> FINAL(7)", 7),
        ("- `FINAL(7)`", 7),
        ("FINAL(None)", None),
        ('FINAL(\n    "a"\n    "b"\n)', "ab"),
        ('FINAL("""a\nb""")', "a\nb"),
        ('FINAL(":(")\n\nAs shown (see above).', ":("),
        ("FINAL('The answer is \"x\" (see a)')", 'The answer is "x" (see a)'),
        ("FINAL(yes)\nFINAL(no)", "yes"),
    ],
)
def test_what_can_be_evaluated_is(prose: str, value: object) -> None:
    assert value_of(prose) == value


@pytest.mark.parametrize(
    "words",
    [
        *("The answer (see a) is 42.", "Paris", "max", "json", "KeyError", "4,711", "2024-10-12", "10-12", "1/2", "not found"),
        *("Ada and Grace", "Paris, France", "main.py", "docs/tls.md", "It's 42.", "#1 is Paris", "true", "5%, so f(x) = 2", ""),
        *("main() is the entry point of it.", "sad :(", "one\ntwo (2)\nthree", "555-1234", "Ada is right", "New York"),
    ],
)  # fmt: skip
def test_words_stay_words(words: str) -> None:
    assert value_of(f"FINAL({words})") == words


@pytest.mark.parametrize(
    "prose",
    ['FINAL(f"The total is {total)', "FINAL(str(total)", "FINAL(**d)", "FINAL(missing[0])", "FINAL(missing.text)", "FINAL_VAR(my answer)",
     'FINAL("The total is " + str(total)', "FINAL_VAR('not a name')", "FINAL(f(total))"],
)  # fmt: skip
def test_source_that_cannot_be_evaluated_goes_back_to_the_model(prose: str) -> None:
    assert isinstance(value_of(prose), Exception)


@pytest.mark.parametrize(
    "prose",
    [
        "FINAL: 42",
        "Final answer: 42",
        "I will call FINAL(x) later",
        "FINAL(never closed",
        "FINALLY(1)",
        "finally",
        "",
        "So: FINAL(7)",
    ],
)
def test_other_words_do_not_finish(prose: str) -> None:
    assert code_of(prose) is None


def test_assignments_to_the_answer_are_code() -> None:
    prose = 'Done.\n\nanswer["content"] = f"""a\n{total}"""\n\nanswer["ready"] = True\n\nBye.'
    assert value_of(prose) == {"content": "a\n7", "ready": True}
    assert code_of('answer["content"] == 1') is None
    assert code_of('answer["content"] = is it') is None


def test_a_finish_says_where_it_is() -> None:
    finish = finish_in("So:\nFINAL(7)\nThat is it.", Parser())
    assert finish is not None
    assert (finish.start, finish.end) == (4, 12)


@given(st.lists(st.sampled_from(["(", ")", ")\n", ") .\n", "a", "\n", "*"]), max_size=25).map("".join))
def test_a_finish_ends_where_the_specification_says(text: str) -> None:
    bodies = [
        text[: match.start()].strip() for match in re.finditer(r"\)[ \t*.`_]*$", text.rstrip(), re.MULTILINE)
    ]
    balanced = [body for body in bodies if body.count("(") == body.count(")")]
    expected = next(iter([*balanced, *bodies[-1:]]), None)
    assert code_of(f"FINAL({text}") == (None if expected is None else code_of(f"FINAL({expected})"))


@given(
    st.text(alphabet="abf(){}[]\"'`\\\n ,.=:#+-*_019", max_size=40),
    st.sampled_from(["FINAL", "FINAL_VAR", "SUBMIT"]),
)
def test_the_code_of_a_finish_is_python(body: str, name: str) -> None:
    code = code_of(f"{name}({body})")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # such as an escape that means nothing
        assert code is None or isinstance(ast.parse(code), ast.Module)


def test_long_values_are_not_parsed() -> None:
    assert code_of('FINAL("' + "a" * 100_000 + '")') == "FINAL('" + "a" * 100_000 + "')"
    assert (code_of('FINAL(f"' + "a" * 100_000 + '")') or "").startswith('FINAL(\nf"')
    assert (code_of("FINAL(" + "word " * 10_000 + ")") or "").startswith("FINAL('word")
    fields = ", ".join(f"a{number}={number}" for number in range(1_000))
    assert code_of(f"SUBMIT({fields})") is not None
