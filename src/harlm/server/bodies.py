"""What clients of OpenAI's protocol send. Fields that are not named here are accepted and mean nothing."""

from __future__ import annotations

import msgspec


class ContentPart(msgspec.Struct, frozen=True, kw_only=True):
    """A part of a message; only text is taken.

    Attributes:
        type: ``text``, ``input_text``, ``output_text`` or ``refusal``.
        text, refusal: what it says.
    """

    type: str = "text"
    text: str | None = None
    refusal: str | None = None


Content = str | tuple[ContentPart, ...] | None


class ChatMessage(msgspec.Struct, frozen=True, kw_only=True):
    """A message of a conversation.

    Attributes:
        role: ``system``, ``developer``, ``user``, ``assistant``, ``tool`` or ``function``.
        content: text, or parts of text.
    """

    role: str
    content: Content = None


class NamedSchema(msgspec.Struct, frozen=True, kw_only=True):
    """A JSON Schema with its name."""

    name: str = ""
    schema: dict[str, object] | None = None


class ReplyFormat(msgspec.Struct, frozen=True, kw_only=True):
    """The form of the reply of a chat: ``text``, ``json_object`` or ``json_schema``."""

    type: str = "text"
    json_schema: NamedSchema | None = None


class StreamOptions(msgspec.Struct, frozen=True, kw_only=True):
    """What a stream carries besides the reply."""

    include_usage: bool | None = False


class ChatRequest(msgspec.Struct, frozen=True, kw_only=True):
    """The body of ``/v1/chat/completions``.

    Attributes:
        model: ``harlm/auto`` or ``harlm/CORPUS``.
        messages: the conversation; the last message of the user is the question.
        stream: whether the reply comes as events.
        stream_options: of the stream.
        n: how many replies; only 1.
        response_format: of the reply.
        tools, functions: must be empty.
        modalities: only text.
        metadata: may hold ``harlm_max_cost`` (dollars) and ``harlm_mode``.
    """

    model: str
    messages: tuple[ChatMessage, ...]
    stream: bool | None = False
    stream_options: StreamOptions | None = None
    n: int | None = None
    response_format: ReplyFormat | None = None
    tools: list[object] | None = None
    functions: list[object] | None = None
    modalities: list[str] | None = None
    metadata: dict[str, object] | None = None


class InputItem(msgspec.Struct, frozen=True, kw_only=True):
    """An item of the input of ``/v1/responses``: a message."""

    type: str = "message"
    role: str = ""
    content: Content = None


class TextFormat(msgspec.Struct, frozen=True, kw_only=True):
    """The form of the reply: ``text``, ``json_object`` or ``json_schema``."""

    type: str = "text"
    name: str = ""
    schema: dict[str, object] | None = None


class TextOptions(msgspec.Struct, frozen=True, kw_only=True):
    """How the reply is written."""

    format: TextFormat | None = None


class ResponsesRequest(msgspec.Struct, frozen=True, kw_only=True):
    """The body of ``/v1/responses``.

    Attributes:
        model: ``harlm/auto`` or ``harlm/CORPUS``.
        input: the question, or a conversation.
        instructions: go with the question.
        stream: whether the reply comes as events.
        text: how the reply is written.
        tools: must be empty.
        metadata: as in a chat.
        previous_response_id, conversation: must be absent: no reply is kept for a later request.
        background: must be false.
    """

    model: str
    input: str | tuple[InputItem, ...]
    instructions: str | None = None
    stream: bool | None = False
    text: TextOptions | None = None
    tools: list[object] | None = None
    metadata: dict[str, object] | None = None
    previous_response_id: str | None = None
    conversation: object = None
    background: bool | None = False
