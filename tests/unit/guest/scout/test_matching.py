"""``match`` as a scout follows it."""

from __future__ import annotations

import pytest

from tests.support.scout_lines import both

LOOP = """
out = []
for at, row in enumerate(chunks):
    match {subject}:
        {cases}
print(out)
"""


def program(subject: str, *cases: str) -> str:
    return LOOP.format(subject=subject, cases="\n        ".join(cases))


@pytest.mark.parametrize(
    "code",
    [
        program("at % 2", "case 0:", "    out.append(llm_query(f'even {row}'))", "case _:", "    out.append(llm_query(f'odd {row}'))"),
        program("(at, row)", "case (0, first):", "    out.append(llm_query(f'first {first}'))", "case (_, other) if len(other) > 1:", "    out.append(llm_query(other))"),
        program("{'a': row}", "case {'a': str(word)}:", "    out.append(llm_query(f'word {word}'))"),
        program("row", "case 'nothing':", "    out.append(llm_query('never'))"),
    ],
)  # fmt: skip
def test_calls_in_cases_are_asked_for_at_once(code: str) -> None:
    seen = both(code)
    assert seen.foresaw_all
    assert seen.seconds <= 1


def test_a_case_that_a_reply_decides_waits_for_it_and_the_rest_goes_on() -> None:
    code = """
reply = llm_query('which')
match reply[:5]:
    case 'reply':
        x = llm_query('fits')
    case _:
        x = llm_query('other')
y = llm_query('meanwhile')
"""
    seen = both(code)
    assert seen.foresaw_all
    assert seen.seconds == 2


def test_a_guard_that_calls_is_left_to_the_cell() -> None:
    code = "match 1:\n    case 1 if llm_query('guard'):\n        llm_query('inside')\nllm_query('after')"
    assert both(code).ahead == ["after"]
