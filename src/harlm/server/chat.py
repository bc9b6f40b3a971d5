"""``/v1/chat/completions``: a chat is a question."""

from __future__ import annotations

import time
from collections.abc import Iterator
from secrets import token_hex

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from harlm.config import Config
from harlm.server.asking import AdmittedRun, EndedRun
from harlm.server.bodies import ChatRequest
from harlm.server.citing import annotations_of, chat_usage, facts_of, refusal_of, text_of
from harlm.server.failures import RequestRefused
from harlm.server.incoming import Reception
from harlm.server.questions import utterance
from harlm.server.replies import (
    AssistantMessage,
    ChatChoice,
    ChatChunk,
    ChatCompletion,
    ChatDelta,
    ErrorBody,
    StreamedChoice,
)
from harlm.server.streaming import StreamedReply, answered_while_present, event, pieces
from harlm.server.wishes import Wishes, wanted_limits, wanted_schema

_DONE = b"data: [DONE]\n\n"
_NO_TOOLS = "no tools of clients are called here; leave {} out"


async def chat(request: Request, reception: Reception) -> Response | StreamedReply:
    """Answer a chat.

    Raises:
        RequestRefused: the request cannot be answered.
        HarlmError: as ``HARLM.aask``.
    """
    holder = reception.holder(request)
    asked = await reception.body(request, ChatRequest)
    wishes = wishes_of_chat(asked, reception.asking.client.settings)
    run = reception.asking.admit(wishes, holder)
    if not asked.stream:
        answered = await answered_while_present(request.receive, run)
        return Response(msgspec.json.encode(_completion(wishes, answered)), media_type="application/json")
    options = asked.stream_options
    return _stream(run, reception, has_usage=options is not None and bool(options.include_usage))


def wishes_of_chat(asked: ChatRequest, config: Config) -> Wishes:
    """What a chat asks for.

    Raises:
        RequestRefused: 400, something in it cannot be used, or not be done.
    """
    if asked.n not in (None, 1):
        raise RequestRefused(400, f"n is {asked.n}; one reply is given, so leave it out", param="n")
    for name, tools in (("tools", asked.tools), ("functions", asked.functions)):
        if tools:
            raise RequestRefused(400, _NO_TOOLS.format(name), code="unsupported_parameter", param=name)
    if asked.modalities and asked.modalities != ["text"]:
        raise RequestRefused(400, f"modalities is {asked.modalities!r}; replies are text", param="modalities")
    schema, form = None, asked.response_format
    if form is not None:
        named = form.json_schema
        schema = wanted_schema(
            form.type,
            None if named is None else named.schema,
            "" if named is None else named.name,
            "response_format",
        )
    usd, mode = wanted_limits(asked.metadata, config)
    said = tuple(
        utterance(each.role, each.content, f"messages[{number}]")
        for number, each in enumerate(asked.messages)
    )
    return Wishes(model=asked.model, said=said, schema=schema, usd=usd, mode=mode)


def _completion(wishes: Wishes, answered: EndedRun) -> ChatCompletion:
    answer = answered.answer
    is_typed = wishes.schema is not None
    if (refusal := refusal_of(answer, is_typed=is_typed)) is not None:
        message = AssistantMessage(content=None, refusal=refusal)
    else:
        text = text_of(answer, is_typed=is_typed)
        message = AssistantMessage(content=text, annotations=annotations_of(answer, text))
    return ChatCompletion(
        id=f"chatcmpl-{answer.run_id}",
        created=int(time.time()),
        model=wishes.model,
        choices=(ChatChoice(message=message, finish_reason=_finish(answered)),),
        usage=chat_usage(answer.usage),
        harlm=facts_of(answer, answered.limit),
    )


def _finish(answered: EndedRun) -> str:
    return "length" if answered.answer.status == "partial" else "stop"


def _stream(run: AdmittedRun, reception: Reception, *, has_usage: bool) -> StreamedReply:
    wishes, created, name = run.wishes, int(time.time()), f"chatcmpl-{token_hex(12)}"

    def chunk(*choices: StreamedChoice) -> ChatChunk:
        return ChatChunk(id=name, created=created, model=wishes.model, choices=choices)

    def piece(delta: ChatDelta, finish_reason: str | None = None) -> ChatChunk:
        return chunk(StreamedChoice(delta=delta, finish_reason=finish_reason))

    def whole(answered: EndedRun) -> Iterator[bytes]:
        answer = answered.answer
        said = _completion(wishes, answered).choices[0].message
        for each in pieces(said.content or ""):
            yield event(piece(ChatDelta(content=each)))
        for each in pieces(said.refusal or ""):
            yield event(piece(ChatDelta(refusal=each)))
        last = piece(ChatDelta(annotations=said.annotations or None), _finish(answered))
        yield event(msgspec.structs.replace(last, harlm=facts_of(answer, answered.limit)))
        if has_usage:
            yield event(msgspec.structs.replace(chunk(), usage=chat_usage(answer.usage)))
        yield _DONE

    return StreamedReply(
        run,
        opening=[event(piece(ChatDelta(role="assistant", content="")))],
        whole=whole,
        failed=lambda refused: [event(ErrorBody(error=refused.facts)), _DONE],
        ping_s=reception.ping_s,
        patience_s=reception.patience_s,
    )
