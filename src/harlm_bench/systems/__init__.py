"""SYSTEMS that are compared: baselines, rivals and HARLM. All know the model only by the address of the gateway."""

from __future__ import annotations

from typing import Protocol

import msgspec

from harlm.types import Price
from harlm_bench.items import Question, Window
from harlm_bench.outcomes import Outcome


class Model(msgspec.Struct, frozen=True, kw_only=True):
    """Where the model is, for one question.

    Attributes:
        base_url: of OpenAI's dialect; names the question, so that its calls are counted for it.
        root, sub: the names of the root model and of the sub-model.
        window: the context window of both, in tokens.
        key: what to send as a key.
        prices: by the name of a model. Systems with a meter of their own use them; the gateway's bill is the one that
            counts.
    """

    base_url: str
    root: str
    sub: str
    window: int
    key: str = "none"
    prices: dict[str, Price] = {}


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """What one question may cost. The gateway holds every system to them.

    Attributes:
        calls: requests.
        micro_usd: money; ``None`` for a model without a price.
        wall_s: seconds.
        in_flight: requests under way at once.
    """

    calls: int = 1_000
    micro_usd: int | None = None
    wall_s: float = 600.0
    in_flight: int = 16


class System(Protocol):
    """Something that answers questions about windows. Used from several threads at once."""

    @property
    def name(self) -> str:
        """With its version and what sets it apart: ``rlms 0.1.3, depth 1``."""
        ...

    def answer(self, window: Window, question: Question, model: Model, limits: Limits) -> Outcome:
        """The answer to one question. Never raises: what goes wrong is the outcome."""
        ...
