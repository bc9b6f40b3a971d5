"""Which finishes are accepted."""

from __future__ import annotations

from harlm.engine import prompts
from harlm.engine.acceptance import Acceptance
from harlm.engine.typed_answers import Fitting
from harlm.typed import schema_of
from harlm.types import Final

COMPUTED, WRITTEN = ("FINAL(len(context))",), ("FINAL('Paris')",)


def reason(
    acceptance: Acceptance, value: object, cells: tuple[str, ...], *, is_last_turn: bool = False
) -> str:
    return acceptance.reason_against(Final(value=value), cells, is_last_turn=is_last_turn)


def test_before_any_output_only_a_computed_value_is_accepted() -> None:
    acceptance = Acceptance()
    assert reason(acceptance, "Paris", WRITTEN) == prompts.TOO_EARLY
    assert reason(acceptance, 7, COMPUTED) == ""
    acceptance.has_seen_output = True
    assert reason(acceptance, "Paris", WRITTEN) == ""


def test_an_empty_value_is_not_accepted_though_it_is_computed() -> None:
    acceptance = Acceptance()
    acceptance.has_seen_output = True
    assert reason(acceptance, " \n", COMPUTED) == prompts.EMPTY
    assert reason(acceptance, 0, COMPUTED) == ""


def test_asking_does_not_refuse_and_a_refusal_is_the_only_one() -> None:
    acceptance = Acceptance()
    for _ in range(2):
        assert reason(acceptance, "Paris", WRITTEN)
    acceptance.refuse(prompts.TOO_EARLY)
    assert reason(acceptance, "Paris", WRITTEN) == ""
    assert reason(acceptance, "", COMPUTED) == ""


def test_in_the_last_turn_everything_is_accepted() -> None:
    assert reason(Acceptance(), "", WRITTEN, is_last_turn=True) == ""


def test_a_value_that_does_not_follow_the_schema_is_refused_besides() -> None:
    acceptance = Acceptance(Fitting(schema_of(int)))
    assert reason(acceptance, "Paris", WRITTEN) == prompts.TOO_EARLY
    acceptance.refuse(prompts.TOO_EARLY)
    for _ in range(3):
        said = reason(acceptance, "Paris", WRITTEN)
        assert said.startswith("Not finished yet: the value does not follow the JSON Schema")
        acceptance.refuse(said)
    assert reason(acceptance, "Paris", WRITTEN) == ""
    assert reason(Acceptance(Fitting(schema_of(int))), 7, COMPUTED) == ""
