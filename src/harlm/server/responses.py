"""``/v1/responses``: the same questions in the form of OpenAI's Responses API. No response is kept for a later request."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterator, Mapping
from secrets import token_hex

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from harlm.config import Config
from harlm.server.asking import AdmittedRun, EndedRun
from harlm.server.bodies import InputItem, ResponsesRequest
from harlm.server.citing import annotations_of, facts_of, refusal_of, response_usage, text_of
from harlm.server.failures import RequestRefused
from harlm.server.incoming import Reception
from harlm.server.questions import Utterance, utterance
from harlm.server.replies import IncompleteReason, OutputMessage, OutputRefusal, OutputText, ResponseObject
from harlm.server.streaming import StreamedReply, answered_while_present, event, pieces
from harlm.server.wishes import Wishes, wanted_limits, wanted_schema

_PART = {"output_index": 0, "content_index": 0}


async def respond(request: Request, reception: Reception) -> Response | StreamedReply:
    """Answer a request for a response.

    Raises:
        RequestRefused: the request cannot be answered.
        HarlmError: as ``HARLM.aask``.
    """
    holder = reception.holder(request)
    asked = await reception.body(request, ResponsesRequest)
    wishes = wishes_of_response(asked, reception.asking.client.settings)
    run = reception.asking.admit(wishes, holder)
    begun = ResponseObject(
        id=f"resp_{token_hex(12)}",
        created_at=int(time.time()),
        model=wishes.model,
        status="in_progress",
        instructions=asked.instructions,
        metadata=asked.metadata or {},
    )
    if asked.stream:
        return _stream(run, reception, begun)
    answered = await answered_while_present(request.receive, run)
    return Response(msgspec.json.encode(_response(begun, wishes, answered)), media_type="application/json")


def wishes_of_response(asked: ResponsesRequest, config: Config) -> Wishes:
    """What a request asks for.

    Raises:
        RequestRefused: 400, something in it cannot be used, or not be done.
    """
    _refuse_unkept(asked)
    schema, form = None, None if asked.text is None else asked.text.format
    if form is not None:
        schema = wanted_schema(form.type, form.schema, form.name, "text.format")
    usd, mode = wanted_limits(asked.metadata, config)
    said = [] if not asked.instructions else [utterance("system", asked.instructions, "instructions")]
    if isinstance(asked.input, str):
        said.append(utterance("user", asked.input, "input"))
    else:
        said += [_said(each, f"input[{number}]") for number, each in enumerate(asked.input)]
    return Wishes(model=asked.model, said=tuple(said), schema=schema, usd=usd, mode=mode)


def _refuse_unkept(asked: ResponsesRequest) -> None:
    kept: tuple[tuple[str, object, str], ...] = (
        ("tools", asked.tools, "no tools of clients are called here; leave tools out"),
        (
            "previous_response_id",
            asked.previous_response_id,
            "no response is kept here; send the conversation in input",
        ),
        ("conversation", asked.conversation, "no conversation is kept here; send it in input"),
        (
            "background",
            asked.background,
            "no response is kept here, so none can be fetched later; leave background out",
        ),
    )
    for name, value, why in kept:
        if value:
            raise RequestRefused(400, why, code="unsupported_parameter", param=name)


def _said(item: InputItem, param: str) -> Utterance:
    if item.type == "reasoning":
        return Utterance("assistant", ())  # clients send back what they got, and it says nothing
    if item.type != "message":
        raise RequestRefused(
            400,
            f"{param} is of type {item.type[:80]!r}; only messages can be read here",
            code="unsupported_content",
            param=f"{param}.type",
        )
    return utterance(item.role, item.content, param)


def _response(begun: ResponseObject, wishes: Wishes, answered: EndedRun) -> ResponseObject:
    answer = answered.answer
    is_typed = wishes.schema is not None
    content: tuple[OutputText | OutputRefusal, ...]
    if (refusal := refusal_of(answer, is_typed=is_typed)) is not None:
        content = (OutputRefusal(refusal=refusal),)
    else:
        text = text_of(answer, is_typed=is_typed)
        content = (OutputText(text=text, annotations=annotations_of(answer, text)),)
    is_partial = answer.status == "partial"
    status = "incomplete" if is_partial else "completed"
    return msgspec.structs.replace(
        begun,
        status=status,
        output=(OutputMessage(id=f"msg_{answer.run_id}", content=content, status=status),),
        usage=response_usage(answer.usage),
        incomplete_details=IncompleteReason() if is_partial else None,
        harlm=facts_of(answer, answered.limit),
    )


def _stream(run: AdmittedRun, reception: Reception, begun: ResponseObject) -> StreamedReply:
    numbers = itertools.count()

    def named(name: str, **fields: object) -> bytes:
        return event({"type": name, "sequence_number": next(numbers), **fields}, name)

    def whole(answered: EndedRun) -> Iterator[bytes]:
        done = _response(begun, run.wishes, answered)
        (message,) = done.output
        (part,) = message.content
        empty = msgspec.structs.replace(message, content=(), status="in_progress")
        place = {"item_id": message.id, **_PART}
        yield named("response.output_item.added", output_index=0, item=empty)
        yield from _text(part, named, place) if isinstance(part, OutputText) else _refusal(part, named, place)
        yield named("response.content_part.done", **place, part=part)
        yield named("response.output_item.done", output_index=0, item=message)
        yield named(f"response.{done.status}", response=done)

    def failed(refused: RequestRefused) -> Iterator[bytes]:
        facts = refused.facts
        failure = msgspec.structs.replace(begun, status="failed", error=facts)
        yield named("response.failed", response=failure)

    return StreamedReply(
        run,
        opening=(named(f"response.{name}", response=begun) for name in ("created", "in_progress")),
        whole=whole,
        failed=failed,
        ping_s=reception.ping_s,
        patience_s=reception.patience_s,
    )


def _text(part: OutputText, named: Callable[..., bytes], place: Mapping[str, object]) -> Iterator[bytes]:
    yield named("response.content_part.added", **place, part=OutputText(text=""))
    for each in pieces(part.text):
        yield named("response.output_text.delta", **place, delta=each, logprobs=())
    for number, cited in enumerate(part.annotations):
        yield named(
            "response.output_text.annotation.added", **place, annotation_index=number, annotation=cited
        )
    yield named("response.output_text.done", **place, text=part.text, logprobs=())


def _refusal(
    part: OutputRefusal, named: Callable[..., bytes], place: Mapping[str, object]
) -> Iterator[bytes]:
    yield named("response.content_part.added", **place, part=OutputRefusal(refusal=""))
    for each in pieces(part.refusal):
        yield named("response.refusal.delta", **place, delta=each)
    yield named("response.refusal.done", **place, refusal=part.refusal)
