"""The simulated provider behind a gateway: windows, rate limits, faults, times and the prompt cache around the models."""

from __future__ import annotations

import math
import time
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from harlm.errors import ConfigError
from harlm.testing import Limits, ModelReply, Request, Tokens
from harlm.testing.faults import Status
from harlm.testing.limits import Admission
from harlm.types import Price
from harlm_bench.gateway import question_of
from harlm_bench.items import TaskFamily
from harlm_bench.labels import Label
from harlm_bench.replies import Answer, Paced, error
from harlm_bench.simulator.audit import Log
from harlm_bench.simulator.bill import PrefixCache
from harlm_bench.simulator.clock import pace
from harlm_bench.simulator.draw import Draw
from harlm_bench.simulator.intents import Reader
from harlm_bench.simulator.model import SimulatedModel, Spoken, request_id
from harlm_bench.simulator.perceiving import Labeller
from harlm_bench.simulator.profile import Profile, RateCaps
from harlm_bench.simulator.prompt import tokens_of
from harlm_bench.simulator.store import Store

TIME_SCALE = 1 / 20
"""Our seconds for one second of the model, in tables of accuracy."""


@dataclass(slots=True)
class _Key:
    """What a provider keeps for one key and model."""

    admission: Admission
    cache: PrefixCache = field(default_factory=PrefixCache)
    sent: Counter[bytes] = field(default_factory=Counter)  # how often each request came
    in_flight: int = 0

    def end(self) -> None:
        """A request has ended."""
        self.in_flight -= 1


class Simulated:
    """A backend that serves simulated models.

    Limits, faults and the prompt cache belong to one question and model, as to a key of its own, so that questions that run
    side by side do not meet. How a request fails depends on its words and on how often it came: a second try may succeed.

    Args:
        profiles: the models by the names by which they are asked for.
        store: the facts; may grow while it serves.
        families: the kinds of tasks whose questions are understood.
        seed: of the models.
        scale: our seconds for one second of the models. Rate limits are scaled alike.
        has_faults: whether requests fail as the profiles say.
        log: for the audit.
        labeller: decides the labels of lines; ``None`` if the profiles do.

    Raises:
        ConfigError: ``scale`` is not above 0 or not finite.
    """

    def __init__(
        self,
        profiles: Mapping[str, Profile],
        store: Store,
        families: Iterable[TaskFamily],
        *,
        seed: int = 0,
        scale: float = TIME_SCALE,
        has_faults: bool = True,
        log: Log | None = None,
        labeller: Labeller | None = None,
    ) -> None:
        if (
            not 0 < scale < math.inf
        ):  # rates are counted on the models' clock, which would stand still or never end
            raise ConfigError(
                f"the time scale of a simulated model is {scale:g}, and must be above 0; use 0.001 for almost no waiting"
            )
        reader = Reader(families)
        self._models = {
            name: SimulatedModel(each, store, reader, seed, labeller) for name, each in profiles.items()
        }
        self.labeller = labeller
        self._seed = seed
        self._scale = scale
        self._has_faults = has_faults
        self._keys: dict[tuple[str, str], _Key] = {}
        self.log = log or Log(keeps=False)

    @property
    def label(self) -> Label:
        """What results of this backend are measured on."""
        told = ", ".join(f"{name} = {each.profile.label}" for name, each in self._models.items())
        labels = "" if self.labeller is None else f"; {self.labeller.detail}"
        return Label(kind="SIMULATED", detail=f"{told}; seed {self._seed}; time x {self._scale:g}{labels}")

    def price_of(self, model: str) -> Price | None:
        """The price of a model; ``None`` if it has none."""
        known = self._models.get(model)
        return None if known is None else known.profile.price

    async def reply(self, request: Request) -> Answer:
        """The answer to one request, at its pace."""
        model = self._models.get(request.model)
        if model is None:
            return error(
                404,
                f"The model `{request.model}` does not exist; there are: {', '.join(self._models)}",
                kind="invalid_request_error",
                code="model_not_found",
            )
        if not request.body.get("messages") and "contents" not in request.body:
            return error(400, "'messages' holds no message", kind="invalid_request_error")
        return self._admitted(request, model)

    def forget(self, question: str) -> None:
        """Drop what was kept for a question: its prompt cache and its limits."""
        for name in [each for each in self._keys if each[0] == question]:
            self._keys.pop(name, None)

    async def close(self) -> None:
        """Close the log."""
        self.log.close()

    def _admitted(self, request: Request, model: SimulatedModel) -> Answer:
        began = time.monotonic()
        messages = request.messages
        tokens = tokens_of(messages)
        if tokens >= model.profile.window:
            return _too_long(tokens, model.profile.window)
        key = self._key(request, model.profile)
        refused = key.admission.refusal(request, in_flight=key.in_flight, now=time.monotonic() / self._scale)
        if refused is not None:
            return _scaled(refused, self._scale)
        digest = request_id(messages, request.body)
        number = key.sent[digest]
        key.sent[digest] += 1
        draw = Draw(f"{digest.hex()} {number}")
        if self._has_faults and (failed := _failed(model.profile, draw, self._scale)) is not None:
            return failed
        spoken = model.speak(messages, request.body, tokens, question_of(request))
        self.log.add(spoken.line)
        cached = key.cache.cached(messages, tokens)
        used = Tokens(tokens, cached, spoken.completion, spoken.reasoning)
        key.in_flight += 1
        paced = self._paced(request, spoken, used, model.profile, draw)
        worked_s = time.monotonic() - began  # the simulator's own time is a part of the model's
        return replace(paced, first_s=max(0.0, paced.first_s - worked_s), ended=key.end)

    def _paced(self, request: Request, spoken: Spoken, tokens: Tokens, profile: Profile, draw: Draw) -> Paced:
        times = pace(profile, tokens, draw).scaled(self._scale)
        breaks = self._has_faults and draw.happens("dropped", profile.faults.dropped)
        reply = ModelReply(request, spoken.text, tokens, spoken.finish)
        return Paced(reply=reply, first_s=times.first_s, rest_s=times.rest_s, breaks=breaks)

    def _key(self, request: Request, profile: Profile) -> _Key:
        name = (question_of(request), profile.id)
        if name not in self._keys:
            self._keys[name] = _Key(Admission(_limits(profile.caps)))
        return self._keys[name]


def _limits(caps: RateCaps) -> Limits:
    return Limits(
        in_flight=caps.in_flight, per_minute=caps.per_minute, tokens_per_minute=caps.tokens_per_minute
    )


def _failed(profile: Profile, draw: Draw, scale: float) -> Status | None:
    if draw.happens("busy", profile.faults.busy):
        wait_s = (1 + 4 * draw.uniform("retry after")) * scale
        headers = (("retry-after", str(max(1, round(wait_s)))), ("retry-after-ms", str(round(wait_s * 1000))))
        return error(
            429,
            "The engine is overloaded, please try again later",
            kind="rate_limit_exceeded",
            headers=headers,
        )
    if draw.happens("broken", profile.faults.broken):
        status = draw.choice("status", (500, 503))
        return error(status, "The server had an error while processing your request", kind="server_error")
    return None


def _too_long(tokens: int, window: int) -> Status:
    return error(
        400,
        f"This model's maximum context length is {window} tokens. However, your messages resulted in {tokens} tokens. "
        "Please reduce the length of the messages.",
        kind="invalid_request_error",
        code="context_length_exceeded",
    )


def _scaled(refused: Status, scale: float) -> Status:
    """A refusal whose waiting time is in our seconds."""
    headers = dict(refused.headers)
    if (wait := headers.get("retry-after-ms")) is not None:
        ms = float(wait) * scale
        headers |= {
            "retry-after-ms": str(-(-ms // 1)).removesuffix(".0"),
            "retry-after": str(max(1, round(ms / 1000))),
        }
    return Status(refused.status, refused.body, tuple(headers.items()))
