"""Laws of what a user is told: citations hold, usage adds up, replies are read without harm."""

from __future__ import annotations

import ast

from hypothesis import given
from hypothesis import strategies as st

from harlm.context import cite, load
from harlm.engine.replies import parse_not_found, parse_reply
from harlm.types import Usage

DOCUMENTS = {
    "docs/tls.md": 'TLS 1.1 is "disabled".\nTLS 1.3 is preferred.',
    "a.py": "x = [1, 2]\ny = x[0]\n",
    "<stdin>": "The vault code is 4711.\n\n" * 5,
}
CONTEXT = load(DOCUMENTS)

BRACKETS = st.sampled_from(
    [
        *("[", "]", "(", '"', "“", "”", ":", " ", "\n", "\\", '\\"'),
        *("docs/tls.md", "a.py", "<stdin>", "nope.md", ":1", ":2", ":99", ", line 2", "p3"),
        *(
            "TLS 1.3 is preferred.",
            "The vault code is 4711.",
            "x = [1, 2]",
            "not there",
            "text",
            '[a.py:1 "x"]',
        ),
    ]
)
CLAIMS = st.lists(BRACKETS, max_size=25).map("".join)


@given(CLAIMS | st.text(max_size=100))
def test_every_citation_stands_verbatim_at_its_place(text: str) -> None:
    cited = cite(text, CONTEXT)
    for each in cited.citations:
        whole = DOCUMENTS[each.source]
        assert whole[each.start : each.end] == each.quote
        assert each.line == whole.count("\n", 0, each.start) + 1
        assert each.place == f"{each.source}:{each.line}"
        assert f"[{each.place}]" in cited.text


USAGES = st.builds(
    Usage,
    calls=st.integers(0, 9),
    input_tokens=st.integers(0, 9**6),
    output_tokens=st.integers(0, 9**6),
    cost_micros=st.none() | st.integers(0, 9**6),
    estimated=st.booleans(),
)
BOOKED = st.builds(lambda usage, model: usage.of_model(model), USAGES, st.sampled_from("abc"))


@given(st.lists(BOOKED, max_size=8), st.integers(0, 8))
def test_usage_adds_up_in_any_grouping_and_to_the_sum_of_its_models(parts: list[Usage], cut: int) -> None:
    total = sum(parts, Usage())
    assert total == sum(parts[:cut], Usage()) + sum(parts[cut:], Usage())
    assert total.calls == sum(each.calls for each in total.by_model.values())
    assert total.input_tokens == sum(part.input_tokens for part in parts)
    assert (total.cost_micros is None) == any(part.cost_micros is None for part in parts)


REPLIES = st.lists(
    st.sampled_from(
        [
            "```",
            "```repl\n",
            "```python\n",
            "~~~",
            "````",
            "\n",
            "x = 1",
            "FINAL(",
            ")",
            "FINAL_VAR(x)",
            '"',
            "text",
            "  ",
            "SUBMIT(",
            "'",
        ]
    ),
    max_size=20,
).map("".join)


@given(REPLIES | st.text(max_size=200))
def test_any_reply_can_be_taken_apart(text: str) -> None:
    reply = parse_reply(text)
    for cell in reply.cells:
        assert all(line.strip() in text for line in cell.splitlines())
    if reply.finish is not None:
        ast.parse(reply.finish)
        assert not reply.finish.startswith("SUBMIT")
    parse_not_found(text)
