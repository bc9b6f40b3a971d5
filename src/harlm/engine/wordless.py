"""Says why a reply that was paid for holds no words, by what is known of it: blocked, a call of a tool, only thoughts,
or nothing at all. One line each, with the provider's own words.
"""

from __future__ import annotations

import ast
from dataclasses import replace

from harlm.engine.outcome import as_text
from harlm.engine.replies import markup_only, parse_reply
from harlm.errors import BadCompletion
from harlm.guest.vocabulary import COMBINATORS, INNER, VOCABULARY
from harlm.syntax import parsed
from harlm.types import Completion

_SHOWN = 120  # characters of a word of the provider or the model
_USUAL = frozenset(
    {"", "stop", "end", "end_turn", "length", "max_tokens", "tool_calls", "tool_use", "content_filter"}
)
"""Reasons, in lower case, that say no more than ``Completion.stop``."""
_MARKS = (
    "<", "```", "~~~", "[TOOL_CALLS]", "functools[", "call:", "Action", "arguments", "parameters", "args", "params",
    "_input", '"input', "'input", '"code', "'code", 'answer["', "answer['",
    *(f"{name}(" for name in COMBINATORS),  # words of English, too
    *(row.name for row in VOCABULARY if row.name not in ("answer", *COMBINATORS, *INNER)),
)  # fmt: skip
"""A reply without any of these is words: most are, and reading them as markup would take longer than everything else."""
_LONGEST_CODE = 100_000  # characters that are parsed to find what they finish with


def in_words(completion: Completion) -> Completion:
    """A reply that is to be words. Of code that ends with a ``FINAL(...)`` around a literal, which only a REPL asks for,
    the literal is taken.

    A call of a tool in a model's own notation is not words: HARLM gives models no tools, so no reply can rest on one.

    Raises:
        BadCompletion: the reply holds no words, and why.
    """
    said = completion.text
    if not said.strip():
        raise _error(completion, _why(completion))
    markup = markup_only(said) if any(mark in said for mark in _MARKS) else None
    if markup is None:
        return completion
    if value := _finished_with(said):
        return replace(completion, text=value)
    raise _error(completion, f"wrote nothing but {_in_short(markup)}, and it was given no tools")


def literal_in(code: str) -> str | None:
    """The text that code finishes with, if its last statement finishes with one literal, or does so
    if the name that it tries first is not bound; ``None`` otherwise.
    """
    if len(code) > _LONGEST_CODE:
        return None
    try:
        match parsed(code).body[-1:]:
            case [ast.Expr(ast.Call(ast.Name("FINAL" | "SUBMIT"), [argument], []))]:
                value: object = ast.literal_eval(argument)
            case [
                ast.Try([ast.Expr(ast.Call(_, [ast.Name()], []))], [ast.ExceptHandler(body=[last])], [], [])
            ]:
                return literal_in(ast.unparse(last))
            case _:
                return None
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return None
    return value if isinstance(value, str) else as_text(value)


def _finished_with(said: str) -> str | None:
    if "FINAL" not in said and "SUBMIT" not in said:
        return None
    reply = parse_reply(said)
    return literal_in(reply.finish or (reply.cells[-1] if reply.cells else ""))


def no_reply(completion: Completion) -> BadCompletion | None:
    """The error for a reply that holds neither words nor calls of tools; ``None`` for any other."""
    if completion.text.strip() or completion.calls:
        return None
    return _error(completion, _why(completion))


def _error(completion: Completion, why: str) -> BadCompletion:
    return BadCompletion(
        f"{completion.model} {why}", model=completion.model, request_id=completion.request_id
    )


def _why(completion: Completion) -> str:
    reason = completion.reason or ""
    stated = "" if reason.lower() in _USUAL else f" ({_in_short(reason)})"
    if completion.stop == "filter":
        blocked = f"was blocked{stated or ' by its provider'}"
        what = f"refused to answer{stated}" if "refus" in reason.lower() else blocked
        return f"{what}; word the question differently, leave out what it is about, or ask another model"
    if completion.calls:
        more = f" and {len(completion.calls) - 1} more" if len(completion.calls) > 1 else ""
        tool = _in_short(completion.calls[0].name)
        return f"called the tool {tool!r}{more}, which it was not given, and wrote no text{stated}"
    if completion.stop == "tool":
        return f"tried to call a tool, though it was given none, and wrote no text{stated}"
    tokens = completion.usage.output_tokens
    is_cut = completion.stop == "length"
    if completion.thoughts or completion.usage.reasoning_tokens:
        until = ", until its limit was reached," if is_cut else ""
        return (
            f"spent its {tokens:,} tokens on thinking{until} and wrote no text{stated}; raise the budget or the server's "
            "limit of output tokens, or ask a model that thinks less"
        )
    if is_cut:
        return f"reached its limit of {tokens:,} tokens before it wrote any text{stated}; raise the limit or ask for less"
    return f"answered with no text{stated}"


def _in_short(words: str) -> str:
    line = " ".join(words[: 4 * _SHOWN].split())
    return line if len(line) <= _SHOWN else f"{line[:_SHOWN]}…"
