"""Finishes that a model writes in its prose: ``FINAL(…)``, ``FINAL_VAR(…)``, ``SUBMIT(…)``, ``answer[…] = …``.

They mean what they mean in code, so each becomes code. Words stay words: ``FINAL(The answer is 42.)``.
"""

from __future__ import annotations

import ast
import builtins
import contextlib
import re
import sys
from itertools import islice
from typing import NamedTuple

from harlm.engine.replies.python import Parser, scan_line, tokens_with
from harlm.patterns import lazy_pattern
from harlm.scheduler.analysis import LONGEST_CELL
from harlm.syntax import parsed

_FINISH = lazy_pattern(
    r"^[ \t>*`_#-]*+(?:\d{1,3}[.)][ \t]++)?[*`_]*+(?P<name>FINAL_VAR|FINAL|SUBMIT)[ \t]*+\(", re.MULTILINE
)
_CLOSED = lazy_pattern(r"\)[ \t*.`_]*+$", re.MULTILINE)
_LAST_CLOSED = lazy_pattern(r".*(?P<last>\))[ \t*.`_]*+$", re.MULTILINE | re.DOTALL)
_MOST_CLOSINGS = 10_000  # lines that end with a parenthesis and may end a FINAL(…)
_ANSWER = lazy_pattern(r"^[ \t]*+answer\[(?:\"\w{1,40}\"|'\w{1,40}')\][ \t]*+=(?!=)", re.MULTILINE)
_IDENTIFIER = lazy_pattern(r"[^\W\d]\w*+")
_FIGURES = lazy_pattern(r"[+-]?\d{1,3}(?:,\d{3})++(?:\.\d++)?|\d++(?:[-/–]\d++)++")
_PATH = lazy_pattern(r"[\w/.-]++")
_FILES = tuple(
    f".{suffix}"
    for suffix in "py md txt json csv tsv yaml yml toml ini html xml js ts rs go c h cpp java rb sh sql pdf com org net".split()
)
_PLAIN_WORDS = lazy_pattern(r"[^\W\d][\w ,]*+")
_FORMATTED = lazy_pattern(r"\*|[fF][rR]?[\"']|[\"'][^\"'\n]*+[\"'][ \t]*+[+%]")
_CALLED = lazy_pattern(r"[^\W\d][\w.]*+[(\[]")
_WORD_OF_SENTENCE = lazy_pattern(r"(?<=\s)[^\W\d_]{2,}+(?=[\s.,;:!?]|\Z)")
_WORD_NODES = (
    ast.Name,
    ast.Load,
    ast.BoolOp,
    ast.boolop,
    ast.UnaryOp,
    ast.Not,
    ast.Compare,
    ast.In,
    ast.NotIn,
    ast.Is,
    ast.IsNot,
)
_WORDS = frozenset(dir(builtins)) | sys.stdlib_module_names
_BRACKETS = tokens_with(r"[()\[\]{}]")
_MOST_STATEMENTS = 20  # assignments to the answer that are read
_MOST_MARKS = 5_000  # brackets, and lines, in which the end of a value is looked for
_NEXT_LINE = lazy_pattern(r"\s*+(?=[a-z])")


class ProseFinish(NamedTuple):
    """A finish in prose.

    Attributes:
        code: that finishes.
        start, end: where it is.
    """

    code: str
    start: int
    end: int


def finish_in(prose: str, parser: Parser) -> ProseFinish | None:
    """The first finish in prose; ``None`` if it has none."""
    match = _FINISH.search(prose) if "FINAL" in prose or "SUBMIT" in prose else None
    closing = _closing(prose, match.end()) if match else None
    if match is not None and closing is not None:
        body = prose[match.end() : closing].strip()
        return ProseFinish(_code(match["name"], body, parser), match.start(), closing + 1)
    answer = _answer_in(prose) if "answer[" in prose else None
    return answer if answer is not None and parser.tree(answer.code) is not None else None


def _code(name: str, body: str, parser: Parser) -> str:
    """The code for a finish with ``body`` in its parentheses."""
    body = _without_backticks(body)
    if _FIGURES.fullmatch(body) and name != "FINAL_VAR":
        return f"FINAL({body!r})"
    if len(body) > LONGEST_CELL:
        return _long(body)
    tree = parser.tree(f"f({body}\n)")
    call = (
        tree.body[0].value
        if tree is not None and len(tree.body) == 1 and isinstance(tree.body[0], ast.Expr)
        else None
    )
    if (
        not isinstance(call, ast.Call)
        or not isinstance(call.func, ast.Name)
        or (not call.args and not call.keywords)
    ):
        return _words(name, body)
    source = f"f({body}\n)"
    named = [(each.arg, each.value) for each in call.keywords if each.arg is not None]
    if len(named) != len(call.keywords) or any(isinstance(each, ast.Starred) for each in call.args):
        return _words(name, body)
    if not call.args and len(named) > 1:
        return f"FINAL(dict(\n{body}\n))"
    if len(call.args) + len(named) == 1:
        value = (call.args or [value for _, value in named])[0]
        written = ast.get_source_segment(source, value) or ""
        return _variable(value, written, parser) if name == "FINAL_VAR" else _value(value, written)
    return _words(name, body) if named else _several(call.args, body)


def _value(value: ast.expr, written: str) -> str:
    """The code for one value: what is written is evaluated, unless it can only be a word."""
    if isinstance(value, ast.Constant) and not isinstance(value.value, str):
        return f"FINAL({written})"
    literal = _literal(value)
    if literal is not None:
        return f"FINAL({literal})"
    if isinstance(value, ast.Name) or _is_file(written) or _is_words([value], written):
        return _evaluated_or_words(written)
    return f"FINAL({_grouped(written)})"


def _variable(value: ast.expr, written: str, parser: Parser) -> str:
    """The code for the value of a variable, or of an expression instead of a name."""
    if isinstance(value, ast.Constant) and isinstance(value.value, str):
        name = value.value.strip().strip("\"'`")
        if _IDENTIFIER.fullmatch(name):
            return f'FINAL_VAR("{name}")'
        tree = parser.tree(f"({name}\n)")
        is_expression = tree is not None and len(tree.body) == 1 and isinstance(tree.body[0], ast.Expr)
        return f"FINAL({_grouped(name)})" if is_expression else f"FINAL_VAR({name!r})"
    if isinstance(value, ast.Name):
        return f'FINAL_VAR("{written}")'
    return f"FINAL({_grouped(written)})"


def _several(values: list[ast.expr], body: str) -> str:
    """The code for more than one value: a tuple, or words with commas between."""
    literals = [_literal(each) for each in values]
    if all(each is not None for each in literals):
        return f"FINAL(({_grouped(body)}))"
    if _is_words(values, body):
        return _evaluated_or_words(body, f"({_grouped(body)})")
    return f"FINAL(({body}\n))"


def _is_words(values: list[ast.expr], written: str) -> bool:
    """Whether an expression reads like words: ``not found``, ``Ada and Grace``."""
    return _PLAIN_WORDS.fullmatch(written) is not None and all(
        isinstance(node, _WORD_NODES) for value in values for node in ast.walk(value)
    )


def _is_file(written: str) -> bool:
    return written.endswith(_FILES) and _PATH.fullmatch(written) is not None


def _evaluated_or_words(written: str, value: str = "") -> str:
    """Code that finishes with the value of what is written, or with the words if no variable is called like them.

    A word that only names a module or a function of Python's own is a word as well.
    """
    words = f"FINAL({written!r})"
    finish = f"FINAL({value or _grouped(written)})"
    if written in _WORDS:
        finish = f'FINAL({written!r} if repr({written})[:1] == "<" else {written})'
    return f"try:\n    {finish}\nexcept NameError:\n    {words}"


def _grouped(written: str) -> str:
    return f"(\n{written}\n)" if "\n" in written or "#" in written else written


def _literal(value: ast.expr) -> str | None:
    try:
        return repr(ast.literal_eval(value))
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        return None


def _words(name: str, body: str) -> str:
    """The code for words that are not Python."""
    if name == "FINAL_VAR":
        return f"FINAL_VAR({body!r})"
    if not body:
        return "FINAL('')"
    if _is_broken(body):
        return f"raise ValueError({_NOT_PYTHON.format(name)!r})"
    return f"FINAL({body!r})"


_NOT_PYTHON = (
    "the value in {}(...) is not Python: check its quotes and brackets, and write it in a code block"
)


def _long(body: str) -> str:
    """The code for a body that is too long to parse: a text, or an expression that the REPL evaluates."""
    if _is_one_string(body):
        with contextlib.suppress(ValueError, SyntaxError, MemoryError):
            match parsed(body).body:
                case [ast.Expr(value)]:
                    return f"FINAL({ast.literal_eval(value)!r})"
    return f"FINAL(\n{body}\n)" if _is_broken(body) else f"FINAL({body!r})"


def _is_one_string(body: str) -> bool:
    """Whether a text is one string in quotes, which is parsed fast whatever its length."""
    quote = body[:3] if body[:3] in ('"""', "'''") else body[:1]
    return quote[:1] in ('"', "'") and body.endswith(quote) and body.count(quote) == 2


def _is_broken(body: str) -> bool:
    """Whether what is not Python was meant to be Python, rather than words."""
    if _FORMATTED.match(body):
        return True
    return _CALLED.match(body) is not None and len(list(islice(_WORD_OF_SENTENCE.finditer(body), 3))) < 3


def _without_backticks(body: str) -> str:
    return (
        body[1:-1].strip() if len(body) > 1 and body[0] == body[-1] == "`" and body.count("`") == 2 else body
    )


def _closing(text: str, start: int) -> int | None:
    """Where the parenthesis closes that is open at ``start``: as Python reads it if its line ends there, else the
    first one at the end of a line with as many closed as opened before it, else the last one at the end of a line.
    """
    as_python = _python_closing(text, start)
    if as_python is not None and _CLOSED.match(text, as_python):
        return as_python
    at, depth = start, 0
    for closed in islice(_CLOSED.finditer(text, start), _MOST_CLOSINGS):
        depth += text.count("(", at, closed.start()) - text.count(")", at, closed.start())
        at = closed.start()
        if not depth:
            return at
    last = _LAST_CLOSED.match(text, at)
    return last.start("last") if last else None


def _python_closing(text: str, start: int) -> int | None:
    """Where Python closes the parenthesis; ``None`` if it does not, or if there is too much in it."""
    depth, quotes, at, stop = 1, "", start, start
    for _ in range(_MOST_MARKS):
        if at == stop:
            stop = text.find("\n", at) + 1 or len(text)
            if at == stop:
                return None
        scan = scan_line(text, at, stop, quotes, _BRACKETS)
        quotes = scan.quotes
        at = stop if scan.mark is None else scan.mark.end()
        if scan.mark is not None:
            depth += 1 if scan.mark["mark"] in "([{" else -1
            if not depth:
                return scan.mark.start()
    return None


def _answer_in(prose: str) -> ProseFinish | None:
    """Assignments to the ``answer`` dict, as lines of prose."""
    match = _ANSWER.search(prose)
    if match is None:
        return None
    start, end, statements = match.start(), match.end(), list[str]()
    while match is not None and len(statements) < _MOST_STATEMENTS:
        end = _end_of_statement(prose, match.end())
        statements.append(prose[match.start() : end].strip())
        following = _NEXT_LINE.match(prose, end)
        match = _ANSWER.match(prose, following.end()) if following else None
    return ProseFinish("\n".join(statements) + "\n", start, end)


def _end_of_statement(text: str, at: int) -> int:
    """The end of the line on which the statement ends that has begun before ``at``."""
    depth, quotes, stop = 0, "", at
    for _ in range(_MOST_MARKS):
        if at == stop:
            if at > 0 and text[at - 1] == "\n" and depth <= 0 and not quotes:
                return at
            stop = text.find("\n", at) + 1 or len(text)
            if at == stop:
                return at
        scan = scan_line(text, at, stop, quotes, _BRACKETS)
        quotes = scan.quotes
        at = stop if scan.mark is None else scan.mark.end()
        if scan.mark is not None:
            depth += 1 if scan.mark["mark"] in "([{" else -1
    return stop
