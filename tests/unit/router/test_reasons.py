from __future__ import annotations

from harlm.router.features import NAMES
from harlm.router.reasons import reasons_for, say


def test_every_feature_has_words_for_every_value_that_it_can_have() -> None:
    for name in NAMES:
        for value in (-12.0, 0.0, 0.5, 1.0, 12.0):
            assert say(name, value).strip(), name


def test_values_are_said_in_their_own_units() -> None:
    told = {
        ("log_tokens", 10.0): "about 1,023 tokens",
        ("log_fill", -1.0): "0.5 times the window",
        ("needs_exact", 1.0): "asks for counting",
        ("needs_exact", 0.0): "no exact count",
        ("root_skill", 0.7): "70%",
        ("fit", 0.9): "at 90%",
        ("log_price", 6.0969): "$1.25",
        ("keys", 2.0): "names 2 things",
    }
    wrong = {key: say(*key) for key, words in told.items() if words not in say(*key)}
    assert not wrong


def test_the_weightiest_come_first_and_the_light_ones_are_left_out() -> None:
    seen = dict.fromkeys(NAMES, 1.0)
    added = {"fit": 0.3, "keys": -0.9, "steps": 0.001, "root_skill": 0.1}
    told = reasons_for(added, seen, 5)
    assert [each.rsplit(" ", 1)[1] for each in told] == ["(-0.90)", "(+0.30)", "(+0.10)"]
    assert len(reasons_for(added, seen, 1)) == 1
    assert reasons_for({}, seen, 5) == ()
