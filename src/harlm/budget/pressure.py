"""What changes as a budget runs out. Each constant is a share of the scarcest currency, from 0 to 1;
``Account.pressure`` is the share that is used.
"""

from __future__ import annotations

ECONOMY = 0.70
"""From here on cells call the economy sub-model, if there is one."""

NO_SPECULATION = 0.85
"""From here on no call is made that may not be needed: no hedges, no speculative calls or summaries."""

FINISH = 0.95
"""From here on the next turn is the last."""
