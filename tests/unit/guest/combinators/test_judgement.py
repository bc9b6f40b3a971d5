"""A judgement is a value, and how sure it is."""

from __future__ import annotations

from harlm.guest.combinators.judgement import Judgement


def test_nothing_tells_how_sure_a_judgement_is_unless_it_is_said() -> None:
    assert Judgement("spam") == ("spam", None)
    assert Judgement("spam", 0.9).certainty == 0.9
