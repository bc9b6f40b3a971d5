"""Replies that are code or a call of a tool as a whole, without any mark that says so."""

from __future__ import annotations

import ast
import re
from itertools import islice

from harlm.engine.replies.calls import FoundCall, call_of, decoded, python_in
from harlm.engine.replies.python import BLOCKS, Parser
from harlm.guest.vocabulary import VOCABULARY
from harlm.patterns import lazy_pattern

_OURS = frozenset(row.name for row in VOCABULARY if not row.is_inner) | {"context"}
_COMMON = frozenset({"print", "answer"})
_OBJECT = lazy_pattern(r"^[ \t]*+(?=\{\s*+\"|\[\s*+\{)", re.MULTILINE)
_MOST_OBJECTS = 3  # places at which a call in JSON may begin
_ACTION = lazy_pattern(
    r"^[ \t*]*+Action[ \t*]*+:[ \t*`]*+(?P<name>[\w.-]{1,60}+)[ \t*`]*+\n[ \t*]*+Action Input[ \t*]*+:",
    re.MULTILINE,
)
_OBSERVATION = lazy_pattern(r"^[ \t*]*+Observation[ \t*]*+:", re.MULTILINE)


def is_code(text: str, parser: Parser) -> bool:
    """Whether words without a fence are plainly code for the REPL, rather than an answer that is Python as well."""
    tree = parser.tree(text) if "(" in text or "\n" in text else None
    if tree is None or not tree.body:
        return False
    if any(_is_word(each) for each in tree.body[:-1]) or _is_label(tree.body[-1]):
        return False
    if any(isinstance(each, BLOCKS) for each in tree.body):
        return True
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    assigns = any(isinstance(each, ast.Assign | ast.AnnAssign) for each in tree.body)
    return bool(calls) and (
        assigns or len(tree.body) > 1 or any(_root(call) in _OURS | _COMMON for call in calls)
    )


def _is_word(statement: ast.stmt) -> bool:
    """Whether a line is a word or a label: ``Done``, ``So: it``."""
    return _is_label(statement) or (isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Name))


def _is_label(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.AnnAssign) and statement.value is None


def uses_repl(code: str, parser: Parser) -> bool:
    """Whether code uses names that only the REPL has."""
    tree = parser.tree(code)
    if tree is None:
        return False
    nodes = list(ast.walk(tree))
    names = [node for node in nodes if isinstance(node, ast.Name)]
    own = {node.id for node in names if not isinstance(node.ctx, ast.Load)}
    own |= {node.arg for node in nodes if isinstance(node, ast.arg)}
    own |= {
        each.asname or each.name
        for node in nodes
        if isinstance(node, ast.Import | ast.ImportFrom)
        for each in node.names
    }
    own |= {node.name for node in nodes if isinstance(node, ast.FunctionDef | ast.ClassDef)}
    return any(node.id in _OURS and node.id not in own for node in names)


def calls_in_words(text: str, parser: Parser) -> tuple[FoundCall, ...]:
    """The calls in words: a JSON value at the beginning of a line, or an action and its input."""
    for match in islice(_OBJECT.finditer(text), _MOST_OBJECTS):
        found = call_of(decoded(text[match.end() :], parser), parser)
        if found:
            return found
    if text.endswith((")", ")]")) and (tree := parser.tree(text)) is not None and len(tree.body) == 1:
        return _called(tree.body[0], parser)
    action = _ACTION.search(text) if "Action" in text else None
    if action is None:
        return ()
    end = _OBSERVATION.search(text, action.end())
    given = text[action.end() : end.start() if end else len(text)]
    return (FoundCall(action["name"], python_in(action["name"], given.strip("\n ").strip("`"), parser)),)


def _called(statement: ast.stmt, parser: Parser) -> tuple[FoundCall, ...]:
    """A call of a tool, or a list of them, in Python's notation: ``[run(code="…")]``."""
    value = statement.value if isinstance(statement, ast.Expr) else None
    found = list[FoundCall]()
    for call in value.elts if isinstance(value, ast.List) else [value]:
        if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Name):
            return ()
        given = {
            each.arg: each.value.value
            for each in call.keywords
            if each.arg and isinstance(each.value, ast.Constant) and isinstance(each.value.value, str)
        }
        code = python_in(call.func.id, given, parser)
        if code is None:
            return ()
        found.append(FoundCall(call.func.id, code))
    return tuple(found)


def _root(call: ast.Call) -> str:
    node: ast.expr = call.func
    while isinstance(node, ast.Attribute | ast.Subscript | ast.Call):
        node = node.func if isinstance(node, ast.Call) else node.value
    return node.id if isinstance(node, ast.Name) else ""
