"""Small questions to a model, many at once."""

from __future__ import annotations

import pytest

from harlm.guest.arguments import PROMPT, PROMPTS
from harlm.guest.combinators import leaf as module
from harlm.guest.combinators.leaf import LeafFailed
from tests.support.leaves import LeafHost


def test_replies_come_in_the_order_of_the_prompts() -> None:
    host = LeafHost(str.upper)
    assert [each.text for each in host.leaf.ask(["a", "b", "c"])] == ["A", "B", "C"]


def test_what_is_wanted_goes_with_every_prompt() -> None:
    host = LeafHost(str)
    host.leaf.ask(["a", "b"], choices=("x", "y"), schema="{}", role="root", wants_tokens=True)
    shared = {"choices": ["x", "y"], "schema": "{}", "role": "root", "wants_tokens": True}
    assert host.frames == [{"prompt": "a", **shared}, {"prompt": "b", **shared}]


def test_no_prompts_are_no_calls() -> None:
    host = LeafHost(str)
    assert host.leaf.ask([]) == []
    assert host.frames == []


def test_a_call_that_fails_is_a_reply_with_its_failure() -> None:
    host = LeafHost(lambda prompt: RuntimeError("away") if prompt == "b" else prompt)
    leaf = host.leaf
    assert [(each.text, each.failure) for each in leaf.ask(["a", "b"])] == [("a", ""), ("", "away")]
    leaf.ask(["a", "b"])
    assert list(leaf.failures) == ["away"]


def test_if_no_call_is_answered_the_step_fails_with_the_first_reason() -> None:
    host = LeafHost(lambda prompt: RuntimeError(f"no {prompt}"))
    with pytest.raises(LeafFailed, match="none of 2 calls was answered: no a"):
        host.leaf.ask(["a", "b"])


def test_tokens_are_read_with_their_alternatives() -> None:
    frame = {"text": "yes", "tokens": [["yes", -0.1, [["no", -2]]]], "failure": ""}
    (reply,) = LeafHost(lambda _: frame).leaf.ask(["?"])
    assert reply.tokens == (("yes", -0.1, (("no", -2.0),)),)


def test_too_many_prompts_or_too_long_ones_are_refused_before_any_is_sent(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "PROMPT", PROMPT._replace(most=10))
    monkeypatch.setattr(module, "PROMPTS", PROMPTS._replace(most=3))
    host = LeafHost(str)
    with pytest.raises(ValueError, match="the longest prompt of one step has 11 characters; at most 10"):
        host.leaf.ask(["a", "b" * 11])
    with pytest.raises(ValueError, match="the calls of one step has 4 prompts; at most 3"):
        host.leaf.ask(["a"] * 4)
    assert host.frames == []


def test_room_never_has_less_than_a_short_text() -> None:
    room = LeafHost(str, tokens=5, calls_left=7).leaf.room()
    assert (room.tokens, room.characters, room.calls_left) == (200, 800, 7)
    assert LeafHost(str).leaf.room().calls_left is None


def test_a_signal_reaches_the_host() -> None:
    host = LeafHost(str)
    host.leaf.signal("coverage", [3, 4])
    assert host.signals == [("coverage", [3, 4])]
