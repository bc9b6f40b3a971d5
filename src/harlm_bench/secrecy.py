"""What may be written of a secret window: ids, figures, and digests in place of words. Writes nothing itself.

The digests are keyed with the texts of the window, so that who has the data set can check a gold answer or an answer, and
who has only the journal cannot find a short one by trying.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable

import msgspec

from harlm_bench.items import Window
from harlm_bench.outcomes import Outcome, Result

WITHHELD = "withheld: the window is secret"
"""Stands for the reason of a failure, which may quote a text, a question or an answer."""

_OF_HOW = ("mode", "model", "route", "plan", "sandbox", "version")  # notes whose words say how a system works
_BEFORE_ASKING = "not installed"  # its reason is of a time at which no text was known


def sealing(window: Window) -> Callable[[str], str]:
    """What turns words of a window's results into a keyed digest, such as ``sealed:`` and 32 digits; no words stay none."""
    words = [*window.documents.items(), *(question.text for question in window.questions)]
    key = hashlib.sha256(msgspec.json.encode(words)).digest()

    def sealed(words: str) -> str:
        return f"sealed:{hmac.new(key, words.encode(), hashlib.sha256).hexdigest()[:32]}" if words else ""

    return sealed


def as_written(result: Result, window: Window) -> Result:
    """A result as the journal and the reports may hold it: unchanged unless its window is secret.

    Of a secret one the gold answer and the answer are sealed, the reason is withheld, and of the notes only numbers and those on how the system works stay.
    """
    if not window.is_secret:
        return result
    sealed, outcome = sealing(window), result.outcome
    kept = outcome.status == _BEFORE_ASKING or not outcome.reason
    return msgspec.structs.replace(
        result,
        gold=sealed(result.gold),
        outcome=Outcome(
            text=sealed(outcome.text),
            status=outcome.status,
            reason=outcome.reason if kept else WITHHELD,
            wall_s=outcome.wall_s,
            cpu_s=outcome.cpu_s,
            notes={
                name: value
                for name, value in outcome.notes.items()
                if name in _OF_HOW or not isinstance(value, str)
            },
        ),
    )
