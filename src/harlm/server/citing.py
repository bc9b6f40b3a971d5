"""What a client is told of an answer besides its text: citations, usage, and how it was made."""

from __future__ import annotations

from collections import defaultdict

import msgspec

from harlm.server.replies import (
    ChatUsage,
    CompletionDetails,
    FileAnnotation,
    PromptDetails,
    ProvenCitation,
    ResponseUsage,
    RunFacts,
)
from harlm.types import Answer, Usage


def text_of(answer: Answer, *, is_typed: bool) -> str:
    """The text of a reply: that of the answer, or its data as JSON if a schema was asked for."""
    return msgspec.json.encode(answer.data).decode() if is_typed else answer.text


def refusal_of(answer: Answer, *, is_typed: bool) -> str | None:
    """What is said in place of a reply that would have to follow a schema, if nothing was found; else ``None``."""
    return answer.text if is_typed and answer.status == "not_found" else None


def annotations_of(answer: Answer, text: str) -> tuple[FileAnnotation, ...]:
    """The citations, each with the place in ``text`` that names it."""
    ends: defaultdict[str, int] = defaultdict(int)
    found = []
    for cited in answer.citations:
        start = text.find(f"[{cited.place}", ends[cited.place])
        if start < 0:
            start = text.find(f"[{cited.place}")
        end = -1 if start < 0 else _after(text, start)
        ends[cited.place] = max(end, ends[cited.place])
        found.append(
            FileAnnotation(
                file_id=cited.source,
                filename=cited.source,
                index=len(text) if start < 0 else end,
                place=cited.place,
                quote=cited.quote,
                start_index=None if start < 0 else start,
                end_index=None if start < 0 else end,
            )
        )
    return tuple(found)


def facts_of(answer: Answer, limit: str | None) -> RunFacts:
    """How the answer was made."""
    return RunFacts(
        run=answer.run_id,
        mode=answer.mode,
        strategy=answer.strategy,
        status=answer.status,
        confidence=answer.confidence,
        limit=limit,
        cost_usd=answer.usage.cost_usd,
        calls=answer.usage.calls,
        seconds=round(answer.latency.wall_s, 3),
        citations=tuple(
            ProvenCitation(
                source=each.source,
                place=each.place,
                start=each.start,
                end=each.end,
                line=each.line,
                page=each.page,
                column=each.column,
                quote=each.quote,
            )
            for each in answer.citations
        ),
    )


def chat_usage(usage: Usage) -> ChatUsage:
    """The tokens of a run, as chats have them."""
    return ChatUsage(
        prompt_tokens=usage.input_tokens,
        completion_tokens=usage.output_tokens,
        total_tokens=usage.input_tokens + usage.output_tokens,
        prompt_tokens_details=PromptDetails(cached_tokens=usage.cached_tokens),
        completion_tokens_details=CompletionDetails(reasoning_tokens=usage.reasoning_tokens),
    )


def response_usage(usage: Usage) -> ResponseUsage:
    """The tokens of a run, as responses have them."""
    return ResponseUsage(
        input_tokens=usage.input_tokens,
        output_tokens=usage.output_tokens,
        total_tokens=usage.input_tokens + usage.output_tokens,
        input_tokens_details=PromptDetails(cached_tokens=usage.cached_tokens),
        output_tokens_details=CompletionDetails(reasoning_tokens=usage.reasoning_tokens),
    )


def _after(text: str, start: int) -> int:
    """The end of the bracket that begins at ``start``."""
    close = text.find("]", start)
    return close + 1 if close >= 0 else len(text)
