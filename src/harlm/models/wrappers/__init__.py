"""The call layer: what stands between a request and a provider. Each layer is a ``LanguageModel`` around another.

From outside in: another model when nothing helps (``Fallback``), the retry loop (``Retrying``), the limits of the
provider (``Limited``), the circuit breaker, asked when the turn has come (``Guarded``), the second request for a straggler
(``Hedging``), and innermost what the engine gives: the till, at which every request that leaves is paid for.
"""

from harlm.models.wrappers.breaker import Breaker, Guarded
from harlm.models.wrappers.fallback import Fallback
from harlm.models.wrappers.hedging import Hedging, Latencies
from harlm.models.wrappers.layers import Layers
from harlm.models.wrappers.limited import Limited, Limiter
from harlm.models.wrappers.retrying import Patience, Retrying

__all__ = [
    "Breaker",
    "Fallback",
    "Guarded",
    "Hedging",
    "Latencies",
    "Layers",
    "Limited",
    "Limiter",
    "Patience",
    "Retrying",
]
