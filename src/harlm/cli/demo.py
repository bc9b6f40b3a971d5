"""``harlm demo``: real questions over the standard library of the Python that runs this, and a check of every answer
that is worked out with ``ast`` and knows nothing of HARLM.
"""

from __future__ import annotations

import ast
import re
import sysconfig
import time
import warnings
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import click

from harlm.cli.demo_loop import show_plain_loop
from harlm.cli.demo_memory import show_remembering
from harlm.cli.printing import show
from harlm.cli.settings import load_settings, patience, sandbox_flags, sandbox_options
from harlm.client import HARLM
from harlm.config import OFFLINE_MODEL
from harlm.context import load_paths, profile
from harlm.events import CallStarted, Event, NodeStarted
from harlm.types import Answer, Context, Mode

_LEFT_OUT = ("test/", "tests/", "idle_test/", "lib2to3/", "config-*/", "lib-dynload/", "ensurepip/")
"""Parts that not every machine has; what is left is the same text everywhere for one version of Python."""


@dataclass(frozen=True, slots=True)
class _Question:
    """A question, what kind it is, and how to know that an answer is right.

    Attributes:
        is_right: given the answer and the library's files, whether it is, and what ``ast`` says.
    """

    kind: str
    text: str
    is_right: Callable[[Answer, Path], tuple[bool, str]]
    mode: Mode | None = None


@click.command("demo")
@sandbox_options
@click.option("-v", "--verbose", is_flag=True, help="Show tracebacks.")
def command(*, verbose: bool, **options: object) -> None:
    """Ask eight real questions over Python's own standard library, offline, and check the answers; then run a plain loop of
    calls twice, one after another and as HARLM runs it, and show what a run remembered.
    """
    library = Path(sysconfig.get_path("stdlib"))
    flags = {"models.root": OFFLINE_MODEL, "loading.exclude": _LEFT_OUT, **sandbox_flags(options)}
    settings = load_settings(flags).config
    started = time.perf_counter()
    with patience("reading the standard library"):
        context = load_paths([library], settings.loading)
    known = profile(context)
    show(
        f"Python's standard library: {known.documents:,} files, about {known.tokens:,} tokens, "
        f"read in {time.perf_counter() - started:.2f} s"
    )
    show("Model: offline/extractive (no weights, no key: it finds, quotes and counts)\n")
    client = HARLM(settings=settings)
    right = [
        _ask(client, number, question, context, library)
        for number, question in enumerate(_QUESTIONS, start=1)
    ]
    is_same = show_plain_loop(settings, context)
    show_remembering(settings, context)
    show(f"{sum(right)} of {len(right)} answers agree with ast.")
    show('\nNow your own: harlm ask "What is this about?" PATH')
    if not (all(right) and is_same):
        raise click.exceptions.Exit(1)


def _ask(client: HARLM, number: int, question: _Question, context: Context, library: Path) -> bool:
    nodes = _Nodes()
    started = time.perf_counter()
    answer = client.ask(question.text, context, mode=question.mode, sinks=[nodes])
    took = time.perf_counter() - started
    right, truth = question.is_right(answer, library)
    depth = f", {nodes.count} nodes, sub-calls down to depth {nodes.depth}" if nodes.depth else ""
    show(f"{number}. [{question.kind}] {question.text}")
    for line in _shortened(answer.text):
        show(f"   {line}")
    show(
        f"   {answer.mode} mode, {answer.usage.calls} calls{depth}, {len(answer.citations)} citations checked, {took:.2f} s"
    )
    show(f"   {'AGREES' if right else 'DIFFERS'} with ast: {truth}\n")
    return right


class _Nodes:
    """Counts the nodes of a run, and how deep its sub-calls go."""

    def __init__(self) -> None:
        self.count = 0
        self.depth = 0

    def emit(self, event: Event) -> None:
        """Take one event."""
        self.count += isinstance(event, NodeStarted)
        if isinstance(event, CallStarted) and event.role == "sub":
            self.depth = max(self.depth, event.node.count(".") + 1)


def _shortened(text: str) -> Iterator[str]:
    lines = [line for line in text.splitlines() if line.strip()]
    for line in lines[:7]:
        yield line if len(line) <= 150 else line[:149] + "…"
    if len(lines) > 7:
        yield f"… {len(lines) - 7} more lines"


# -- what ast says ----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Facts:
    """What ``ast`` says of one file.

    Attributes:
        classes: all of them, nested ones included, as (name, bases).
        imported: modules, relative imports left out.
        constants: what is assigned at the top, as source.
        docstring: its first line.
        docstrings: those of the functions at the top.
    """

    classes: tuple[tuple[str, tuple[str, ...]], ...]
    imported: frozenset[str]
    constants: Mapping[str, str]
    docstring: str
    docstrings: Mapping[str, str]


@lru_cache(maxsize=1)
def _files(library: Path) -> dict[str, _Facts]:
    """Every Python file of the library that the demo asks about, by its path below it."""
    left_out = {pattern.strip("/*") for pattern in _LEFT_OUT} | {
        "site-packages",
        "dist-packages",
        "__pycache__",
    }
    facts = {}
    for path in sorted(library.rglob("*.py")):
        parts = path.relative_to(library).parts
        if any(part.startswith("config-") or part in left_out for part in parts[:-1]):
            continue
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                facts["/".join(parts)] = _facts_of(ast.parse(path.read_bytes()))
            except SyntaxError:
                continue
    return facts


def _facts_of(tree: ast.Module) -> _Facts:
    classes: list[tuple[str, tuple[str, ...]]] = []
    imported: set[str] = set()
    waiting: list[ast.AST] = list(tree.body)
    while waiting:  # statements only, which is several times faster than ast.walk
        node = waiting.pop()
        if isinstance(node, ast.ClassDef):
            classes.append((node.name, tuple(ast.unparse(base) for base in node.bases)))
        elif isinstance(node, ast.Import):
            imported |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            imported.add(node.module)
        for block in ("body", "orelse", "finalbody", "handlers", "cases"):
            inner = getattr(node, block, None)
            waiting.extend(inner if isinstance(inner, list) else ())
    constants = {
        ast.unparse(node.targets[0]): ast.unparse(node.value)
        for node in tree.body
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant)
    }
    docstring = (ast.get_docstring(tree) or "").split("\n")[0]
    docstrings = {
        node.name: ast.get_docstring(node) or "" for node in tree.body if isinstance(node, ast.FunctionDef)
    }
    return _Facts(tuple(classes), frozenset(imported), constants, docstring, docstrings)


def _even_median(answer: Answer, library: Path) -> tuple[bool, str]:
    truth = _files(library)["statistics.py"].docstrings["median"]
    said = next((line for line in truth.splitlines() if "even" in line), "").strip()
    right = any(each.source == "statistics.py" and each.quote in said for each in answer.citations[:1])
    return right, f"the docstring of statistics.median says: {said} …"


def _max_line(answer: Answer, library: Path) -> tuple[bool, str]:
    truth = _files(library)["http/client.py"].constants["_MAXLINE"]
    return answer.text.startswith(truth) and _cites(answer, "http/client.py"), f"_MAXLINE = {truth}"


def _fraction(answer: Answer, library: Path) -> tuple[bool, str]:
    homes = _homes_of_class("Fraction", library)
    return len(homes) == 1 and answer.text.startswith(homes[0]) and _cites(answer, homes[0]), ", ".join(homes)


def _importers(answer: Answer, library: Path) -> tuple[bool, str]:
    count = sum(
        any(name == "asyncio" or name.startswith("asyncio.") for name in file.imported)
        for file in _files(library).values()
    )
    return _first_number(answer) == count, f"{count} modules"


def _etree_classes(answer: Answer, library: Path) -> tuple[bool, str]:
    names = [name for name, _ in _files(library)["xml/etree/ElementTree.py"].classes]
    return _first_number(answer) == len(names) and all(name in answer.text for name in names), ", ".join(
        sorted(names)
    )


def _most_classes(answer: Answer, library: Path) -> tuple[bool, str]:
    counts = {name: len(file.classes) for name, file in _files(library).items()}
    best = max(counts, key=lambda name: counts[name])
    return answer.text.startswith(
        best
    ) and f"{counts[best]:,} classes" in answer.text, f"{best}, {counts[best]} classes"


def _base_of_http_server(answer: Answer, library: Path) -> tuple[bool, str]:
    base = dict(_files(library)["http/server.py"].classes)["HTTPServer"][0].split(".")[-1]
    home = _homes_of_class(base, library)[0]
    right = home in answer.text and _cites(answer, home) and _cites(answer, "http/server.py")
    return right, f"HTTPServer({base}); {base} is defined in {home}"


def _both_sides(answer: Answer, library: Path) -> tuple[bool, str]:
    """Every quote of a comparison stands in the module that it is cited from, and both modules are quoted."""
    sources = {each.source for each in answer.citations}
    quoted = all(
        each.quote in (library / each.source).read_text(encoding="utf-8") for each in answer.citations
    )
    truth = "; ".join(f"{name}: {_files(library)[name].docstring}" for name in ("heapq.py", "bisect.py"))
    return quoted and {"heapq.py", "bisect.py"} <= sources, truth


def _homes_of_class(wanted: str, library: Path) -> list[str]:
    return [path for path, file in _files(library).items() if any(name == wanted for name, _ in file.classes)]


def _cites(answer: Answer, source: str) -> bool:
    return any(each.source == source for each in answer.citations)


def _first_number(answer: Answer) -> int:
    match = re.search(r"\d[\d,]*", answer.text)
    return int(match[0].replace(",", "")) if match else -1


_QUESTIONS = (
    _Question("look-up", "What happens to the median when the number of data points is even?", _even_median),
    _Question("value", "What is the value of _MAXLINE in http/client.py?", _max_line),
    _Question("where-is", "Which module defines the class Fraction?", _fraction),
    _Question("count", "How many modules import asyncio?", _importers),
    _Question("list", "List the classes defined in xml/etree/ElementTree.py", _etree_classes),
    _Question("superlative", "Which module defines the most classes?", _most_classes),
    _Question("two-hop", "Which module defines the base class of HTTPServer?", _base_of_http_server),
    _Question("compare", "Compare heapq.py and bisect.py", _both_sides, mode="full"),
)
