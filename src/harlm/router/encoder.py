"""A fine-tuned encoder as the judge of modes: reads the question with the profile of its context, and says how probable a right
answer is in each mode. Everything else, costs, checks and the policy, is that of the trees in its folder.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

from harlm.isotonic import value_at
from harlm.router.encoder_folder import DESCRIPTION, Description, EncoderFolder, open_folder, unusable
from harlm.router.encoder_forward import Forward, forward_of
from harlm.router.encoder_text import text_of
from harlm.router.features import Features
from harlm.router.learned import LearnedRouter
from harlm.router.model import RouterModel
from harlm.types import Mode, RouteOption, Situation

_UNSEEN = 0.5  # probability of a mode that no example had


class Encoder:
    """Probabilities of a right answer by mode, from an encoder.

    Args:
        folder: its checked files.
        forward: carries out the forward pass.
    """

    def __init__(self, folder: EncoderFolder, forward: Forward) -> None:
        self.about: Description = folder.about
        self.model: RouterModel = folder.router
        self._path = folder.path
        self._forward = forward

    @property
    def version(self) -> str:
        """Names the encoder in routes and traces."""
        examples = sum(each.examples for each in self.about.origins)
        labels = ", ".join(dict.fromkeys(each.label for each in self.about.origins))
        return f"encoder {self.about.backbone} of {self.about.date}, {examples:,} examples ({labels})"

    def router(self) -> LearnedRouter:
        """A router that takes its probabilities from here."""
        return LearnedRouter(self.model, chances=self.chances, basis="encoder", version=self.version)

    def chances(
        self, situation: Situation, options: Sequence[RouteOption], seen: Sequence[Features]
    ) -> list[float]:
        """The calibrated probability of a right answer by each option, with one forward pass for each distinct text; one half for
        a mode that no example had.

        Args:
            situation: what is known of the task.
            options: those of interest.
            seen: the features of each.

        Raises:
            ConfigError: the weights give a number that is not finite.
        """
        texts = [text_of(situation, each) for each in seen]
        return self.chances_of(texts, [each.mode for each in options], seen)

    def chances_of(
        self, texts: Sequence[str], modes: Sequence[Mode], seen: Sequence[Features]
    ) -> list[float]:
        """As ``chances``, from the text of each option (``harlm.router.encoder_text``)."""
        places: dict[str, list[int]] = defaultdict(list)
        for place, text in enumerate(texts):
            places[text].append(place)
        found = [_UNSEEN] * len(texts)
        for text, together in places.items():
            rows = self._forward(text, [[seen[each][name] for name in self.about.sizes] for each in together])
            for place, odds in zip(together, rows, strict=True):
                found[place] = self._chance(modes[place], odds)
        return found

    def _chance(self, mode: Mode, odds: Sequence[float]) -> float:
        knots = self.about.knots.get(mode)
        if knots is None:
            return _UNSEEN
        score = odds[self.about.modes.index(mode)]
        if not math.isfinite(score):
            raise unusable(self._path, f"mode {mode} gets the log odds {score}")
        return value_at(knots, score)


def load_encoder(path: Path) -> Encoder:
    """The encoder in a folder that a training has made. It is read once in a process, and again if the folder was written since.

    Raises:
        ConfigError: a package is missing, or the folder is none of an encoder, is broken or of a later version.
    """
    description = path / DESCRIPTION
    return _loaded(path, description.stat().st_mtime_ns if description.is_file() else 0)


@lru_cache(maxsize=1)
def _loaded(path: Path, written: int) -> Encoder:
    folder = open_folder(path)
    return Encoder(folder, forward_of(folder))
