"""``memory`` as cells see it, over a host that a test plays."""

from __future__ import annotations

from typing import Any

import pytest

from harlm.guest.worker.memory import CellMemory

FOUND = {"handle": "m1", "title": "A turn", "text": "one\ntwo", "tokens": 900, "cut": True}


class Host:
    def __init__(self, reply: Any) -> None:
        self.reply = reply
        self.asked: list[tuple[str, dict[str, Any]]] = []

    def __call__(self, function: str, arguments: dict[str, Any]) -> Any:
        self.asked.append((function, arguments))
        return self.reply


def test_hits_print_their_handle_title_and_text_and_say_what_is_cut() -> None:
    hits = CellMemory(Host([FOUND, {**FOUND, "handle": "m2", "cut": False}])).search("query")
    assert repr(hits) == (
        "[m1] A turn\n| one\n| two\n[cut; memory.expand('m1') returns all]\n[m2] A turn\n| one\n| two"
    )
    assert (hits[0]["handle"], hits[0].tokens, hits[0].is_cut) == ("m1", 900, True)
    assert repr(CellMemory(Host([])).search("query")) == "(nothing found)"


def test_a_search_sends_what_the_host_expects() -> None:
    host = Host([])
    CellMemory(host).search("lamp", k=3, max_tokens=20)
    assert host.asked == [("memory_search", {"query": "lamp", "k": 3, "max_tokens": 20})]


@pytest.mark.parametrize("handle", ["m1", "[m1]", " m1 "])
def test_a_handle_is_understood_as_it_is_printed(handle: str) -> None:
    host = Host(FOUND)
    CellMemory(host).expand(handle, "why?")
    assert host.asked[0][1] == {"handle": "m1", "question": "why?", "max_tokens": None}


def test_a_hit_stands_for_its_handle_and_a_cut_text_says_how_to_get_all() -> None:
    host = Host([FOUND])
    memory = CellMemory(host)
    (hit,) = memory.search("query")
    host.reply = FOUND
    assert (
        memory.expand(hit, max_tokens=5)
        == "one\ntwo\n[cut; all of m1 has 900 tokens; memory.expand('m1') returns it]"
    )
    host.reply = {**FOUND, "cut": False}
    assert memory.expand(hit) == "one\ntwo"


def test_a_note_returns_its_handle() -> None:
    host = Host("m9")
    assert CellMemory(host).note("text") == "m9"
    assert host.asked == [("memory_note", {"text": "text"})]


@pytest.mark.parametrize("limit", [0, -1, "5", True, 2.5])
def test_limits_that_are_not_a_number_of_tokens_are_refused_before_the_host_is_asked(limit: Any) -> None:
    host = Host([])
    with pytest.raises((TypeError, ValueError), match="max_tokens must be"):
        CellMemory(host).search("query", max_tokens=limit)
    assert host.asked == []
