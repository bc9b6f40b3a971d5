from __future__ import annotations

import math

from harlm.router.features import NAMES
from harlm.types import MODES
from harlm_train.unseen import chosen_by_rules


def features(tokens: int, window: int = 128_000, **more: float) -> dict[str, float]:
    sizes = {"log_tokens": math.log2(tokens + 1), "log_fill": math.log2((tokens + 1) / window)}
    return {**dict.fromkeys(NAMES, 0.0), **sizes, **more}


def test_the_rules_see_the_same_sizes_structure_and_strategy_as_in_a_run() -> None:
    cases = [
        ("Who wrote it?", features(900, is_prose=1.0), "direct"),
        ("Who wrote it?", features(600_000, is_prose=1.0), "repl"),
        ("How many rows are paid?", features(60_000, is_records=1.0), "repl"),
        ("How many are spam?", features(60_000, is_records=1.0, is_label=1.0, fit=1.0), "plan"),
        ("Summarise the main points", features(900_000, is_prose=1.0), "full"),
    ]
    found = [(question, chosen_by_rules(question, seen, MODES)) for question, seen, _ in cases]
    assert found == [(question, mode) for question, _, mode in cases]


def test_only_what_is_possible_is_chosen() -> None:
    assert chosen_by_rules("Who?", features(900), ["repl", "full"]) in ("repl", "full")
