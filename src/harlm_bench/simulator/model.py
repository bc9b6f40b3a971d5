"""One simulated model: from a request to words, tokens and a line of the audit log. No time, no faults, no sockets."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from harlm.tokens import estimate_tokens
from harlm_bench.simulator import roots
from harlm_bench.simulator.audit import Line, Use
from harlm_bench.simulator.clock import reasoning_tokens
from harlm_bench.simulator.draw import Draw
from harlm_bench.simulator.form import spoiled
from harlm_bench.simulator.intents import Reader
from harlm_bench.simulator.noise import Noise
from harlm_bench.simulator.perceiving import Labeller, Senses
from harlm_bench.simulator.profile import Profile
from harlm_bench.simulator.prompt import Prompt, read_prompt, tokens_of
from harlm_bench.simulator.reading import Reply, read
from harlm_bench.simulator.shape import shaped
from harlm_bench.simulator.store import Store

Messages = Sequence[tuple[str, str]]

_LONGEST_LINE = 300  # characters of a last line that may say what is left
_LEFT = re.compile(r"\$\d[\d,]*(?:\.\d+)?|\b\d[\d,]*(?:\.\d+)? (?:s|seconds|calls|tokens)\b")


@dataclass(frozen=True, slots=True, kw_only=True)
class Spoken:
    """What a model says to one request.

    Attributes:
        text: the words.
        completion: tokens, hidden ones among them.
        reasoning: hidden tokens.
        finish: ``stop`` or ``length``.
        line: for the audit log.
    """

    text: str
    completion: int
    reasoning: int
    finish: str
    line: Line


class SimulatedModel:
    """Answers as a profile says, from the facts of a store that a request shows.

    The same request gets the same answer: draws belong to the model, the items, and the words of the request with its
    seed and temperature, never to the order or the number of calls.

    Args:
        profile: what it is like.
        store: the facts.
        reader: understands instructions.
        seed: of the model; another one errs elsewhere.
        labeller: see ``Senses``.
    """

    def __init__(
        self,
        profile: Profile,
        store: Store,
        reader: Reader,
        seed: int = 0,
        labeller: Labeller | None = None,
    ) -> None:
        self._labeller = labeller
        self.profile = profile
        self._store = store
        self._reader = reader
        self._name = f"{profile.id} {profile.version} {seed}"

    def speak(self, messages: Messages, body: Mapping[str, Any], tokens: int, question: str = "") -> Spoken:
        """The reply to a prompt of ``tokens`` tokens. ``question`` goes into the log, and nowhere else."""
        digest = request_id(messages, body)
        noise = Noise(self._name, digest, self.profile.errors.rho)
        turn = roots.turn(messages, Draw(self._name), reader=self._read_by_root)
        if turn is None:
            prompt, reply = self._leaf(messages, tokens, noise)
            text = spoiled(shaped(reply, prompt, body), reply, noise, self.profile.errors.bad_form)
            line = _logged(reply, prompt, digest, self.profile.id, question)
        else:
            text = turn
            line = Line(question=question, request=digest.hex(), model=self.profile.id, role="root")
        return self._within_limits(_stopped(text, body.get("stop")), body, tokens, digest, line)

    def _leaf(self, messages: Messages, tokens: int, noise: Noise) -> tuple[Prompt, Reply]:
        prompt = read_prompt(messages, self._store, tokens)
        return prompt, read(prompt, self._reader, Senses(self.profile, noise, tokens, self._labeller))

    def _read_by_root(self, instruction: str, text: str) -> str:
        """The leaf role, for a root that has the text in its own prompt."""
        messages = [("user", f"{instruction}\n{text}")]
        noise = Noise(self._name, request_id(messages, {}), self.profile.errors.rho)
        return self._leaf(messages, tokens_of(messages), noise)[1].text

    def _within_limits(
        self, text: str, body: Mapping[str, Any], prompt: int, digest: bytes, line: Line
    ) -> Spoken:
        """The words cut to the tokens that are allowed, hidden tokens included."""
        room = max(1, min(self.profile.max_output, self.profile.window - prompt))
        limit = body.get("max_completion_tokens", body.get("max_tokens"))
        if isinstance(limit, int) and limit > 0:
            room = min(room, limit)
        said = estimate_tokens(text) if text else 0
        hidden = min(reasoning_tokens(self.profile.times, Draw(digest.hex())), max(0, room - said))
        if said <= room:
            return Spoken(text=text, completion=said + hidden, reasoning=hidden, finish="stop", line=line)
        kept = text[: len(text) * room // said]
        return Spoken(text=kept, completion=room, reasoning=0, finish="length", line=line)


def request_id(messages: Messages, body: Mapping[str, Any]) -> bytes:
    """Names a request in draws and in the audit log: its words, and which sample of a reply is asked for.

    Time, money and calls that the last line of a message gives are no part of it. Scaffolds tell there what is left of a
    limit, which depends on the clock, so that no run could be repeated.
    """
    sample = [body.get("seed"), body.get("temperature") or 0]
    lasting = [(role, _lasting(text)) for role, text in messages]
    return hashlib.blake2b(msgspec.json.encode([lasting, sample]), digest_size=16).digest()


def _lasting(text: str) -> str:
    """A message without what is left of a limit."""
    before, line_break, last = text.rpartition("\n")
    return text if len(last) > _LONGEST_LINE else f"{before}{line_break}{_LEFT.sub('', last)}"


def _logged(reply: Reply, prompt: Prompt, digest: bytes, model: str, question: str) -> Line:
    return Line(
        question=question,
        request=digest.hex(),
        model=model,
        role="leaf",
        intent=reply.intent,
        found=len(prompt.found),
        used=tuple(Use(each.id.hex(), each.start, each.end) for each in reply.used),
        answer=reply.text,
        is_found=reply.is_found,
    )


def _stopped(text: str, stop: object) -> str:
    """The text up to the first stop sequence."""
    marks = [stop] if isinstance(stop, str) else stop if isinstance(stop, list) else []
    ends = [text.find(mark) for mark in marks if isinstance(mark, str) and mark and mark in text]
    return text[: min(ends)] if ends else text
