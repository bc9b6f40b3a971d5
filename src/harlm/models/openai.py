"""The adapter for OpenAI's chat completions, which vLLM, SGLang, llama.cpp, Ollama and others speak too."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from harlm.errors import ModelError
from harlm.models.access import Endpoint
from harlm.models.addresses import is_near, joined
from harlm.models.lenient import a_count, a_list, a_number, a_text, an_object, first, thoughts, words
from harlm.models.remote import RemoteModel
from harlm.models.reply_reader import ReplyReader
from harlm.models.structured import is_strict
from harlm.models.usage import Counts
from harlm.types import Message, Sampling, TokenLogprob

_EXPLAINING = ("message", "msg", "error_msg", "error_message", "detail", "errors")
_THOUGHTS = ("reasoning_content", "reasoning", "thinking")  # names of the field by server


class OpenAIReader(ReplyReader):
    """Reads replies and stream events of chat completions."""

    def read(self, value: Mapping[str, Any]) -> None:
        """See ``ReplyReader``."""
        self.served_by = self.served_by or a_text(value.get("model"))
        if error := _error_in(value):
            self.error = self.error or error
        choices = a_list(value.get("choices"))
        self.is_reply |= bool(choices)
        choice = _said_choice(choices)
        usage = _usage_in(value) or choice.get("usage")
        if isinstance(usage, dict) and usage:
            self.counts.take(_counts(usage))
            self.is_ended |= self.is_reply and not choices
        if not choices and not self.is_reply and not error:
            self._read_message(value)
        if choice:
            self._read_choice(choice)

    def _read_choice(self, choice: Mapping[str, Any]) -> None:
        self.error = self.error or choice.get("error")
        said, whole = choice.get("delta"), choice.get("message")
        if not said or (_words_in(whole) and not _words_in(said) and not self.has_words):
            said = whole or said  # some servers send the message so far beside each piece
        said = said[0] if isinstance(said, list) and said else said
        if isinstance(said, str):
            self.say(said)
        elif isinstance(said, dict) and said:
            self._read_said(said)
        else:
            self.say(words(choice.get("text")))
        reason = choice.get("finish_reason")
        self.reason = (str(reason)[:80] if reason else None) or self.reason
        if choice.get("logprobs"):
            for token in a_list(an_object(choice["logprobs"]).get("content")):
                if isinstance(token, dict):
                    self.likely(_logprob(token))

    def _read_said(self, said: Mapping[str, Any]) -> None:
        content = said.get("content")
        for name in _THOUGHTS:
            if said.get(name):
                self.think(words(said[name]))
                break
        if isinstance(content, str):
            self.say(content)
        else:
            self._read_parts(said.get("text") if content is None else content)
        if said.get("refusal"):
            self.refuse(words(said["refusal"]))
        if said.get("tool_calls") or said.get("function_call"):
            self._read_calls(said)

    def _read_parts(self, content: Any) -> None:
        self.think(thoughts(content))
        self.say(words(content))
        for part in a_list(content) if not isinstance(content, str) else ():
            if isinstance(part, dict) and part.get("type") == "refusal":
                self.refuse(words(part.get("refusal")))

    def _read_calls(self, said: Mapping[str, Any]) -> None:
        for number, call in enumerate(a_list(said.get("tool_calls"))):
            if isinstance(call, dict):
                function: Mapping[str, Any] = an_object(call.get("function")) or call
                index = a_count(call.get("index"))
                self.call(
                    number if index is None else index,
                    function.get("name"),
                    first(function, "arguments", "parameters"),
                )
        if isinstance(legacy := said.get("function_call"), dict):
            self.call("function", legacy.get("name"), legacy.get("arguments"))

    def _read_message(self, value: Mapping[str, Any]) -> None:
        """A message without the list of choices, as some relays send it."""
        inner = first(value, "data", "result")
        if isinstance(inner, dict) and (inner.get("choices") or inner.get("response")):
            self.read(inner)
            return
        message = value.get("message")
        said = message.get("content") if isinstance(message, dict) else None
        if said is None:
            said = first(value, "response", "generated_text", "output")
        if text := words(said):
            self.is_reply = True
            self.say(text)
            self.reason = self.reason or "stop"


def _said_choice(choices: list[Any]) -> Mapping[str, Any]:
    """The first choice that says something; else the first one."""
    known = [each for each in choices if isinstance(each, dict)]
    if len(known) < 2:
        return known[0] if known else {}
    saying = (each for each in known if any(map(_words_in, map(each.get, ("delta", "message", "text")))))
    return next(saying, known[0])


def _words_in(said: Any) -> int:
    """How much a message says: 0 for nothing."""
    content = said.get("content") if isinstance(said, dict) else said
    return len(content) if isinstance(content, str) else len(words(content))


def _usage_in(value: Mapping[str, Any]) -> Any:
    """The usage of a reply, wherever a server puts it."""
    usage = value.get("usage") or an_object(value.get("x_groq")).get("usage")
    if isinstance(usage, list):
        usage = usage[0] if usage else None
    if not usage and (timings := an_object(value.get("timings"))):
        return {"prompt_tokens": timings.get("prompt_n"), "completion_tokens": timings.get("predicted_n")}
    if not usage and value.get("eval_count") is not None:
        return {"prompt_tokens": value.get("prompt_eval_count"), "completion_tokens": value["eval_count"]}
    return usage


def _error_in(value: Mapping[str, Any]) -> Any:
    """What stands in place of a reply and says why."""
    if value.get("choices") and not value.get("error"):
        return None
    if value.get("error"):
        return value["error"] if len(value) == 1 or isinstance(value["error"], dict) else dict(value)
    if value.get("object") == "error" or value.get("type") == "error":
        return dict(value)
    base = an_object(value.get("base_resp"))  # MiniMax
    if base.get("status_code"):
        return {"code": base["status_code"], "message": base.get("status_msg")}
    is_reply = any(value.get(name) for name in ("choices", "usage", "response", "id", "data", "result"))
    explains = any(value.get(name) and not isinstance(value[name], bool) for name in _EXPLAINING)
    is_message = isinstance(an_object(value.get("message")).get("content"), str | list)
    return dict(value) if explains and not is_reply and not is_message else None


def _counts(usage: Mapping[str, Any]) -> Counts:
    prompt = an_object(first(usage, "prompt_tokens_details", "input_tokens_details"))
    completion = an_object(first(usage, "completion_tokens_details", "output_tokens_details"))
    cached = prompt.get("cached_tokens")
    if cached is None:
        cached = first(usage, "cached_tokens", "prompt_cache_hit_tokens", "cache_read_input_tokens")
    reasoning = completion.get("reasoning_tokens")
    return Counts(
        prompt=a_count(first(usage, "prompt_tokens", "input_tokens", "promptTokens", "inputTokens")),
        completion=a_count(
            first(usage, "completion_tokens", "output_tokens", "completionTokens", "outputTokens")
        ),
        total=a_count(first(usage, "total_tokens", "totalTokens")),
        cached=a_count(cached),
        reasoning=a_count(usage.get("reasoning_tokens") if reasoning is None else reasoning),
        dollars=a_number(usage.get("cost")),
    )


def _logprob(token: Mapping[str, Any]) -> TokenLogprob:
    def pair(value: Mapping[str, Any]) -> tuple[str, float]:
        return words(value.get("token")), a_number(value.get("logprob")) or 0.0

    text, logprob = pair(token)
    others = [pair(each) for each in a_list(token.get("top_logprobs")) if isinstance(each, dict)]
    return TokenLogprob(token=text, logprob=logprob, alternatives=tuple(others))


class OpenAIChat(RemoteModel):
    """A model behind ``/chat/completions``.

    Args:
        endpoint: the address and key of the model.
        window: tokens that fit.
    """

    reader = OpenAIReader

    def headers_of(self, endpoint: Endpoint) -> Mapping[str, str]:
        """See ``RemoteModel``."""
        if not endpoint.key:
            return {}
        if endpoint.is_azure:
            return {"api-key": endpoint.key}
        return {"authorization": f"Bearer {endpoint.key}"}

    @property
    def stops_when_left(self) -> bool:
        """See ``RemoteModel``. vLLM, SGLang, llama.cpp and Ollama do. Of other addresses it is not known, and models
        of OpenAI's own think unseen.
        """
        return is_near(self._endpoint.base_url)

    def url(self, base_url: str, *, is_stream: bool) -> str:
        """See ``RemoteModel``."""
        return joined(base_url, "/chat/completions")

    def is_path_missing(self, error: ModelError) -> bool:
        """See ``RemoteModel``."""
        base, _, query = self._endpoint.base_url.partition("?")
        has_version = "/v1" in base or bool(query) or bool(self.form.path)
        is_missing = error.status in (404, 405, 501) or "unexpected endpoint" in error.said.lower()
        return is_missing and not has_version

    def body(self, messages: Sequence[Message], sampling: Sampling) -> dict[str, Any]:
        """See ``RemoteModel``."""
        form = self.form
        body: dict[str, Any] = {
            "model": self.model,
            "messages": [{"role": each.role, "content": each.content} for each in form.placed(messages)],
        }
        if (limit := form.limit(sampling.max_tokens)) is not None and form.limit_name is not None:
            body[form.limit_name] = limit
        optional: dict[str, Any] = {"temperature": sampling.temperature, "seed": sampling.seed}
        if (schema := form.schema_of(sampling)) is not None:
            shape = {"name": "reply", "schema": schema, **({"strict": True} if is_strict(schema) else {})}
            optional["response_format"] = {"type": "json_schema", "json_schema": shape}
        if sampling.logprobs is not None:
            optional |= {"logprobs": True, "top_logprobs": sampling.logprobs}
        body |= form.kept(optional)
        if form.must_stream or (sampling.on_text is not None and form.streams):
            body["stream"] = True
            if form.takes("stream_options"):
                body["stream_options"] = {"include_usage": True}
        return body
