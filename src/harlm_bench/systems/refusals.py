"""What an endpoint means by refusing a request: come back later, too long, a limit, or a field that it does not know."""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import suppress

import msgspec

from harlm_bench.systems.attempt import EndpointRefused, LimitReached, PromptTooLong

_TEMPORARY = frozenset({408, 409, 429, 500, 502, 503, 504, 529})
_SPENT = "insufficient_quota"  # how providers, and the gateway, say that the money or the calls are used up
_LONGEST_PAUSE_S = 30.0
_TOO_LONG = re.compile(
    r"context_length_exceeded|exceed_context_size|context (?:length|size|window)|too (?:long|many tokens)",
    re.IGNORECASE,
)


def is_temporary(status: int, raw: bytes) -> bool:
    """Whether the same request may be answered later."""
    return status in _TEMPORARY and not _is_spent(status, raw)


def pause_s(headers: Mapping[str, str], otherwise: float) -> float:
    """Seconds to wait before another attempt: those that the endpoint names, else ``otherwise``.

    Of ``retry-after-ms`` and ``retry-after`` the first counts, as with HARLM: the other one is rounded to seconds.
    """
    named = {name.casefold(): value for name, value in headers.items()}
    for name, each_s in (("retry-after-ms", 0.001), ("retry-after", 1.0)):
        with suppress(KeyError, ValueError):
            wait_s = float(named[name]) * each_s
            if wait_s >= 0:  # also no "nan"
                return min(wait_s, _LONGEST_PAUSE_S)
    return otherwise


def without_refused_form(
    status: int, raw: bytes, body: dict[str, object], form: dict[str, object]
) -> dict[str, object]:
    """The fields that every request is sent with, after a refusal that names one of them; ``body`` is changed likewise.

    Newer models of OpenAI take no temperature but their own, and ``max_completion_tokens`` for ``max_tokens``.

    Raises:
        PromptTooLong: the prompt does not fit.
        LimitReached: a limit of the question is reached.
        EndpointRefused: the refusal is final.
    """
    words = raw[:2_000].decode("utf-8", "replace")
    if status == 400 and "max_completion_tokens" in words and "max_tokens" in body:
        body["max_completion_tokens"] = body.pop("max_tokens")
        return form
    if status == 400 and "temperature" in words and "temperature" in body:
        del body["temperature"]
        return {name: value for name, value in form.items() if name != "temperature"}
    error = error_in(raw)
    if _is_spent(status, raw):
        raise LimitReached(f"{status}: {error.get('message', words)}")
    if status in (400, 413) and _TOO_LONG.search(words):
        raise PromptTooLong(
            f"the prompt does not fit: {error.get('message', words)}",
            tokens=_count(error.get("n_prompt_tokens")),
            window=_count(error.get("n_ctx")),
        )
    raise EndpointRefused(f"{status}: {error.get('message', words[:200])}")


def error_in(raw: bytes) -> Mapping[str, object]:
    """The error in a body; empty if there is none in the usual form."""
    with suppress(msgspec.DecodeError, UnicodeDecodeError):
        read = msgspec.json.decode(raw)
        if isinstance(read, dict) and isinstance(read.get("error"), dict):
            return dict(read["error"])
    return {}


def _is_spent(status: int, raw: bytes) -> bool:
    error = error_in(raw)
    return status == 402 or _SPENT in (error.get("code"), error.get("type"))


def _count(value: object) -> int | None:
    return value if isinstance(value, int) else None
