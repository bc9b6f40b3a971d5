"""The call layer: the wrappers between a call and a provider. Each is a ``LanguageModel`` around another.

From outside in: another model when retries do not help (``Fallback``), the retry loop (``Retrying``), the
limits of the provider (``Limited``), the circuit breaker, checked when a request may leave (``Guarded``), the
second request for a slow one (``Hedging``), and innermost the meter that the engine passes in, which pays for
every request.
"""

from harlm.models.wrappers.breaker import Breaker, Guarded
from harlm.models.wrappers.fallback import Fallback
from harlm.models.wrappers.hedging import Hedging, Latencies
from harlm.models.wrappers.known_limits import EndpointKnowledge, KnownLimits, KnownRate
from harlm.models.wrappers.layers import Layers
from harlm.models.wrappers.limited import Limited, Limiter
from harlm.models.wrappers.retrying import Patience, Retrying

__all__ = [
    "Breaker",
    "EndpointKnowledge",
    "Fallback",
    "Guarded",
    "Hedging",
    "KnownLimits",
    "KnownRate",
    "Latencies",
    "Layers",
    "Limited",
    "Limiter",
    "Patience",
    "Retrying",
]
