"""Calls of tools in the notations of models: the tool, its arguments, and the Python in them."""

from __future__ import annotations

import ast
import contextlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from harlm.engine.replies.python import Parser, does_something
from harlm.patterns import lazy_pattern

_CODE_KEYS = (
    "code",
    "python",
    "python_code",
    "script",
    "source",
    "source_code",
    "cell",
    "program",
    "input",
    "cmd",
)
_PYTHON_TOOLS = frozenset(
    "python python3 py repl code exec execute ipython jupyter run interpreter notebook sandbox eval pyodide cell".split()
)
_OTHER_TOOLS = frozenset(
    "bash shell sql javascript js node terminal command powershell search browser r ruby".split()
)
_NAME_PARTS = lazy_pattern(r"[A-Z]++[a-z]*+|[a-z]++")
_NAMES = ("name", "tool", "tool_name", "recipient_name", "function", "function_name", "action")
_ARGUMENTS = (
    "arguments",
    "parameters",
    "args",
    "kwargs",
    "params",
    "input",
    "action_input",
    "tool_input",
    "tool_parameters",
)
_BESIDE_CODE = frozenset(
    {"language", "lang", "timeout", "thought", "thoughts", "reasoning", "explanation", "plan", "description"}
)
_LISTS = ("tool_calls", "calls", "tool_uses", "function_calls", "actions")
_ESCAPE = lazy_pattern(r'\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})|\\')
_MOST_CALLS = 100
_LONGEST_NAME = 60
_DEEPEST = 3  # levels of lists and objects around a call
_FENCED = lazy_pattern(r"\s*+(?:```|~~~)[^\n`]*+\n")

_ELEMENT = lazy_pattern(
    r"<(?:\w{1,20}+:|[｜|]DSML[｜|])?(?P<kind>function|invoke|parameter|param)(?:=|[ \t]++name[ \t]*+=[ \t]*+)[\"']?(?P<name>[\w.:-]{1,100}+)[^<>\n]{0,200}+>"
)
_END_OF_ARGUMENT = lazy_pattern(r"</(?:\w{1,20}+:|[｜|]DSML[｜|])?param")
_ARG_KEY = lazy_pattern(r"<arg_key>([^<>\n]{1,100}+)</arg_key>\s*+<arg_value>")
_FIRST_WORD = lazy_pattern(r"\s*+([\w.-]{1,100}+)")
_TOKENS = lazy_pattern(r"<[|｜][^<>\n]{1,60}?[|｜]>|\[ARGS\]|\[TOOL_CALLS\]|\[CALL_ID\]")
_WORD = lazy_pattern(r"[A-Za-z_][\w.-]{0,100}+")
_NO_NAMES = frozenset(
    "arguments assistant call function functions input json name parameters to tool tool_name".split()
)
_GEMMA = lazy_pattern(r"call:(?P<name>[\w.-]{1,100}+)\{")
_GEMMA_ARGUMENT = lazy_pattern(r"(?P<key>\w{1,100}+):(?P<mark><escape>|<\|\"\|>)")


@dataclass(frozen=True, slots=True)
class FoundCall:
    """A call that a model wrote.

    Attributes:
        name: the tool; empty if it is not named.
        code: the Python that the tool is to run; ``None`` if there is none.
    """

    name: str
    code: str | None


def is_python_tool(name: str) -> bool:
    """Whether a tool of this name runs Python."""
    parts = {part.lower() for part in _NAME_PARTS.findall(name[:200])}
    return bool(parts & _PYTHON_TOOLS) and not parts & _OTHER_TOOLS


def calls_in(content: str, parser: Parser) -> tuple[FoundCall, ...]:
    """The calls in the text between the marks of a call, in any notation; empty if none is recognised."""
    for reader in (_in_json, _in_elements, _in_keys, _after_tokens, _in_gemma):
        found = tuple(call for _, call in zip(range(_MOST_CALLS), reader(content, parser), strict=False))
        if found:
            return found
    return ()


def call_of(value: object, parser: Parser, depth: int = 0) -> tuple[FoundCall, ...]:
    """The calls that a JSON value is; empty if it is none."""
    if isinstance(value, list) and depth < _DEEPEST:
        found = [call_of(each, parser, depth + 1) for each in value[:_MOST_CALLS]]
        return tuple(call for calls in found for call in calls) if all(found) else ()
    if not isinstance(value, dict):
        return ()
    for key in _LISTS:
        if isinstance(value.get(key), list):
            return call_of(value[key], parser, depth + 1)
    if isinstance(value.get("function"), dict) and depth < _DEEPEST:
        return call_of(value["function"], parser, depth + 1)
    name = next((value[key] for key in _NAMES if isinstance(value.get(key), str)), "")
    arguments = next((value[key] for key in _ARGUMENTS if key in value), None)
    if arguments is None and isinstance(value.get("code"), str | list):
        others = {key for key in value if key not in _NAMES} - _BESIDE_CODE
        arguments = {"code": value["code"]} if others == {"code"} else None
    if arguments is None or not (name or set(value) <= {"code", *_BESIDE_CODE}):
        return ()
    return (FoundCall(name, python_in(name, arguments, parser)),)


def python_in(name: str, arguments: object, parser: Parser) -> str | None:
    """The Python in the arguments of a tool.

    Args:
        name: of the tool; empty if it is not named.
        arguments: a JSON value, or a text that may be JSON.
        parser: of the reply.
    """
    if isinstance(arguments, str):
        value = decoded(arguments, parser)
        if isinstance(value, dict | list):
            arguments = value
    runs_python = is_python_tool(name)
    if isinstance(arguments, str):
        return _code(arguments) if runs_python else None
    if not isinstance(arguments, dict) or _language(arguments) not in ("", "python", "py", "python3"):
        return None
    if runs_python:
        texts = (_text(arguments.get(key)) for key in _CODE_KEYS)
        return next((_code(text) for text in texts if text and text.strip()), None)
    if set(arguments) - _BESIDE_CODE != {"code"}:
        return None
    code = _code(_text(arguments["code"]) or "")
    tree = parser.tree(code) if code else None
    return code if tree is not None and does_something(tree) else None


def decoded(text: str, parser: Parser) -> object:
    """The JSON value at the beginning of a text, also as models write it; ``None`` if there is none."""
    return next(_values(text, parser), None)


def unfenced(code: str) -> str:
    """Code without a fence around all of it."""
    opening = _FENCED.match(code)
    if opening is None:
        return code
    body = code[opening.end() :].rstrip()
    for mark in ("```", "~~~"):
        body = body.removesuffix(mark)
    return body


def in_words(tool: str) -> str:
    """A call of a tool in words, for the model."""
    name = "".join(letter for letter in tool[:_LONGEST_NAME] if letter.isprintable() and letter != "`")
    return f"the tool call `{name}`" if name else "a tool call"


def _code(text: str) -> str | None:
    code = unfenced(text)
    return code if code.strip() else None


def _text(value: object) -> str | None:
    if isinstance(value, list) and all(isinstance(each, str) for each in value):
        return "\n".join(each.rstrip("\n") for each in value)
    return value if isinstance(value, str) else None


def _language(arguments: Mapping[str, object]) -> str:
    value = arguments.get("language", arguments.get("lang", ""))
    return value.lower() if isinstance(value, str) else ""


def _values(text: str, parser: Parser) -> Iterator[object]:
    """The JSON values in a text, one after another, up to what is not one."""
    decoder = json.JSONDecoder(strict=False)
    at = 0
    for _ in range(_MOST_CALLS):
        while at < len(text) and text[at] in " \t\n\r,;":
            at += 1
        if at >= len(text) or text[at] not in "{[":
            return
        try:
            value, at = decoder.raw_decode(text, at)
        except (ValueError, RecursionError):
            if at == 0 or not text[:at].strip(" \t\n\r,;"):
                yield from _as_models_write(text[at:], parser)
            return
        yield value


def _as_models_write(text: str, parser: Parser) -> Iterator[object]:
    """A value with escapes that JSON does not have, or written as Python writes it."""
    mended = _ESCAPE.sub(lambda match: match[0] if len(match[0]) > 1 else "\\\\", text)
    try:
        yield json.JSONDecoder(strict=False).raw_decode(mended)[0]
    except (ValueError, RecursionError):
        tree = parser.tree(text.strip())
        if tree is not None and len(tree.body) == 1 and isinstance(value := tree.body[0], ast.Expr):
            with contextlib.suppress(ValueError, TypeError, MemoryError, RecursionError):
                yield ast.literal_eval(value.value)


def _in_json(content: str, parser: Parser) -> Iterator[FoundCall]:
    for value in _values(unfenced(content).strip(), parser):
        yield from call_of(value, parser)


def _in_elements(content: str, parser: Parser) -> Iterator[FoundCall]:
    """Calls with an element for each argument: ``<function=run><parameter=code>…``."""
    name, arguments, is_open, at = "", dict[str, str](), False, 0
    while (element := _ELEMENT.search(content, at)) is not None:
        at = element.end()
        if element["kind"] in ("function", "invoke"):
            if is_open:
                yield FoundCall(name, python_in(name, arguments, parser))
            name, arguments, is_open = element["name"], {}, True
            continue
        is_open = True
        closing = content.find("</", at)
        while closing >= 0 and not _END_OF_ARGUMENT.match(content, closing):
            closing = content.find("</", closing + 2)
        closing = len(content) if closing < 0 else closing
        arguments[element["name"]] = content[at:closing].removeprefix("\n")
        at = closing
    if is_open:
        if not arguments and (value := decoded(content[at:].strip(), parser)) is not None:
            yield FoundCall(name, python_in(name, value, parser))
        else:
            yield FoundCall(name, python_in(name, arguments, parser))


def _in_keys(content: str, parser: Parser) -> Iterator[FoundCall]:
    """A name, then pairs of ``<arg_key>`` and ``<arg_value>``."""
    name, arguments, at = _FIRST_WORD.match(content), dict[str, str](), 0
    while (key := _ARG_KEY.search(content, at)) is not None:
        closing = content.find("</arg_value>", key.end())
        at = len(content) if closing < 0 else closing
        arguments[key[1].strip()] = content[key.end() : at]
    if arguments:
        called = name[1] if name else ""
        yield FoundCall(called, python_in(called, arguments, parser))


def _after_tokens(content: str, parser: Parser) -> Iterator[FoundCall]:
    """Names and JSON between tokens: ``python<|sep|>{"code": …}``."""
    at = 0
    while (brace := content.find("{", at)) >= 0:
        head = _TOKENS.sub(" ", content[max(at, brace - 500) : brace])
        names = [word for word in _WORD.findall(head) if word.lower() not in _NO_NAMES]
        decoder = json.JSONDecoder(strict=False)
        try:
            value, at = decoder.raw_decode(content, brace)
        except (ValueError, RecursionError):
            value, at = next(_as_models_write(content[brace:], parser), None), len(content)
        if not names or not isinstance(value, dict):
            return
        name = names[-1].removeprefix("functions.")
        yield FoundCall(name, python_in(name, value, parser))


def _in_gemma(content: str, parser: Parser) -> Iterator[FoundCall]:
    """``call:run{code:<escape>…<escape>}``."""
    called = _GEMMA.search(content)
    if called is None:
        return
    arguments, at = dict[str, str](), called.end()
    while (argument := _GEMMA_ARGUMENT.search(content, at)) is not None:
        closing = content.find(argument["mark"], argument.end())
        at = len(content) if closing < 0 else closing + len(argument["mark"])
        arguments[argument["key"]] = content[argument.end() : len(content) if closing < 0 else closing]
    yield FoundCall(called["name"], python_in(called["name"], arguments, parser))
