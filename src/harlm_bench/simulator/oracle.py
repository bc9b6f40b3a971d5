"""An upper bound: a perfect plan over what the simulated leaf perceives of one item a call. No system can be this good.

Knows every item of a window and what its question means. What it cannot see through are the leaf's own errors of reading.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from harlm.tokens import estimate_tokens
from harlm_bench import tasks
from harlm_bench.items import Fact, Question, Window
from harlm_bench.outcomes import Outcome
from harlm_bench.simulator.noise import Noise
from harlm_bench.simulator.perceiving import Labeller, Senses
from harlm_bench.simulator.profile import Profile, load
from harlm_bench.simulator.store import Found, item_id
from harlm_bench.systems import Limits, Model

_PROFILE = "gpt-5-mini-like"
_ASKED = 30  # tokens of the instruction beside an item


@dataclass(frozen=True, kw_only=True)
class OraclePlan:
    """The reference solver of a task, over the items of a window as the sub-model reads them one by one.

    Asks no gateway, so it has neither a bill nor calls; its notes say so. On a simulated model only.

    Attributes:
        profile: of the sub-model: a name or a file.
        seed: of the simulated model.
        labeller: of the simulated model; ``None`` if its profile decides the labels of lines.
        name: see ``System``.
    """

    profile: str = _PROFILE
    seed: int = 0
    labeller: Labeller | None = None
    name: str = "oracle plan (upper bound)"

    def answer(self, window: Window, question: Question, model: Model, limits: Limits) -> Outcome:
        """See ``System``."""
        began, cpu = time.perf_counter(), time.thread_time()
        query = tasks.family(window.task).understand(question.text)
        wanted = [] if query is None else [fact for fact in window.facts if query.wants(fact)]
        text = None if query is None else query.answer(list(self._perceived(wanted, question.text)))
        return Outcome(
            text=text or "",
            status="no answer" if text is None else "answered",
            reason="nothing follows from what was perceived" if text is None else "",
            wall_s=time.perf_counter() - began,
            cpu_s=time.thread_time() - cpu,
            notes={"without_model": 1, "items": len(wanted)},
        )

    def _perceived(self, facts: list[Fact], question: str) -> Iterator[Fact]:
        """The facts that a leaf finds, each in a call of its own, as it judges them."""
        model = f"{self._leaf.id} {self._leaf.version} {self.seed}"
        for fact in facts:
            request = hashlib.blake2b(f"{question}\0{fact.text}".encode(), digest_size=16).digest()
            noise = Noise(model, request, self._leaf.errors.rho)
            senses = Senses(self._leaf, noise, estimate_tokens(fact.text) + _ASKED, self.labeller)
            item = Found(0, len(fact.text), fact, item_id(fact.text), "")
            yield from senses.judged(senses.noticed([item], question, 0))

    @cached_property
    def _leaf(self) -> Profile:
        return load(self.profile)
