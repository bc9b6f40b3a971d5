"""What the body of a refusal says, in the many forms that servers and gateways give it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from harlm.models.lenient import UNREADABLE, a_list, an_object, decoded, first

_SHOWN = 300  # characters of a message that are shown
_READ = 20_000  # bytes of a body that is not JSON
_LONGEST_JSON = 1 << 20  # bytes of a body that is read as JSON
_WORDS = 4_000  # characters that are searched for what is meant
_DEEPEST = 5  # levels of objects that are searched
_MOST = 200  # values of them
_NAMES = (
    "code", "error_code", "type", "__type", "status", "error_type", "param", "loc", "reason", "quotaId", "quota_limit",
    "limit_name", "raw", "field", "name",
)  # fmt: skip
"""Fields whose values tell what is meant, beside the message."""
_MESSAGES = (
    "message",
    "Message",
    "msg",
    "error_msg",
    "error_message",
    "errorMessage",
    "detail",
    "error_description",
)


@dataclass(frozen=True, slots=True)
class Said:
    """A refusal in the server's words.

    Attributes:
        message: one line of bounded length, to be shown.
        words: the message and all names beside it, to be searched.
        code: the code or kind of the error; empty if it states none.
        status: a number that stands for an HTTP status in the body; ``None`` if there is none.
        body: the decoded body; ``None`` if it is not JSON.
    """

    message: str
    words: str
    code: str
    status: int | None
    body: Any


def said_in(raw: bytes) -> Said:
    """What a body says."""
    body = _decoded(raw) if len(raw) <= _LONGEST_JSON else None
    if isinstance(body, str) and body.lstrip()[:1] == "{":
        body = _decoded(body.encode("utf-8", "replace")) or body  # JSON within a text
    if isinstance(body, dict | list | str):
        return said_by(body)
    text = raw[:_READ].decode("utf-8", "replace")
    return Said(_line(text), text[:_WORDS], "", None, None)


def _decoded(raw: bytes) -> Any:
    """The JSON of a body, or that of the first event of one that is a stream; ``None`` if it is neither."""
    for data in (raw, *(line[5:] for line in raw.splitlines()[:20] if line.startswith(b"data:"))):
        try:
            return decoded(data)
        except UNREADABLE:
            continue
    return None


def said_by(body: Any) -> Said:
    """What an error object says."""
    outer = body[0] if isinstance(body, list) and body else body
    error = outer
    for _ in range(_DEEPEST):
        if isinstance(error, dict) and isinstance(error.get("error"), dict | list) and error["error"]:
            error = error["error"]
        if isinstance(error, list) and error:
            error = error[0]
    if not isinstance(error, dict):
        text = str(error)
        return Said(_line(text), text[:_WORDS], "", None, body)
    message, code = _message(error), _code(error) or (_code(outer) if isinstance(outer, dict) else "")
    if raw := an_object(error.get("metadata")).get("raw"):  # the words of the provider behind a gateway
        inner = _inner(raw)
        message = f"{message}: {inner}" if message and inner else inner or message
    shown = f"{code}: {message}" if code and code.lower() not in message.lower() else message or code
    words = " ".join([shown, *_beside(body)])
    status = _status(error) or (_status(outer) if isinstance(outer, dict) else None)
    return Said(_line(shown or str(error)), words[:_WORDS], code, status, body)


def _message(error: dict[str, Any]) -> str:
    value = first(error, *_MESSAGES) or error.get("errors")
    label = error.get("error")  # Spring's short word, such as "Bad Request"
    parts = [label] if isinstance(label, str) else []
    return ": ".join(dict.fromkeys([*parts, *filter(None, [" ".join(_sentences(value, 0))])]))


def _sentences(value: Any, depth: int) -> Iterator[str]:
    """The words of a message that may be a text, a list of them, or an object that holds them."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, list) and depth < _DEEPEST:
        for each in value[:8]:
            yield from _sentences(each, depth + 1)
    elif isinstance(value, dict) and depth < _DEEPEST:
        if where := [str(each) for each in a_list(value.get("loc")) if each != "body"]:
            yield f"{'.'.join(where)}:"
        if isinstance(field := first(value, "field", "name"), str):
            yield f"{field}:"
        named = first(value, *_MESSAGES, "error", "value")
        if named is None:  # the fields are the keys
            for key, each in list(value.items())[:8]:
                if isinstance(each, str | list):
                    yield f"{str(key)[:_SHOWN]}:"
                    yield from _sentences(each, depth + 1)
        yield from _sentences(named, depth + 1)


def _inner(raw: Any) -> str:
    if isinstance(raw, str) and raw.lstrip()[:1] in ("{", "["):
        try:
            return said_by(decoded(raw[:_READ].encode("utf-8", "replace"))).message
        except UNREADABLE:
            return raw[:_SHOWN]
    return " ".join(_sentences(raw, 0))


def _code(error: dict[str, Any]) -> str:
    value = first(error, "code", "error_code", "__type", "type", "status")
    return str(value)[:80] if isinstance(value, str | int) and not isinstance(value, bool) else ""


def _status(error: dict[str, Any]) -> int | None:
    for name in (
        "code",
        "status",
        "status_code",
        "statusCode",
        "http_status",
        "http_code",
        "httpCode",
        "error_code",
    ):
        value = error.get(name)
        if isinstance(value, str) and value.isdigit() and len(value) == 3:
            value = int(value)
        if isinstance(value, int) and not isinstance(value, bool) and 400 <= value < 600:
            return value
    return None


def _beside(body: Any) -> Iterator[str]:
    """The values of all fields that tell what is meant, wherever they stand in the body."""
    pending, seen = [(body, 0)], 0
    while pending and seen < _MOST:
        value, depth = pending.pop()
        seen += 1
        if isinstance(value, dict):
            for name, each in value.items():
                if name in _NAMES and isinstance(each, str | int):
                    yield str(each)[:_SHOWN]
                elif name in _NAMES and isinstance(each, list):
                    yield " ".join(str(part) for part in each[:8] if isinstance(part, str | int))
                if depth < _DEEPEST and isinstance(each, dict | list):
                    pending.append((each, depth + 1))
        elif isinstance(value, list):
            pending.extend((each, depth + 1) for each in value[:20] if depth < _DEEPEST)


def _line(text: str) -> str:
    line = " ".join(text[:_READ].split())
    return line[:_SHOWN] + "…" if len(line) > _SHOWN else line or "no message"
