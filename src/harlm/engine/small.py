"""Small models: which ones they are, and how their form of answer and quote is read.

A model is small if its server says so, or else if its name states a size of at most four billion parameters.
"""

from __future__ import annotations

import asyncio
import json
import math
import re
from collections.abc import Callable

import msgspec

from harlm.context.quotes import Steps, Typeset, first_at
from harlm.engine.node import Node
from harlm.engine.outcome import as_text
from harlm.patterns import lazy_pattern
from harlm.protocols import Described, LanguageModel
from harlm.retrieval.sentences import split_sentences
from harlm.tokens import estimate_tokens
from harlm.types import Context
from harlm.types.model import SMALL

_SIZE = lazy_pattern(
    r"(?<![a-z0-9.])(?P<number>\d{1,4}(?:\.\d{1,3})?)[ _-]?(?P<unit>[bm])(?![a-z0-9])", re.IGNORECASE
)
_LONGEST_NAME = 300  # characters of a name in which a size is looked for
_LEAST = 50_000_000  # parameters; smaller figures with an M are windows, such as 1m
_LONG = 2_000  # tokens of a text that a small window may not hold
_LONGEST_QUOTE = 2_000  # characters of a quote that is looked for
_ANSWER = lazy_pattern(r'"answer"\s*+:\s*+(?P<text>"(?:[^"\\]++|\\.)*+")', re.DOTALL)
_FENCED = lazy_pattern(r"\A```\w*+\s*+(?P<body>\{.*\})\s*+```\Z", re.DOTALL)


DESCRIPTION = "description"
"""The name under which the run's journal keeps what the server of a model said."""


def is_small(model: LanguageModel) -> bool:
    """Whether a model needs short rules."""
    if isinstance(model, Described) and model.description is not None and model.description.parameters:
        return model.description.is_small
    sizes = [
        float(found["number"]) * (1e9 if found["unit"] in "bB" else 1e6)
        for found in _SIZE.finditer(model.name[-_LONGEST_NAME:])
    ]
    stated = [size for size in sizes if size >= _LEAST]
    return bool(stated) and max(stated) <= SMALL


async def ask_what_it_is(node: Node, model: LanguageModel, context: Context) -> None:
    """Have a model's server describe it before a text that a small window may not hold is sent. A short text is sent
    at once.
    """
    if isinstance(model, Described) and model.description is None and _is_long(context):
        await _described(node, model.name, model)


async def turns_out_small(node: Node, model: LanguageModel) -> bool:
    """Have a local server describe its model, once a reply has shown that it is local. Returns whether the model needs
    short rules after all.
    """
    if not isinstance(model, Described) or model.description is not None or not model.seems_local:
        return False
    was_small = is_small(model)
    await _described(node, model.name, model)
    return not was_small and is_small(model)


async def _described(node: Node, name: str, model: Described) -> None:
    seconds = node.seconds_to_work
    try:
        async with asyncio.timeout(None if math.isinf(seconds) else max(0.0, seconds)):
            said = await model.describe()
    except TimeoutError:
        return  # the call that follows finds out that no time is left
    node.run.journal.choose(name, DESCRIPTION, msgspec.json.encode(said).decode())


def _is_long(context: Context) -> bool:
    if context.characters <= _LONG:
        return False
    if context.characters > 4 * _LONG:
        return True
    return sum(estimate_tokens(document.text) for document in context.documents) > _LONG


# -- the form ------------------------------------------------------------------------------------------------


def form_read(reply: str, context: Context) -> Steps[str]:
    """The answer in a small model's reply, followed by a citation of its quote if that occurs in the context. An empty
    answer is NOT FOUND; a reply that is not the form is the answer itself.
    """
    form = _form_in(reply.strip())
    if form is None:
        return reply.strip()
    answer, quote = form
    if not answer:
        return "NOT FOUND"
    cited = yield from _citation(_supporting(answer, quote, context), context)
    return f"{answer} {cited}" if cited else answer


def _form_in(reply: str) -> tuple[str, str] | None:
    fenced = _FENCED.match(reply)
    body = fenced["body"] if fenced else reply
    if not body.startswith("{"):
        return None
    try:
        form = msgspec.json.decode(body, type=dict[str, object])
    except (msgspec.DecodeError, msgspec.ValidationError, RecursionError):
        cut = _ANSWER.search(body)
        return None if cut is None else (_word(_string(cut["text"])), "")
    if "answer" not in form:
        return None
    return _word(form["answer"]), _word(form.get("quote"))


def _string(literal: str) -> object:
    try:
        return json.loads(literal, strict=False)
    except ValueError:
        return literal[1:-1]


def _word(value: object) -> str:
    if value is None:
        return ""
    return (value if isinstance(value, str) else as_text(value)).strip()


def _supporting(answer: str, quote: str, context: Context) -> str:
    """The quote, or the first sentence that has the answer word for word if the quote does not have it."""
    if not 1 < len(answer) <= _LONGEST_QUOTE or answer.casefold() in quote.casefold():
        return quote
    words = re.compile(rf"(?<!\w){re.escape(answer)}(?!\w)")
    for document in context.documents:
        if found := words.search(document.text):
            nearby = found.start() - _LONGEST_QUOTE // 2, found.end() + _LONGEST_QUOTE // 2
            for start, end in split_sentences(
                document.text, max(0, nearby[0]), min(len(document.text), nearby[1])
            ):
                if start <= found.start() and found.end() <= end:
                    return document.text[start:end]
    return quote


def _citation(quote: str, context: Context) -> Steps[str]:
    """A citation of ``quote`` in the notation of answers; empty if it occurs in no document."""
    wanted = quote.strip().strip('"“”').strip()
    if not wanted or len(wanted) > _LONGEST_QUOTE:
        return ""
    found = yield from _first(context, lambda text: _verbatim(text, wanted))
    if found is None:
        typeset = Typeset()
        found = yield from _first(context, lambda text: typeset.near(text, wanted, 0, len(text)))
    if found is None:
        return ""
    name, exact = found
    return f"[{name} {json.dumps(exact, ensure_ascii=False)}]"


def _first(
    context: Context, look: Callable[[str], Steps[tuple[int, int] | None]]
) -> Steps[tuple[str, str] | None]:
    for document in context.documents:
        span = yield from look(document.text)
        if span is not None:
            return document.name, document.text[slice(*span)]
    return None


def _verbatim(text: str, quote: str) -> Steps[tuple[int, int] | None]:
    at = yield from first_at(text, quote)
    return None if at < 0 else (at, at + len(quote))
