"""What clients of OpenAI's protocol get. ``harlm`` in them is what HARLM adds."""

from __future__ import annotations

from typing import Literal

import msgspec

_Metadata = dict[str, object]  # named here: the field `object` hides the class of this name


class ListedModel(msgspec.Struct, frozen=True, kw_only=True):
    """A name that can be asked."""

    id: str
    created: int
    object: str = "model"
    owned_by: str = "harlm"


class ModelList(msgspec.Struct, frozen=True, kw_only=True):
    """All names that can be asked."""

    data: tuple[ListedModel, ...]
    object: str = "list"


class ProvenCitation(msgspec.Struct, frozen=True, kw_only=True):
    """A quote that occurs verbatim in a source; see ``harlm.types.Citation``. Paths of the server are left out."""

    source: str
    place: str
    start: int
    end: int
    line: int | None
    page: int | None
    column: int | None
    quote: str


class RunFacts(msgspec.Struct, frozen=True, kw_only=True):
    """How an answer was made.

    Attributes:
        run: the id of the stored run.
        mode, strategy, status, confidence: as in ``harlm.types.Answer``.
        limit: the limit that ended the run early; ``None`` if none did.
        cost_usd: dollars; ``None`` if a price is unknown.
        calls: requests to models.
        seconds: from the question to the answer.
        citations: in full.
    """

    run: str
    mode: str
    strategy: str | None
    status: str
    confidence: float | None
    limit: str | None
    cost_usd: float | None
    calls: int
    seconds: float
    citations: tuple[ProvenCitation, ...]


class FileAnnotation(msgspec.Struct, frozen=True, kw_only=True):
    """Where a part of the reply stands in a source.

    Attributes:
        file_id, filename: the name of the source.
        index: the character of the reply behind which it is cited, as in the Responses API.
        place: the source with its line, page or row.
        quote: what stands there.
        start_index, end_index: the place in the reply, in characters; ``None`` if the reply does not name it.
    """

    file_id: str
    filename: str
    index: int
    place: str
    quote: str
    start_index: int | None
    end_index: int | None
    type: Literal["file_citation"] = "file_citation"


class PromptDetails(msgspec.Struct, frozen=True, kw_only=True):
    """Parts of the tokens of the prompts."""

    cached_tokens: int = 0


class CompletionDetails(msgspec.Struct, frozen=True, kw_only=True):
    """Parts of the tokens of the replies."""

    reasoning_tokens: int = 0


class ChatUsage(msgspec.Struct, frozen=True, kw_only=True):
    """The tokens of all requests of the run."""

    prompt_tokens: int
    completion_tokens: int
    total_tokens: int
    prompt_tokens_details: PromptDetails
    completion_tokens_details: CompletionDetails


class AssistantMessage(msgspec.Struct, frozen=True, kw_only=True):
    """The reply of a chat."""

    content: str | None
    annotations: tuple[FileAnnotation, ...] = ()
    refusal: str | None = None
    role: str = "assistant"


class ChatChoice(msgspec.Struct, frozen=True, kw_only=True):
    """The only choice."""

    message: AssistantMessage
    finish_reason: str
    index: int = 0
    logprobs: None = None


class ChatCompletion(msgspec.Struct, frozen=True, kw_only=True):
    """The reply of ``/v1/chat/completions``."""

    id: str
    created: int
    model: str
    choices: tuple[ChatChoice, ...]
    usage: ChatUsage
    harlm: RunFacts
    object: str = "chat.completion"


class ChatDelta(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A piece of a reply."""

    role: str | None = None
    content: str | None = None
    refusal: str | None = None
    annotations: tuple[FileAnnotation, ...] | None = None


class StreamedChoice(msgspec.Struct, frozen=True, kw_only=True):
    """A piece of the only choice."""

    delta: ChatDelta
    finish_reason: str | None = None
    index: int = 0


class ChatChunk(msgspec.Struct, frozen=True, kw_only=True):
    """An event of a streamed chat."""

    id: str
    created: int
    model: str
    choices: tuple[StreamedChoice, ...]
    usage: ChatUsage | None = None
    harlm: RunFacts | None = None
    object: str = "chat.completion.chunk"


class OutputText(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="output_text"):
    """The text of a response."""

    text: str
    annotations: tuple[FileAnnotation, ...] = ()
    logprobs: tuple[()] = ()


class OutputRefusal(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="refusal"):
    """What is said in place of a text that would have to follow a schema."""

    refusal: str


class OutputMessage(msgspec.Struct, frozen=True, kw_only=True):
    """The only output of a response."""

    id: str
    content: tuple[OutputText | OutputRefusal, ...]
    status: str = "completed"
    role: str = "assistant"
    type: str = "message"


class ResponseUsage(msgspec.Struct, frozen=True, kw_only=True):
    """The tokens of all requests of the run."""

    input_tokens: int
    output_tokens: int
    total_tokens: int
    input_tokens_details: PromptDetails
    output_tokens_details: CompletionDetails


class IncompleteReason(msgspec.Struct, frozen=True, kw_only=True):
    """Why a response is not whole."""

    reason: str = "max_output_tokens"


class FailureFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What went wrong, in OpenAI's words."""

    message: str
    type: str
    param: str | None = None
    code: str | None = None


class ErrorBody(msgspec.Struct, frozen=True, kw_only=True):
    """The body of every error."""

    error: FailureFacts


class ResponseObject(msgspec.Struct, frozen=True, kw_only=True):
    """The reply of ``/v1/responses``."""

    id: str
    created_at: int
    model: str
    status: str
    output: tuple[OutputMessage, ...] = ()
    usage: ResponseUsage | None = None
    error: FailureFacts | None = None
    incomplete_details: IncompleteReason | None = None
    instructions: str | None = None
    metadata: _Metadata = {}
    parallel_tool_calls: bool = False
    temperature: None = None
    tool_choice: str = "none"
    tools: tuple[()] = ()
    top_p: None = None
    harlm: RunFacts | None = None
    object: str = "response"
