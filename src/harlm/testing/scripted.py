"""A scripted model behind real HTTP."""

from __future__ import annotations

from harlm.testing.chat_server import ChatServer, ReplyOf
from harlm.testing.dialects import Request, estimated_tokens


class ScriptedServer(ChatServer):
    """A chat server whose replies follow a script. It reports every kind of tokens: half of each prompt as
    cached, and one token of each reply as reasoning.

    Args:
        reply: the text to answer with, or a whole response.
        latency_s: how long each reply takes.
        line_s: how long each line of a streamed reply takes.
    """

    def __init__(self, reply: ReplyOf, latency_s: float = 0.0, line_s: float = 0.0) -> None:
        super().__init__(reply, latency_s=latency_s, line_s=line_s, usage=_every_kind)


def _every_kind(request: Request, text: str) -> tuple[int, ...]:
    prompt = estimated_tokens(request)
    return prompt, prompt // 2, len(text) // 4 + 1, 1
