"""The prompt cache of a simulated provider: which tokens of a prompt were sent before, at its beginning.

The sum over a set of prompts does not depend on their order, so that a bill is the same however many calls run at once.
For that a prompt is in the cache from the moment it arrives; calls that are sent together share it, which real providers
often do not grant.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from harlm.tokens import estimate_tokens

_FIRST, _STEP = 4_096, 512  # characters: about 1,024 tokens, then about 128, as OpenAI's cache counts


class PrefixCache:
    """The prompts of one key to one model. A prompt shorter than the first step is never in it."""

    def __init__(self) -> None:
        self._sizes: dict[bytes, int] = {}

    def cached(self, messages: Sequence[tuple[str, str]], tokens: int) -> int:
        """How many of a prompt's tokens were sent before; from here on, all of them were.

        Args:
            messages: the prompt.
            tokens: all of its tokens, which the cached ones do not exceed.
        """
        prompt = "\0".join(f"{role}\n{text}" for role, text in messages)
        if len(prompt) < _FIRST:
            return 0
        cached, chain = 0, b""
        ends = [_FIRST, *range(_FIRST + _STEP, len(prompt) + 1, _STEP)]
        for start, end in zip([0, *ends], ends, strict=False):
            piece = prompt[start:end]
            chain = hashlib.blake2b(piece.encode(), digest_size=16, key=chain).digest()
            known = self._sizes.get(chain)
            if known is None:
                self._sizes[chain] = -1
            else:
                size = estimate_tokens(piece) if known < 0 else known
                self._sizes[chain] = size
                cached += size
        return min(cached, tokens)
