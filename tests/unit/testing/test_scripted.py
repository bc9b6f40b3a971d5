from __future__ import annotations

import json
from urllib.request import Request as Post
from urllib.request import urlopen

from harlm.testing import ScriptedServer


def asked(server: ScriptedServer, text: str) -> dict[str, object]:
    body = json.dumps({"model": "m", "messages": [{"role": "user", "content": text}]}).encode()
    with urlopen(Post(f"{server.base_url}/chat/completions", body)) as reply:
        return dict(json.loads(reply.read()))


def test_the_script_answers_and_every_kind_of_token_is_reported() -> None:
    with ScriptedServer(lambda request: request.prompt.upper()) as server:
        reply = asked(server, "why" * 40)
    assert "WHYWHY" in str(reply["choices"])
    usage = reply["usage"]
    assert isinstance(usage, dict)
    assert usage["prompt_tokens"] == 31
    assert usage["prompt_tokens_details"]["cached_tokens"] == 15
    assert usage["completion_tokens_details"]["reasoning_tokens"] == 1


def test_requests_are_kept_in_order_with_their_numbers() -> None:
    with ScriptedServer(lambda request: "x") as server:
        for text in ("one", "two"):
            asked(server, text)
    assert [(each.number, each.prompt) for each in server.requests] == [(0, "one"), (1, "two")]
