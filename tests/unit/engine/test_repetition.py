"""A root model that brings nothing new is noticed."""

from __future__ import annotations

from harlm.engine.repetition import Repetition
from harlm.types import Observation

FOUND = [Observation(output="4711\n", output_chars=5)]


def test_the_same_cell_with_the_same_output_is_a_repetition() -> None:
    repetition = Repetition()
    assert not repetition.ran(["print(context)"], FOUND)
    assert repetition.ran(["print(context)"], FOUND)
    assert not repetition.leads_nowhere, "it is told first"
    assert repetition.ran(["print(context)"], FOUND)
    assert repetition.leads_nowhere


def test_blanks_and_comments_do_not_make_a_cell_new() -> None:
    repetition = Repetition()
    repetition.ran(["print(context)\n"], FOUND)
    assert repetition.ran(["# again\n\nprint( context )"], FOUND)


def test_another_output_error_or_value_is_news() -> None:
    for other in (
        Observation(output="4712\n", output_chars=5),
        Observation(output="4711\n", output_chars=5, error="Boom"),
        Observation(output="4711\n", output_chars=5, names=(("i", "int 2"),)),
        Observation(output="4711\n", output_chars=50_000),
    ):
        repetition = Repetition()
        repetition.ran(["print(next(rows))"], FOUND)
        assert not repetition.ran(["print(next(rows))"], [other])


def test_addresses_of_objects_are_no_news() -> None:
    repetition = Repetition()
    assert not repetition.ran(["print(x)"], [Observation(output="<x at 0x7f00>")])
    assert repetition.ran(["print(x)"], [Observation(output="<x at 0x7f08>")])


def test_the_same_exception_in_a_cell_of_another_number_is_no_news() -> None:
    repetition = Repetition()
    assert not repetition.ran(["ls()"], [Observation(error='File "<cell 1>", line 1\nNameError: ls')])
    assert repetition.ran(["ls()"], [Observation(error='File "<cell 2>", line 1\nNameError: ls')])


def test_a_turn_with_one_new_cell_is_new() -> None:
    repetition = Repetition()
    repetition.ran(["a()"], FOUND)
    assert not repetition.ran(["a()", "b()"], FOUND * 2)
    assert repetition.ran(["b()", "a()", "c()"], FOUND * 2), "the third was not run"


def test_a_loop_of_two_cells_is_a_loop() -> None:
    repetition = Repetition()
    for cell in ("a()", "b()", "a()", "b()"):
        repetition.ran([cell], FOUND)
    assert repetition.leads_nowhere


def test_new_cells_begin_the_count_again() -> None:
    repetition = Repetition()
    repetition.ran(["a()"], FOUND)
    for number in range(5):
        repetition.ran(["a()"], FOUND)
        assert not repetition.leads_nowhere
        repetition.ran([f"b({number})"], FOUND)


def test_not_for_ever() -> None:
    repetition = Repetition()
    turns = 0
    while not repetition.leads_nowhere:
        turns += 1
        repetition.ran([f"b({turns // 2})"], FOUND)
    assert turns < 14


def test_prose_may_be_written_twice_in_a_row() -> None:
    repetition = Repetition()
    for number in (1, 2):
        repetition.wrote_prose()
        assert (repetition.prose, repetition.leads_nowhere) == (number, False)
    repetition.wrote_prose()
    assert repetition.leads_nowhere


def test_code_ends_a_row_of_prose() -> None:
    repetition = Repetition()
    repetition.wrote_prose()
    repetition.ran(["a()"], FOUND)
    assert repetition.prose == 0


def test_prose_and_repeated_cells_in_turns_lead_nowhere_too() -> None:
    repetition = Repetition()
    repetition.ran(["a()"], FOUND)
    repetition.wrote_prose()
    repetition.ran(["a()"], FOUND)
    repetition.wrote_prose()
    assert repetition.leads_nowhere


def test_many_cells_take_bounded_memory() -> None:
    repetition = Repetition()
    for number in range(3_000):
        repetition.ran([f"b({number})"], FOUND)
    assert len(repetition._results) <= 1_000
