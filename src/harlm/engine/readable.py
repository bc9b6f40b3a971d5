"""Makes a reply readable: text that can be encoded, of a bounded length, apart from what the model thought.

Every reply passes here where it enters the engine, so nothing behind it ever runs, returns or quotes a thought.
"""

from __future__ import annotations

from dataclasses import replace

from harlm.engine.replies import without_thoughts
from harlm.types import LONGEST_REPLY, Completion, without_surrogates


def readable(completion: Completion) -> Completion:
    """A completion with its thoughts set aside, and with texts of at most ``LONGEST_REPLY`` characters.

    A reply that was cut here stops for its length. One that calls a tool stops for that, whatever the provider says,
    so that it is not kept as the whole reply.
    """
    text, stop = completion.text, completion.stop
    if len(text) > LONGEST_REPLY:
        text, stop = text[:LONGEST_REPLY], "length"
    if completion.calls and stop == "end":
        stop = "tool"
    words, tagged = without_thoughts(_encodable(text))
    thoughts = _encodable("\n\n".join(part for part in (completion.thoughts, tagged) if part)[:LONGEST_REPLY])
    if (words, stop, thoughts) == (completion.text, completion.stop, completion.thoughts):
        return completion
    return replace(completion, text=words, stop=stop, thoughts=thoughts)


def _encodable(text: str) -> str:
    return text if text.isascii() else without_surrogates(text)
