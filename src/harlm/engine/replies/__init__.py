"""What models write, read by one parser: code in every notation, thoughts, tool calls, and finishes in prose.

Runs nothing. A reply may be anything: time and memory are linear in its length.
"""

from harlm.engine.replies.markup import call_in_markup
from harlm.engine.replies.reply import (
    ParsedReply,
    markup_only,
    parse_not_found,
    parse_reply,
    without_thoughts,
)
from harlm.engine.replies.so_far import ClosedBlocks, ReplySoFar

__all__ = [
    "ClosedBlocks",
    "ParsedReply",
    "ReplySoFar",
    "call_in_markup",
    "markup_only",
    "parse_not_found",
    "parse_reply",
    "without_thoughts",
]
