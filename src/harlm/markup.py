"""The tags and marker lines of a prompt, each written in one place and read in the same place.

``engine.prompts`` writes prompts with these functions and the offline model reads them back, so a change of
format cannot leave one of the two behind. Wording is not handled here.

Texts are never escaped: a model should see a document as it is. So a text may contain tags itself, and
reading relies on the layout around a tag, not on the tag alone. Two layouts exist, and each has a writer and
a reader: documents followed by a question (``direct_prompt``, ``read_direct_prompt``), and the opening of a
REPL loop (``opening``, ``read_opening``).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

QUESTION = "question"
CONTEXT = "context"
LEARNED = "learned"
MEMORY = "memory"
SUGGESTION = "suggestion"
TEXT = "text"

CALLED = "called "
"""Stands before the name of a context's only text, in its description."""

MOSTLY = "Mostly "
"""Stands before the structure that most documents have, in the description of a context."""

TURN_PATTERN = r"Turn \d+ of \d+\."
"""A regular expression for what ``turn`` writes."""

_EXCEPTION = "Exception:"
_VARIABLES = "Variables: "
_END_OF_DOCUMENT = "\n</document>"
_DOCUMENT = "<document name="
_CLOSED = "</document>"
# Compiled when they are first used: only the offline model reads prompts.
_TO_QUESTION = (
    r"\n</context>\n\n(?:(?!</context>\n|<suggestion>\n)[^\n]++\n\n)?"
    r"(?:<suggestion>\n(?:(?!</suggestion>\n)[^\n]*+\n){0,200}+</suggestion>\n\n)?<question>(?=\n)"  # so that reading stays linear
)
_TO_TURN = rf"\n</question>\n\n{TURN_PATTERN}"
_TITLE = r"Output(?: of block \d+)?(?: \([\d,]+ characters\))?:\n"
_MARK = rf"(?m)^(?:(?P<title>{_TITLE})|{_EXCEPTION}$|{_VARIABLES}|{TURN_PATTERN})"


class DirectPrompt(NamedTuple):
    """Documents and a question about them.

    Attributes:
        documents: as (name, text), in the order of the prompt.
        question: the tagged question; where a prompt has none, all of its text outside documents.
    """

    documents: tuple[tuple[str, str], ...]
    question: str


class Opening(NamedTuple):
    """The parts of a REPL loop's first message that say what to do.

    Attributes:
        context: the description of the context; empty if there is none.
        question: the tagged question; the whole message if none is tagged.
    """

    context: str
    question: str


# -- tags -------------------------------------------------------------------------------------------------


def tagged(name: str, text: str) -> str:
    """``text`` between an opening and a closing tag, each on a line of its own."""
    return f"<{name}>\n{text}\n</{name}>"


def read_tag(prompt: str, name: str) -> str | None:
    """The text between the first opening and the last closing tag ``name``; None if one is missing."""
    _, opened, rest = prompt.partition(f"<{name}>")
    text, closed, _ = rest.rpartition(f"</{name}>")
    return text.removeprefix("\n").removesuffix("\n") if opened and closed else None


def document(name: str, text: str) -> str:
    """One document of a prompt. ``name`` is one line."""
    mark = "'" if '"' in name else '"'
    return f"<document name={mark}{name}{mark}>\n{text}{_END_OF_DOCUMENT}"


# -- documents, then a question ---------------------------------------------------------------------------


def direct_prompt(documents: Iterable[tuple[str, str]], question: str) -> str:
    """A prompt of documents, as (name, text), followed by a question about them."""
    texts = "\n\n".join(document(name, text) for name, text in documents)
    return f"{texts}\n\n{tagged(QUESTION, question)}"


def read_direct_prompt(prompt: str) -> DirectPrompt:
    """The documents and the question of a prompt.

    Exact for what ``direct_prompt`` wrote from one document or more, whatever tags the texts contain, with
    two exceptions: a question with the end of a document and the beginning of a question in it, and a
    document with the end of a document and the beginning of another in it. The question begins as late as
    possible, so that a document cannot replace it.

    Prompts in another layout, such as those that people write, are read tag by tag: a document ends at the
    first closing tag, and the question is looked for outside documents.
    """
    return _laid_out(prompt) or _tag_by_tag(prompt)


def _laid_out(prompt: str) -> DirectPrompt | None:
    body = prompt.rstrip()
    question_begins, question_ends = tagged(QUESTION, "\0").split("\0")
    texts, between, question = body.removesuffix(question_ends).rpartition(
        f"{_END_OF_DOCUMENT}\n\n{question_begins}"
    )
    gap = f"{_END_OF_DOCUMENT}\n\n"
    lines: list[_DocumentLine] = []
    line = _document_line(texts, 0)
    while line is not None:
        if not line.start or texts.endswith(gap, 0, line.start):
            lines.append(line)
        line = _document_line(texts, line.end)
    if not body.endswith(question_ends) or not between or not lines or lines[0].start > 0:
        return None
    ends = [*(line.start - len(gap) for line in lines[1:]), len(texts)]
    documents = ((line.name, texts[line.end : end]) for line, end in zip(lines, ends, strict=True))
    return DirectPrompt(tuple(documents), question)


def _tag_by_tag(prompt: str) -> DirectPrompt:
    documents: list[tuple[str, str]] = []
    outside: list[str] = []
    at = 0
    while (line := _document_line(prompt, at)) is not None:
        end = prompt.find(_CLOSED, line.end)
        if end < 0:
            break
        documents.append((line.name, prompt[line.end : end].removesuffix("\n")))
        outside.append(prompt[at : line.start])
        at = end + len(_CLOSED)
    rest = "".join([*outside, prompt[at:]])
    question = read_tag(rest, QUESTION)
    return DirectPrompt(tuple(documents), rest if question is None else question)


class _DocumentLine(NamedTuple):
    """The opening tag of a document, which ends its line; ``end`` is the beginning of the next."""

    start: int
    end: int
    name: str


def _document_line(prompt: str, at: int) -> _DocumentLine | None:
    """The first opening tag of a document from ``at`` on."""
    at = prompt.find(_DOCUMENT, at)
    while at >= 0:
        end = prompt.find("\n", at)
        closing = prompt[end - 2 : end]
        if end < 0:
            return None
        start = prompt.find(f"{_DOCUMENT}{closing[:1]}", at, end - 2) if closing in ('">', "'>") else -1
        if start >= 0:
            return _DocumentLine(start, end + 1, prompt[start + len(_DOCUMENT) + 1 : end - 2])
        at = prompt.find(_DOCUMENT, end)
    return None


# -- the dialogue of a REPL loop --------------------------------------------------------------------------


def opening(context: str, question: str, first_turn: str, *, plan: str = "", suggestion: str = "") -> str:
    """The first message of a REPL loop.

    Args:
        context: the description of the context.
        question: of the task.
        first_turn: a line that begins as ``turn`` writes it.
        plan: how the context can be read, in one line without tags; empty for none.
        suggestion: a way to the answer, of at most 200 lines; empty for none.
    """
    offered = tagged(SUGGESTION, suggestion) if suggestion else ""
    blocks = [tagged(CONTEXT, context), plan, offered, tagged(QUESTION, question), first_turn]
    return "\n\n".join(block for block in blocks if block)


def read_opening(message: str) -> Opening:
    """The description of the context and the question.

    Exact for what ``opening`` wrote, whatever tags the texts contain, unless the question itself contains the
    end of a context followed by the beginning of a question. In a message of another layout each tag is
    looked for alone, and where no question is tagged the whole message is the question.
    """
    if (opening := _laid_out_opening(message)) is not None:
        return opening
    question = read_tag(message, QUESTION)
    return Opening(read_tag(message, CONTEXT) or "", message if question is None else question)


def _laid_out_opening(message: str) -> Opening | None:
    begins = f"<{CONTEXT}>\n"
    ends = list(re.finditer(_TO_TURN, message))
    if not message.startswith(begins) or not ends:
        return None
    question_ends = ends[-1].start()
    between = list(re.compile(_TO_QUESTION).finditer(message, len(begins), question_ends))
    if not between:
        return None
    return Opening(message[len(begins) : between[-1].start()], message[between[-1].end() + 1 : question_ends])


def turn(number: int, of: int) -> str:
    """The number of a turn, counted from 1, and how many turns there are at most."""
    return f"Turn {number} of {of}."


def output(
    body: str,
    *,
    block: int | None = None,
    characters: int | None = None,
    error: str = "",
    variables: str = "",
) -> str:
    """What a block of code printed, with the exception that ended it and the variables that it set.

    Args:
        body: what is shown of the output.
        block: the number of the block, counted from 1, when the reply had more than one.
        characters: the length of the whole output, when only a part of it is shown.
        error: the exception as text; empty if there was none.
        variables: one line; empty if none were set.
    """
    title = "Output" if block is None else f"Output of block {block}"
    length = "" if characters is None else f" ({characters:,} characters)"
    lines = [f"{title}{length}:", body]
    if error:
        lines += [_EXCEPTION, error]
    if variables:
        lines.append(_VARIABLES + variables)
    return "\n".join(lines)


def read_outputs(message: str) -> tuple[str, ...]:
    """The bodies of all outputs in a message. A body ends at the first line that looks like a marker line."""
    bodies: list[str] = []
    begins: int | None = None
    for mark in re.finditer(_MARK, message):
        if mark.start() == begins:
            continue  # the body itself begins like a marker line
        if begins is not None:
            bodies.append(message[begins : mark.start()].rstrip("\n"))
        begins = None if mark["title"] is None else mark.end()
    return (*bodies, message[begins:].rstrip("\n")) if begins is not None else tuple(bodies)


def has_exception(message: str) -> bool:
    """Whether a message shows that a block of code ended with an exception."""
    return f"\n{_EXCEPTION}\n" in f"\n{message}"
