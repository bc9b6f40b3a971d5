"""An MCP server that does one thing wrong, which its argument names. Speaks JSON-RPC over its input and output by itself.

``python hostile_mcp.py MODE``. Standard library only, so that it starts at once.
"""

from __future__ import annotations

import json
import sys
import time
from typing import Any

MODE = sys.argv[1]
ODD_NAMES = [
    "",
    "class",
    "search",
    "get-user.v2",
    "2fast",
    "größe",
    "x" * 300,
    "a b",
    "a_b",
    "print",
    "__init__",
]
ENDLESS: dict[str, Any] = {"type": "object", "anyOf": [{"$ref": "#"}, {"$ref": "#"}]}
SLOW = {"type": "object", "properties": {"text": {"type": "string", "pattern": "^(a+)+$"}}}


def send(message: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps({"jsonrpc": "2.0", **message}) + "\n")
    sys.stdout.flush()


def tool(name: str, schema: object = None, **more: Any) -> dict[str, Any]:
    return {
        "name": name,
        "description": f"{name} does it.\n\nMore.",
        "inputSchema": schema or {"type": "object"},
        **more,
    }


def tools(cursor: str | None) -> dict[str, Any]:
    match MODE:
        case "thousands":
            return {"tools": [tool(f"t{number}") for number in range(5_000)]}
        case "pages":
            at = int(cursor or 0)
            return {"tools": [tool(f"t{at}")], "nextCursor": str(at + 1)}
        case "circle":
            return {"tools": [tool("only")], "nextCursor": "again"}
        case "names":
            return {"tools": [tool(each) for each in ODD_NAMES]}
        case "lies":
            return {"tools": "none"}
        case "schemas":
            return {
                "tools": [
                    tool("endless", ENDLESS),
                    tool("slow", SLOW, outputSchema=SLOW),
                    tool("future", {"type": "object", "$dynamicRef": "#x", "properties": {"a": {}}}),
                    tool(
                        "odd",
                        {
                            "type": "object",
                            "properties": {"user-id": {"type": "integer"}},
                            "required": ["user-id"],
                        },
                    ),
                ]
            }
    return {"tools": [tool("do"), tool("other", annotations={"readOnlyHint": True})]}


def result(name: str, arguments: Any) -> dict[str, Any]:
    match MODE:
        case "structured":
            return {"content": [{"type": "text", "text": "so"}], "structuredContent": {"a": [1, 2.5, None]}}
        case "blobs":
            image = {"type": "image", "data": "aGk=" * 1000, "mimeType": "image/png"}
            link = {"type": "resource_link", "uri": "file:///x", "name": "x"}
            inside = {"type": "resource", "resource": {"uri": "file:///y", "text": "inside"}}
            blob = {"type": "resource", "resource": {"uri": "file:///z", "blob": "aGk=", "mimeType": "a/b"}}
            return {"content": [{"type": "text", "text": "a"}, image, link, inside, blob]}
        case "errors":
            return {"content": [{"type": "text", "text": "no such row"}], "isError": True}
        case "empty":
            return {"content": []}
        case "megabytes":
            return {"content": [{"type": "text", "text": "x" * 5_000_000}]}
        case "nothing":
            return {"content": "x"}
    said = {"content": [{"type": "text", "text": json.dumps([name, arguments])}]}
    return {**said, "structuredContent": {"text": "a" * 40 + "!"}} if MODE == "schemas" else said


def answer(message: dict[str, Any]) -> None:
    method, number = message.get("method"), message.get("id")
    if number is None:
        return
    if MODE == "silent" or (MODE == "hangs" and method == "tools/call"):
        return
    if method == "initialize":
        send(
            {
                "id": number,
                "result": {
                    "protocolVersion": message["params"]["protocolVersion"],
                    "capabilities": {"tools": {}},
                    "serverInfo": {"name": "hostile", "version": "0"},
                },
            }
        )
    elif method == "tools/list":
        send({"id": number, "result": tools((message.get("params") or {}).get("cursor"))})
    elif method == "tools/call":
        misbehave()
        send({"id": number, "result": result(message["params"]["name"], message["params"].get("arguments"))})
    else:
        send({"id": number, "error": {"code": -32601, "message": f"no method {method}"}})


def misbehave() -> None:
    """What it does in place of a call, or before it answers one."""
    match MODE:
        case "floods":
            while True:
                send({"method": "notifications/message", "params": {"level": "info", "data": "x"}})
        case "line":
            sys.stdout.write("{" + "x" * 20_000_000)
            sys.stdout.flush()
            time.sleep(60)
        case "junk":
            sys.stdout.write("starting\n\n{not json}\n[1, 2]\n\xff\n")
        case "asks":
            send({"id": 77, "method": "sampling/createMessage", "params": {"messages": [], "maxTokens": 9}})
            send({"id": 78, "method": "roots/list"})
            send({"id": 99_999, "result": {}})
        case "dies":
            sys.stderr.write("the disk is lost, key=s3cret-of-the-server\n")
            sys.stderr.flush()
            sys.exit(4)


if MODE == "ends":
    sys.stderr.write("no configuration, key=s3cret-of-the-server\n")
    sys.exit(3)
for line in sys.stdin:
    answer(json.loads(line))
