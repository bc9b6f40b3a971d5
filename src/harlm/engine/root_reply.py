"""A root model's reply, as a turn of a loop reads it: its words, its cells, and whether its end is missing."""

from __future__ import annotations

from dataclasses import dataclass

from harlm.engine import prompts
from harlm.engine.replies import ParsedReply, call_in_markup, markup_only, parse_reply
from harlm.types import Completion


@dataclass(frozen=True, slots=True)
class RootReply:
    """A reply.

    Attributes:
        words: its text; calls of tools stand in it as markup.
        reply: the words, taken apart.
        cut: the note for the model about the missing end of its reply; empty if it is whole.
    """

    words: str
    reply: ParsedReply
    cut: str

    @property
    def prose(self) -> str:
        """The words, if they are prose: neither code nor calls of tools. Empty otherwise."""
        reply, words = self.reply, self.words.strip()
        is_prose = not (reply.cells or reply.finish or reply.markup or reply.cut_cell)
        return words if is_prose and words and markup_only(words) is None else ""


def root_reply_in(completion: Completion) -> RootReply:
    """Read a reply. Native calls of tools are read as the same calls in markup, unless the text has code itself."""
    was_cut = completion.stop in ("length", "filter")
    is_cut = was_cut or completion.stop == "enough"
    words, reply = completion.text, parse_reply(completion.text, is_cut=is_cut)
    if completion.calls and not reply.cells and reply.finish is None:
        words = "\n\n".join(part for part in (words.strip(), *map(call_in_markup, completion.calls)) if part)
        reply = parse_reply(words, is_cut=is_cut)
    cut = prompts.cut_note(reply.cut_cell, by_filter=completion.stop == "filter") if was_cut else ""
    return RootReply(words, reply, cut)
