"""The adapter for Anthropic's Messages API."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from harlm.models.access import Endpoint
from harlm.models.addresses import is_near, joined
from harlm.models.lenient import a_count, a_list, a_text, an_object, first, is_thought, words
from harlm.models.remote import RemoteModel
from harlm.models.reply_reader import ReplyReader
from harlm.models.structured import closed
from harlm.models.usage import Counts
from harlm.types import Message, Sampling

_VERSION = "2023-06-01"
_MAX_TOKENS = 8_192  # of a reply without a limit, since the API requires one


class AnthropicReader(ReplyReader):
    """Reads replies and stream events of the Messages API."""

    def read(self, value: Mapping[str, Any]) -> None:
        """See ``ReplyReader``."""
        message = an_object(value.get("message"))
        match value.get("type"):
            case "message_start":
                self._read_message(message)
            case "content_block_start":
                self._read_block(value.get("index"), an_object(value.get("content_block")))
            case "content_block_delta":
                self._read_block(value.get("index"), an_object(value.get("delta")))
            case "message_delta":
                self._read_message({**an_object(value.get("delta")), "usage": value.get("usage")})
            case "message_stop":
                self.is_ended = True
            case "error":
                self.error = self.error or value.get("error") or dict(value)
            case _ if value.get("choices"):
                self._read_foreign(value)
            case _:
                if value.get("error") and "content" not in value:
                    self.error = self.error or value["error"]
                elif "content" in value or "completion" in value or "stop_reason" in value:
                    self._read_message(value)
                elif isinstance(first(value, "message", "Message", "detail"), str):
                    self.error = self.error or dict(value)

    def _read_foreign(self, value: Mapping[str, Any]) -> None:
        """A reply in OpenAI's form, as some gateways send it here."""
        choice = an_object(a_list(value["choices"])[0])
        said = an_object(first(choice, "delta", "message"))
        self.is_reply = True
        self.say(words(said.get("content")))
        if reason := choice.get("finish_reason"):
            self.reason = str(reason)[:80]
        self.counts.take(_counts(an_object(value.get("usage"))))

    def _read_message(self, message: Mapping[str, Any]) -> None:
        self.is_reply = True
        self.served_by = self.served_by or a_text(message.get("model"))
        content = first(message, "content", "completion")
        for number, block in enumerate(a_list(content)):
            if isinstance(block, dict):
                self._read_block(number, block)
            else:
                self.say(words(block))
        if reason := message.get("stop_reason"):
            self.reason = str(reason)[:80]
        self.counts.take(_counts(an_object(message.get("usage"))))

    def _read_block(self, number: object, block: Mapping[str, Any]) -> None:
        """A block of a message, or more of one."""
        self.is_reply = True
        kind, number = block.get("type"), a_count(number)
        if kind == "tool_use":
            self.call(number, block.get("name"), block.get("input") or None)
        elif kind == "input_json_delta":
            self.call(number, None, block.get("partial_json"))
        elif is_thought(block):
            self.think(words(first(block, "thinking", "text") or ""))
        elif kind in (None, "text", "text_delta", "output_text"):
            self.say(words(block.get("text")))


def _counts(usage: Mapping[str, Any]) -> Counts:
    """The counts in HARLM's terms: cached tokens are part of the input. Anthropic counts them separately."""
    given = a_count(first(usage, "input_tokens", "prompt_tokens"))
    read, written = (
        a_count(usage.get("cache_read_input_tokens")),
        a_count(usage.get("cache_creation_input_tokens")),
    )
    is_empty = given is None and read is None and written is None
    return Counts(
        prompt=None if is_empty else (given or 0) + (read or 0) + (written or 0),
        completion=a_count(first(usage, "output_tokens", "completion_tokens")),
        total=a_count(usage.get("total_tokens")),
        cached=read,
        cache_write=written,
    )


class AnthropicMessages(RemoteModel):
    """A model behind ``/v1/messages``.

    Args:
        endpoint: the address and key of the model.
        window: tokens that fit.
    """

    reader = AnthropicReader

    def headers_of(self, endpoint: Endpoint) -> Mapping[str, str]:
        """See ``RemoteModel``."""
        key = {"x-api-key": endpoint.key} if endpoint.key else {}
        return {"anthropic-version": _VERSION, **key}

    @property
    def stops_when_left(self) -> bool:
        """See ``RemoteModel``. Anthropic's own server does; it reports the input at the beginning of a stream."""
        host = urlsplit(self._endpoint.base_url).hostname or ""
        return host == "api.anthropic.com" or is_near(self._endpoint.base_url)

    def url(self, base_url: str, *, is_stream: bool) -> str:
        """See ``RemoteModel``."""
        return joined(base_url, "/v1/messages")

    def body(self, messages: Sequence[Message], sampling: Sampling) -> dict[str, Any]:
        """See ``RemoteModel``."""
        form = self.form
        body: dict[str, Any] = {
            "model": self.model,
            "max_tokens": form.limit(sampling.max_tokens or _MAX_TOKENS),
            "messages": self._turns(form.placed(messages)),
        }
        placed = form.placed(messages)
        if system := "\n\n".join(message.content for message in placed if message.role == "system"):
            body["system"] = system
        schema = form.schema_of(sampling)
        enforced = None if schema is None else closed(schema)
        wanted = None if enforced is None else {"format": {"type": "json_schema", "schema": enforced}}
        body |= form.kept({"temperature": sampling.temperature, "output_config": wanted})
        if sampling.on_text is not None and form.streams:
            body["stream"] = True
        return body

    def _turns(self, messages: Sequence[Message]) -> list[dict[str, object]]:
        """The messages without the system prompt. In a conversation the provider is asked to cache everything up
        to the last message, since the next turn repeats it.
        """
        turns: list[dict[str, object]] = [
            {"role": message.role, "content": message.content}
            for message in messages
            if message.role != "system"
        ]
        if len(turns) > 1 and self.form.takes("cache_control"):
            last = {"type": "text", "text": turns[-1]["content"], "cache_control": {"type": "ephemeral"}}
            turns[-1] = {"role": turns[-1]["role"], "content": [last]}
        return turns
