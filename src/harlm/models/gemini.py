"""The adapter for Gemini's generateContent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

from harlm.models.access import Endpoint
from harlm.models.addresses import joined
from harlm.models.lenient import a_count, a_list, a_number, a_text, an_object, first, is_thought, words
from harlm.models.remote import RemoteModel
from harlm.models.reply_reader import ReplyReader
from harlm.models.usage import Counts
from harlm.patterns import lazy_pattern
from harlm.types import Message, Sampling, TokenLogprob

_VERSION = lazy_pattern(r"/v1(?:beta\d*+|alpha\d*+)?(?=/|\Z)")
_UNSPECIFIED = ("FINISH_REASON_UNSPECIFIED", "BLOCK_REASON_UNSPECIFIED")


class GeminiReader(ReplyReader):
    """Reads replies of generateContent, whole or as the events of a stream, each of which has the form of a whole one."""

    def read(self, value: Mapping[str, Any]) -> None:
        """See ``ReplyReader``."""
        if value.get("error"):
            self.error = self.error or value["error"]
        elif "candidates" not in value and isinstance(first(value, "message", "detail"), str | dict | list):
            self.error = self.error or dict(value)
        self.served_by = self.served_by or a_text(value.get("modelVersion"))
        candidates = a_list(value.get("candidates"))
        if candidates and isinstance(candidates[0], dict):
            self._read_candidate(candidates[0])
        feedback = an_object(value.get("promptFeedback"))
        if (blocked := a_text(feedback.get("blockReason"))) and blocked not in _UNSPECIFIED:
            self.is_reply = True
            self.reason = self.reason or f"{blocked} (the prompt was blocked)"
            self.blocks_prompt = True
        if isinstance(usage := first(value, "usageMetadata", "usage_metadata"), dict):
            self.is_reply = True
            self.counts.take(_counts(usage))

    def _read_candidate(self, candidate: Mapping[str, Any]) -> None:
        self.is_reply = True
        content = an_object(candidate.get("content"))
        for number, part in enumerate(a_list(content.get("parts"))):
            if not isinstance(part, dict):
                self.say(words(part))
            elif isinstance(call := first(part, "functionCall", "function_call"), dict):
                self.call((len(self.calls), number), call.get("name"), first(call, "args", "arguments"))
            elif isinstance(code := first(part, "executableCode", "executable_code"), dict):
                self.call((len(self.calls), number), "code_execution", {"code": words(code.get("code"))})
            elif is_thought(part):
                self.think(words(part.get("text")))
            else:
                self.say(words(part.get("text")))
        reason = a_text(first(candidate, "finishReason", "finish_reason"))
        if reason and reason not in _UNSPECIFIED:
            self.reason = reason[:80]
        self.explanation = self.explanation or words(candidate.get("finishMessage"))[:300]
        chosen = a_list(an_object(candidate.get("logprobsResult")).get("chosenCandidates"))
        for token in chosen:
            if isinstance(token, dict):
                logprob = a_number(token.get("logProbability")) or 0.0
                self.likely(TokenLogprob(token=words(token.get("token")), logprob=logprob))


def _counts(usage: Mapping[str, Any]) -> Counts:
    """The counts in HARLM's terms: thoughts are part of the output, prompts of tools part of the input. Gemini counts
    them separately.
    """

    def count(name: str) -> int | None:
        return a_count(usage.get(name))

    prompt, tools = count("promptTokenCount"), count("toolUsePromptTokenCount")
    words_, thoughts = count("candidatesTokenCount"), count("thoughtsTokenCount")
    return Counts(
        prompt=None if prompt is None else prompt + (tools or 0),
        completion=None if words_ is None and thoughts is None else (words_ or 0) + (thoughts or 0),
        total=count("totalTokenCount"),
        cached=count("cachedContentTokenCount"),
        reasoning=thoughts,
    )


class GeminiContent(RemoteModel):
    """A model behind ``:generateContent``.

    Args:
        endpoint: the address and key of the model.
        window: tokens that fit.
    """

    reader = GeminiReader

    def headers_of(self, endpoint: Endpoint) -> Mapping[str, str]:
        """See ``RemoteModel``."""
        return {"x-goog-api-key": endpoint.key} if endpoint.key else {}

    def url(self, base_url: str, *, is_stream: bool) -> str:
        """See ``RemoteModel``."""
        version = "" if _VERSION.search(base_url.partition("?")[0]) else "/v1beta"
        verb = "streamGenerateContent?alt=sse" if is_stream else "generateContent"
        path = self.model if self.model.startswith("tunedModels/") else f"models/{self.model}"
        return joined(base_url, f"{version}/{quote(path)}:{verb}")

    def body(self, messages: Sequence[Message], sampling: Sampling) -> dict[str, Any]:
        """See ``RemoteModel``."""
        form = self.form
        placed = form.placed(messages)
        body: dict[str, Any] = {
            "contents": [
                {
                    "role": "model" if message.role == "assistant" else "user",
                    "parts": [{"text": message.content}],
                }
                for message in placed
                if message.role != "system"
            ]
        }
        if system := [{"text": message.content} for message in placed if message.role == "system"]:
            body["systemInstruction"] = {"parts": system}
        schema = form.schema_of(sampling)
        wanted = {
            "maxOutputTokens": form.limit(sampling.max_tokens),
            "temperature": sampling.temperature,
            "seed": sampling.seed,
            "responseMimeType": None if schema is None else "application/json",
            "responseJsonSchema": schema,
            "responseLogprobs": None if sampling.logprobs is None else True,
        }
        if config := form.kept(wanted):
            body["generationConfig"] = config
        return body

    def is_stream(self, body: Mapping[str, Any], sampling: Sampling) -> bool:
        """See ``RemoteModel``."""
        return sampling.on_text is not None and self.form.streams
