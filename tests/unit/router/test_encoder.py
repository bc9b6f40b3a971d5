"""An encoder as the judge of modes: one pass for each text, calibration, and the policy of the trees. The forward pass is faked."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from harlm.errors import ConfigError
from harlm.router.encoder import Encoder
from harlm.router.encoder_folder import open_folder
from harlm.router.encoder_text import SIZES, text_of
from harlm.router.features import features_of_option, features_of_task
from harlm.types import MODES
from tests.support.encoders import situation, write_folder

Rows = Sequence[Sequence[float]]


class Passes:
    """A forward pass that gives the same log odds for every text, and remembers what it was asked."""

    def __init__(self, odds: Sequence[float]) -> None:
        self.odds = list(odds)
        self.asked: list[tuple[str, Rows]] = []

    def __call__(self, text: str, sizes: Rows) -> list[list[float]]:
        self.asked.append((text, sizes))
        return [self.odds for _ in sizes]


def encoder(path: Path, forward: Passes) -> Encoder:
    return Encoder(open_folder(write_folder(path)), forward)


def test_each_option_gets_the_calibrated_probability_of_its_mode(tmp_path: Path) -> None:
    asked = situation()
    seen = [{**features_of_task(asked), **features_of_option(asked, each)} for each in asked.options]
    chances = encoder(tmp_path, Passes([1.0, -1.0, 0.0, 9.0])).chances(asked, asked.options, seen)
    assert chances == [0.75, 0.25, 0.75, 0.5, 0.75], "nothing is known of the mode full, which has no steps"


def test_a_text_is_read_once_for_all_options_that_share_it(tmp_path: Path) -> None:
    asked, forward = situation(), Passes([0.0] * len(MODES))
    seen = [{**features_of_task(asked), **features_of_option(asked, each)} for each in asked.options]
    encoder(tmp_path, forward).chances(asked, asked.options, seen)
    texts = [text_of(asked, each) for each in seen]
    assert [text for text, _ in forward.asked] == [texts[0], texts[-1]]
    assert [len(sizes) for _, sizes in forward.asked] == [4, 1]
    assert list(forward.asked[0][1][0]) == [seen[0][name] for name in SIZES]


def test_log_odds_that_are_no_number_are_an_error_that_names_the_folder(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"cannot be used: mode direct gets the log odds nan"):
        encoder(tmp_path, Passes([float("nan")] * 4)).router().route(situation())


def test_a_router_takes_probabilities_from_the_encoder_and_all_else_from_its_trees(tmp_path: Path) -> None:
    made = encoder(tmp_path, Passes([-1.0, 1.0, -1.0, 0.0]))
    route = made.router().route(situation())
    assert (route.mode, route.basis, route.version) == ("plan", "encoder", made.version)
    assert route.probabilities == {"direct": 0.25, "plan": 0.75, "repl": 0.25, "full": 0.5}


def test_a_version_names_the_weights_their_date_and_what_answered(tmp_path: Path) -> None:
    assert encoder(tmp_path, Passes([])).version == "encoder tiny of 2026-01-02, 10 examples (SIMULATED)"
