"""A model server for benchmarks: OpenAI's protocol, no model, as little work as possible. What it does is in the model's
name, so that it needs no state: ``root-LOOP-64`` writes a loop of 64 calls, ``root-BATCH-64`` a batch of them, and
``sub-100`` replies after 100 ms.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable

from aiohttp import web

_CELLS = {
    "LOOK": "print(len(context))",
    "LOOP": "r = [llm_query(f'item {{i}}') for i in range({n})]\nprint(len(r))",
    "BATCH": "r = llm_query_batched([f'item {{i}}' for i in range({n})])\nprint(len(r))",
}


async def complete(request: web.Request) -> web.Response:
    """One reply."""
    body = await request.json()
    kind, _, rest = body["model"].partition("-")
    if kind == "sub":
        if delay := int(rest):
            await asyncio.sleep(delay / 1000)
        text = "yes"
    elif not any(
        message["role"] == "assistant" and "```repl" in str(message["content"])
        for message in body["messages"]
    ):
        work, _, count = rest.partition("-")
        text = f"```repl\n{_CELLS[work].format(n=count)}\n```"
    else:
        text = '```repl\nanswer["content"] = "done"; answer["ready"] = True\n```'
    return completion(body["model"], text)


def completion(model: str, text: str) -> web.Response:
    """A reply of OpenAI's protocol."""
    reply = {
        "id": "x",
        "object": "chat.completion",
        "model": model,
        "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": text}}],
        "usage": {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15},
    }
    return web.Response(text=json.dumps(reply), content_type="application/json")


async def serve(complete: Callable[[web.Request], Awaitable[web.Response]]) -> None:
    """Serve until terminated; the first line of output is the address."""
    app = web.Application(client_max_size=1 << 30)
    app.router.add_post("/v1/chat/completions", complete)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    print(f"http://127.0.0.1:{runner.addresses[0][1]}/v1", flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(serve(complete))
