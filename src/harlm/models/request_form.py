"""The form of requests to one endpoint: what it has refused is left out, renamed or lowered from then on.

Servers that speak the same protocol differ in what they take. None can be asked what it takes, so each is sent
everything that is wanted, and its refusals are read: one table, applied one refusal after another.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from harlm.patterns import lazy_pattern
from harlm.types import Message, Sampling

OLD_NAME, NEW_NAME = "max_tokens", "max_completion_tokens"
_SHORT_REPLY = 1_024  # tokens, for a reply whose limit did not fit next to the prompt
_LEAST = 16  # tokens; a server that allows fewer is misread
_REFUSES = lazy_pattern(
    r"support|allow|permit|recogni[sz]|invalid|unknown|unexpected|unsupported|extra|enabled|verified|forbid|implement"
    r"|cannot|not callable|disabled|must",
    re.IGNORECASE,
)
_AT_MOST = lazy_pattern(
    r"(?:at most|at maximum|maximum|up to|no more than|less than or equal to|lower than|not exceed|cannot be greater than"
    r"|exceeds?(?: the)?(?: model)? limit(?: of)?|limit(?:ed)?(?: of| is| to)?|<=?|>"
    r"|range[^\d\[(]{0,40}+[\[(]?\s*+\d{1,3}\s*+(?:\(inclusive\))?\s*+(?:,|to)|\[\s*+\d{1,3}\s*+,)[^\d]{0,40}+(\d[\d,]*+)",
    re.IGNORECASE,
)
_LIMIT_OF_REPLY = lazy_pattern(
    r"max(?:imum)?[_ ]?(?:completion_?|output_?|new_?)?tokens|completion tokens|output tokens|max_?output_?tokens"
)
_STREAMING = lazy_pattern(r"\bstream(?:ing|ed)?\b|streamgeneratecontent")
_ONLY_STREAMS = lazy_pattern(
    r"only supports? (?:the )?stream|non-streaming (?:calls|is not|requests? (?:is|are) not)|enable the stream"
    r"|stream[^.\n]{0,20}? (?:must be (?:set to )?true|is required)"
)
_SYSTEM = lazy_pattern(
    r"system[ _]?(?:role|message|prompt|instruction|field)|['\"]system['\"]|developer instruction|systeminstruction"
    r"|roles? must alternate|only user and (?:assistant|model)|role:? ['\"]?system|system: extra|role must be (?:user|['\"]user)"
    r"|messages\W+\d+\W+role|first message must be|should be 'user'"
)
_NUMBER = lazy_pattern(r"(?<![\w.-])\d[\d,]*+(?![\w-])")


@dataclass(slots=True)
class RequestForm:
    """What requests to one model at one address look like.

    Attributes:
        limit_name: the name of the limit of a reply; ``None`` if the server takes no limit.
        most_output: the largest limit that it takes; ``None`` if it has refused none.
        streams: whether replies are asked for as streams, where the caller wants one.
        must_stream: whether they are asked for as streams in any case.
        has_system: whether it takes messages of the system.
        path: put between the address and the path of a request, for an address without its ``/v1``.
        refused: names of parameters that are left out.
        hides_thoughts: whether a reply was charged for thoughts that were not sent.
        broken_streams: how many streams have broken off; after the second one whole replies are asked for.
    """

    limit_name: str | None = OLD_NAME
    most_output: int | None = None
    streams: bool = True
    must_stream: bool = False
    has_system: bool = True
    path: str = ""
    refused: set[str] = field(default_factory=set)
    hides_thoughts: bool = False
    broken_streams: int = 0

    def stream_broke(self) -> None:
        """Record that the connection of a stream ended in the middle."""
        self.broken_streams += 1
        if self.broken_streams > 1:
            self.streams = False

    def takes(self, parameter: str) -> bool:
        """Whether a parameter is sent."""
        return parameter not in self.refused

    def kept(self, parameters: Mapping[str, Any]) -> dict[str, Any]:
        """Those parameters that have a value and are not refused."""
        return {name: value for name, value in parameters.items() if value is not None and self.takes(name)}

    def limit(self, wanted: int | None) -> int | None:
        """The limit of a reply to send, in tokens."""
        if wanted is None or self.most_output is None:
            return wanted
        return min(wanted, self.most_output)

    def schema_of(self, sampling: Sampling) -> Mapping[str, object] | None:
        """The schema that a reply must follow: the caller's, or one for its choices."""
        if sampling.choices:
            return {
                "type": "object",
                "properties": {"choice": {"type": "string", "enum": list(sampling.choices)}},
                "required": ["choice"],
                "additionalProperties": False,
            }
        return sampling.schema

    def placed(self, messages: Sequence[Message]) -> Sequence[Message]:
        """The messages; for a server without a system role its words stand before the first message of the user."""
        if self.has_system:
            return messages
        rules = "\n\n".join(each.content for each in messages if each.role == "system")
        others = [each for each in messages if each.role != "system"]
        if not rules or not others:
            return [replace(each, role="user") for each in messages]
        at = next((at for at, each in enumerate(others) if each.role == "user"), 0)
        others[at] = replace(others[at], content=f"{rules}\n\n{others[at].content}")
        return others

    def adapt(self, body: Mapping[str, Any], said: str, status: int | None, *, overflows: bool) -> bool:
        """Learn from a refusal.

        Args:
            body: the request that was refused.
            said: the server's words, with the names of the parameters that it points to.
            status: of the refusal.
            overflows: whether the prompt and the limit of the reply together did not fit.

        Returns:
            whether the next request will differ, so that it is worth sending.
        """
        if overflows:
            return self._lower_next_to_prompt(body, said)
        if status is not None and status >= 500 and not _REFUSES.search(said):
            return False
        said = said.lower()
        return any(refusal(self, body, said) for refusal in _REFUSALS)

    def _lower_next_to_prompt(self, body: Mapping[str, Any], said: str) -> bool:
        """Lower the limit to what fits next to the prompt: to what the refusal leaves of the window, else step by step."""
        limit = _limit_in(body)
        if limit is None or limit <= _LEAST:
            return False
        room = _room_in(said)
        if room is not None and room < _LEAST:
            return False
        if room is None or room >= limit:
            if limit <= _SHORT_REPLY:
                return False
            room = _SHORT_REPLY
        self.most_output = room
        return True


_ROOM = (
    lazy_pattern(r"maximum context length (?:is|of) (\d{2,9}).{0,200}?\((\d{1,9}) (?:in|of|from) the (?:messages|prompt|text|input)", re.IGNORECASE),
    lazy_pattern(r"(?<!\d)\d{1,12} > (\d{2,9}) - (\d{1,9})"),
)  # fmt: skip


def _room_in(said: str) -> int | None:
    """The tokens that a refusal leaves for a reply: its window less the prompt; ``None`` if it does not name both."""
    for pattern in _ROOM:
        if (found := pattern.search(said)) is not None:
            return int(found[1]) - int(found[2])
    return None


def _limit_in(body: Mapping[str, Any]) -> int | None:
    for name in (OLD_NAME, NEW_NAME):
        if isinstance(limit := body.get(name), int):
            return limit
    config = body.get("generationConfig")
    return config.get("maxOutputTokens") if isinstance(config, dict) else None


def _streaming(form: RequestForm, body: Mapping[str, Any], said: str) -> bool:
    if "stream_options" in body and ("stream_options" in said or "include_usage" in said):
        form.refused.add("stream_options")
        return True
    if (
        not form.must_stream
        and "stream" not in body
        and "contents" not in body
        and _ONLY_STREAMS.search(said)
    ):
        form.must_stream = True
        return True
    is_sent = "stream" in body or "contents" in body
    if form.streams and is_sent and _STREAMING.search(said) and _REFUSES.search(said):
        form.streams = False
        return True
    return False


def _limit_name(form: RequestForm, body: Mapping[str, Any], said: str) -> bool:
    name = form.limit_name
    if name is None or name not in body or name not in said or _limit_value_is_meant(body, said):
        return False
    other = NEW_NAME if name == OLD_NAME else OLD_NAME
    tried = f"limit {name}"
    form.refused.add(tried)
    form.limit_name = None if f"limit {other}" in form.refused else other
    return True


def _limit_value_is_meant(body: Mapping[str, Any], said: str) -> bool:
    limit = _limit_in(body)
    if limit is None or "unsupported parameter" in said or "extra" in said:
        return False
    return bool(_AT_MOST.search(said)) or "too large" in said or "too high" in said or str(limit) in said


def _limit_value(form: RequestForm, body: Mapping[str, Any], said: str) -> bool:
    limit = _limit_in(body)
    about = _LIMIT_OF_REPLY.search(said)
    if limit is None or limit <= _LEAST or not about or not _limit_value_is_meant(body, said):
        return False
    named = [int(each.replace(",", "")) for each in _AT_MOST.findall(said)]
    named = [each for each in named if _LEAST <= each < limit]
    if not named:
        every = [int(each.replace(",", "")[:12]) for each in _NUMBER.findall(said)]
        named = [each for each in every if _LEAST <= each < limit]
    form.most_output = max(named, default=limit // 2) - ("exclusive" in said)
    return True


def _system_role(form: RequestForm, body: Mapping[str, Any], said: str) -> bool:
    sends = "system" in body or "systemInstruction" in body or "system" in str(_roles(body))
    if not (form.has_system and sends and _SYSTEM.search(said)):
        return False
    form.has_system = False
    return True


def _roles(body: Mapping[str, Any]) -> list[object]:
    messages = body.get("messages")
    return [each.get("role") for each in messages] if isinstance(messages, list) else []


def _leaves_out(parameter: str, *words: str) -> Callable[[RequestForm, Mapping[str, Any], str], bool]:
    """A refusal of a parameter that HARLM can do without, named by it or by other words."""
    named = re.compile(
        "|".join(rf"(?<![a-z]){re.escape(word)}(?![a-z])" for word in (parameter.lower(), *words))
    )

    def refusal(form: RequestForm, body: Mapping[str, Any], said: str) -> bool:
        config = body.get("generationConfig")
        is_sent = parameter in body or (isinstance(config, dict) and parameter in config)
        if not is_sent or not form.takes(parameter) or not named.search(said):
            return False
        form.refused.add(parameter)
        return True

    return refusal


_REFUSALS: Sequence[Callable[[RequestForm, Mapping[str, Any], str], bool]] = (
    _leaves_out(
        "response_format",
        "json_schema",
        "guided",
        "grammar",
        "structured output",
        "structured outputs",
        "json mode",
        "schema",
    ),
    _leaves_out("responseMimeType", "response_mime_type", "json mode"),
    _leaves_out(
        "responseJsonSchema",
        "response_json_schema",
        "responseschema",
        "json mode",
        "response_schema",
        "schema",
    ),
    _leaves_out(
        "output_config", "output_format", "structured output", "structured outputs", "json_schema", "schema"
    ),
    _leaves_out("top_logprobs", "toplogprobs"),
    _leaves_out("logprobs", "logprob"),
    _leaves_out("responseLogprobs", "response_logprobs", "logprobs"),
    _leaves_out("seed"),
    _leaves_out("temperature"),
    _leaves_out("stop"),
    _leaves_out("cache_control"),
    _streaming,
    _limit_value,
    _limit_name,
    _system_role,
)
"""What an endpoint may refuse, in the order in which a refusal is read."""


def form_for(base_url: str) -> RequestForm:
    """The form that an address is first asked in. OpenAI's reasoning models refuse the old name of the limit; most
    other servers accept only the old one.
    """
    return RequestForm(limit_name=NEW_NAME if "api.openai.com" in base_url else OLD_NAME)
