"""What is done differently as a budget runs out. The figures are shares of the scarcest currency; ``Account.pressure`` says
where a run stands.
"""

from __future__ import annotations

ECONOMY = 0.70
"""Cells call the cheaper sub-model from here on."""

NO_SPECULATION = 0.85
"""Nothing is asked that may turn out to be for nothing: no hedges, no speculative branches."""

FINISH = 0.95
"""The next turn is the last one."""
