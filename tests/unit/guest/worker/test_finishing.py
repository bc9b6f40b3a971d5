"""What a cell means by the ways to finish."""

from __future__ import annotations

import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harlm.guest.worker.finishing import content_of, expression, is_quoted, name_in, only


def test_a_single_value_may_have_any_name() -> None:
    assert only("F", (1,), {}) == only("F", (), {"anything": 1}) == 1
    for values, named in (((), {}), ((1, 2), {}), ((1,), {"a": 2})):
        with pytest.raises(TypeError, match="F takes one value, not"):
            only("F", values, named)


@pytest.mark.parametrize("text", ["x", " x ", "`x`", "'x'", '"x"\n', " `x` "])
def test_a_name_has_nothing_around_it(text: str) -> None:
    assert name_in(text) == "x"


@pytest.mark.parametrize(
    "source",
    [
        """FINAL_VAR("d['a']")""",
        """FINAL_VAR('d[\\'a\\']')""",
        """x = 1\nif x:\n    FINAL_VAR( name = "d['a']", )""",
        """FINAL_VAR (variable_name="d['a']")""",
    ],
)
def test_a_text_in_quotes_is_recognised(source: str) -> None:
    assert is_quoted("d['a']", ["x = 1", source])


@pytest.mark.parametrize(
    "source",
    [
        "FINAL_VAR(text)",
        """text = "d['a']"\nFINAL_VAR(text)""",
        """FINAL_VAR("d['a']" + more)""",
        "FINAL_VAR(f\"d['a']\")",
    ],
)
def test_a_value_that_happens_to_be_the_text_is_not_in_quotes(source: str) -> None:
    assert not is_quoted("d['a']", [source])


@given(st.text(alphabet="FINAL_VAR('\"\\\\=, )\n", max_size=60))
def test_any_source_can_be_searched(source: str) -> None:
    is_quoted("x", [source])


@pytest.mark.parametrize(
    "piece", ["FINAL_VAR(", "FINAL_VAR('", "FINAL_VAR(a=", "FINAL_VAR(\"'", 'FINAL_VAR("\\\\']
)
def test_a_long_hostile_source_is_searched_in_linear_time(piece: str) -> None:
    started = time.process_time()
    assert not is_quoted("x", [piece * 50_000])
    assert time.process_time() - started < 5


@pytest.mark.parametrize(
    "text",
    [
        "d['a']",
        "obj.x",
        "len(rows)",
        "[r for r in rows]",
        "sum(r for r in rows)",
        "sorted(rows, key=lambda r: r)",
    ],
)
def test_an_expression_over_variables_is_one(text: str) -> None:
    assert expression(text, {"d", "obj", "rows"}) == text


@pytest.mark.parametrize(
    "text",
    [
        "42",
        "The answer is 42.",
        "Paris, France",
        "red - blue",
        "example.com",
        "len('abc')",
        "d[",
        "d" * 3_000,
        "(" * 300,
        "\0",
    ],
)
def test_a_text_that_uses_no_variable_is_not_an_expression(text: str) -> None:
    assert expression(text, {"d", "rows"}) is None


@pytest.mark.parametrize("text", ["e['a']", "f(d)", "d[e]"])
def test_an_item_or_a_call_of_what_does_not_exist_is_a_mistake(text: str) -> None:
    with pytest.raises(
        NameError, match=r"FINAL_VAR\(.*there is no variable '[ef]'; SHOW_VARS\(\) lists them"
    ):
        expression(text, {"d"})


@pytest.mark.parametrize(
    ("answer", "content"),
    [
        ({"content": "c", "ready": True}, "c"),
        ({"content": None, "ready": True}, None),
        ({"ready": True}, None),
        ({"content": None, "value": 42, "ready": True}, 42),
        ({"content": "c", "value": 42}, "c"),
        ({"content": "", "value": 42}, ""),
        ({"content": 0, "value": 42}, 0),
        ({"result": 1, "why": "b", "ready": True}, {"result": 1, "why": "b"}),
        ({"result": None, "why": "b"}, "b"),
        ({7: [1]}, [1]),
    ],
)
def test_the_answer_dict_may_have_any_key(answer: dict[Any, Any], content: object) -> None:
    assert content_of(answer) == content
