"""How long a simulated call takes, in the model's time and in ours. Sleeps nowhere."""

from __future__ import annotations

import math
from statistics import NormalDist
from typing import NamedTuple

from harlm.testing import Tokens
from harlm_bench.simulator.draw import Draw
from harlm_bench.simulator.profile import Profile, Times

_P95 = NormalDist().inv_cdf(0.95)
_SPEED_SD = 0.15  # of the logarithm of the speed of a reply, from call to call


class Pace(NamedTuple):
    """Seconds to the first token, and from there to the last."""

    first_s: float
    rest_s: float

    def scaled(self, scale: float) -> Pace:
        """The same in a time that runs ``1 / scale`` times as fast."""
        return Pace(self.first_s * scale, self.rest_s * scale)


def pace(profile: Profile, tokens: Tokens, draw: Draw) -> Pace:
    """The time of one call, in the model's seconds.

    Args:
        profile: of the model.
        tokens: of the call; cached ones are not read again.
        draw: of the call: the same call takes the same time again.
    """
    times = profile.times
    first = lognormal(times.first_p50, times.first_p95, draw, "first")
    first += (tokens.prompt - tokens.cached) / times.prefill + tokens.reasoning / times.speed
    speed = times.speed * math.exp(_SPEED_SD * normal(draw, "speed"))
    rest = (tokens.completion - tokens.reasoning) / speed
    factor = times.straggler_factor if draw.happens("straggler", times.stragglers) else 1.0
    return Pace(first * factor, rest * factor)


def reasoning_tokens(times: Times, draw: Draw) -> int:
    """The hidden tokens before a reply."""
    if not times.reasoning_p50:
        return 0
    return round(lognormal(times.reasoning_p50, times.reasoning_p95, draw, "reasoning"))


def lognormal(p50: float, p95: float, draw: Draw, name: str) -> float:
    """A draw from the lognormal distribution with this median and 95th percentile."""
    return p50 * math.exp(math.log(p95 / p50) / _P95 * normal(draw, name))


def normal(draw: Draw, name: str) -> float:
    """A standard normal draw."""
    return NormalDist().inv_cdf(min(max(draw.uniform(name), 1e-12), 1 - 1e-12))
