"""How far a look-ahead may go, and how the loop finds its calls."""

from __future__ import annotations

from harlm.guest.scout.pending import Pending, ReadyQueue
from harlm.guest.scout.search import FIRST_WINDOW, Search


def search(outer: Search | None = None, *, is_eager: bool = False, last: Search | None = None) -> Search:
    return Search(outer, ReadyQueue(), is_eager=is_eager, last=last)


def started(looked_through: Search) -> int:
    """How many rounds a look-ahead that makes no calls begins now."""
    count = 0
    while looked_through.may_start() and count < 50:
        looked_through.started()
        count += 1
    return count


def test_the_window_is_two_rounds_at_first_and_grows_with_every_round_that_did_not_end_the_loop() -> None:
    loop = search()
    begun = []
    for _ in range(4):
        begun.append(started(loop))
        loop.survived()
    assert begun == [FIRST_WINDOW, 2, 2, 2]


def test_eager_has_no_window() -> None:
    assert started(search(is_eager=True)) == 50


def test_a_look_ahead_makes_no_more_calls_than_twice_those_of_the_loop() -> None:
    loop = search()
    made: list[int] = []
    for number in range(4):
        while loop.may_ask():
            loop.keep(f"ahead {len(made)}", Pending())
            made.append(number)
        assert loop.take(f"ahead {number}") is not None
    assert [made.count(number) for number in range(4)] == [2, 0, 2, 2]


def test_a_call_for_which_there_is_no_room_is_made_when_there_is() -> None:
    ready, first, reply = ReadyQueue(), Pending(), Pending()
    loop = Search(None, ready, is_eager=False)
    loop.keep("a", first)
    loop.keep("b", Pending())
    late = loop.postpone(lambda: reply)
    ready.round()
    assert loop.take("a") is first
    assert loop.take("c") is None
    ready.round()
    reply.resolve("text", ready)
    ready.round()
    assert late.value == "text"


def test_nothing_looks_ahead_of_a_loop_that_has_ended() -> None:
    loop = search()
    loop.end()
    assert not loop.may_start()


def test_a_look_ahead_that_waits_continues_when_the_loop_has_survived_a_round() -> None:
    loop = search()
    waits_for = loop.advance
    loop.survived()
    assert [waits_for.done, loop.advance.done] == [True, False]


def test_the_loop_takes_each_call_of_its_look_ahead_once_and_in_order() -> None:
    loop, first, second = search(), Pending(), Pending()
    loop.keep("same", first)
    loop.keep("same", second)
    assert loop.take("other") is None
    assert loop.take("same") is first
    assert loop.take("same") is second
    assert loop.take("same") is None


def test_the_look_ahead_takes_each_call_of_the_loop_once() -> None:
    loop, reply = search(), Pending()
    loop.leave("same", reply)
    assert loop.take("same") is None
    assert loop.left("same") is reply
    assert loop.left("same") is None


def test_an_inner_loop_finds_the_calls_of_the_outer_look_ahead() -> None:
    outer, reply = search(), Pending()
    inner = search(outer)
    outer.keep("same", reply)
    assert inner.take("same") is reply


def test_what_a_look_ahead_takes_is_not_needed_yet() -> None:
    outer = search()
    loop = search(outer)
    for number in range(6):
        outer.take(number, ahead_of=loop)
    assert started(outer) == FIRST_WINDOW
    outer.keep("a", Pending())
    outer.keep("b", Pending())
    assert not outer.may_ask()


def test_the_next_search_through_an_iterator_finds_what_the_last_ones_did_not_need() -> None:
    before, replies = None, [Pending() for _ in range(3)]
    for number, reply in enumerate(replies):
        loop = search(last=before)
        loop.keep(number, reply)
        loop.end()
        before = loop
    last = search(last=before)
    assert last.spare(1) is replies[1]
    assert [last.take(number) for number in range(4)] == [replies[0], None, replies[2], None]
