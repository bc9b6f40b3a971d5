"""What clients get, as JSON."""

from __future__ import annotations

import msgspec

from harlm.server.replies import ChatChunk, ChatDelta, ErrorBody, FailureFacts, StreamedChoice


def test_a_piece_holds_only_what_it_adds() -> None:
    chunk = ChatChunk(id="a", created=1, model="m", choices=(StreamedChoice(delta=ChatDelta(content="b")),))
    told = msgspec.to_builtins(chunk)
    assert told["choices"] == [{"delta": {"content": "b"}, "finish_reason": None, "index": 0}] or told[
        "choices"
    ] == ({"delta": {"content": "b"}, "finish_reason": None, "index": 0},)
    assert told["object"] == "chat.completion.chunk"


def test_an_error_has_all_fields_of_openai() -> None:
    told = msgspec.to_builtins(ErrorBody(error=FailureFacts(message="a", type="b")))
    assert told == {"error": {"message": "a", "type": "b", "param": None, "code": None}}
