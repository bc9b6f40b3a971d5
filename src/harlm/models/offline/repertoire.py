"""The functions that the offline model knows how to write. A program of its consists of the source of those that it
needs and a few lines that call them; they run in the sandbox, over ``context``, with the standard library only.

They count and list exactly, by the structure of the text: Python by its syntax tree, tables by their rows, the rest by
lines. Each finds *items*: tuples of document, line and the text of that line.
"""

from __future__ import annotations

import ast
import csv
import json
import re
import warnings
from typing import Any

Item = tuple[Any, int, str]


def documents(context: Any) -> list[Any]:
    """The texts of a context, whether it is one or a list."""
    return context if isinstance(context, list) else [context]


def named(docs: list[Any], name: str) -> list[Any]:
    """The documents that a reader may mean by a name: a path, the end of one, a stem or a dotted module."""
    path = name.strip("/").removesuffix(".py").replace(".", "/") if "/" not in name else name.strip("/")
    for wanted in (name, f"{path}.py", f"{path}/__init__.py", path):
        exact = [doc for doc in docs if doc.name == wanted]
        ending = [doc for doc in docs if doc.name.endswith("/" + wanted)]
        if exact or ending:
            return exact or ending
    below = [doc for doc in docs if doc.name.startswith(path + "/") or f"/{path}/" in doc.name]
    return below or [doc for doc in docs if doc.name.rsplit("/", 1)[-1].split(".")[0].lower() == name.lower()]


def parsed(doc: Any) -> ast.Module | None:
    """The syntax tree of a Python document, or None."""
    if not doc.name.endswith((".py", ".pyi")):
        return None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree: ast.Module = ast.parse(doc)
            return tree
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def line_text(doc: Any, line: int) -> str:
    """The text of a line, counted from 1, without outer blanks."""
    start = 0
    for _ in range(line - 1):
        start = doc.index("\n", start) + 1
    end = doc.find("\n", start)
    return str(doc[start : end if end >= 0 else len(doc)]).strip()


def definitions(doc: Any, kind: str) -> list[tuple[str, Item]]:
    """What a document defines: ``class``, ``function`` (methods not counted), ``method``, ``constant`` or ``name``
    (any of them), as (name, item).
    """
    tree = parsed(doc)
    if tree is None:
        return definitions_by_pattern(doc, kind)
    lines = doc.split("\n")
    found = []

    def add(name: str, line: int) -> None:
        found.append((name, (doc, line, lines[line - 1].strip())))

    def visit(node: ast.AST, inside_class: bool) -> None:
        for child in ast.iter_child_nodes(node):
            is_class = isinstance(child, ast.ClassDef)
            if isinstance(child, ast.ClassDef) and kind in ("class", "name"):
                add(child.name, child.lineno)
            if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef):
                own = "method" if inside_class else "function"
                if kind in (own, "name"):
                    add(child.name, child.lineno)
            if (
                isinstance(child, ast.Assign | ast.AnnAssign)
                and kind in ("constant", "name")
                and node is tree
            ):
                targets = child.targets if isinstance(child, ast.Assign) else [child.target]
                for target in targets:
                    if isinstance(target, ast.Name) and (kind == "name" or target.id.isupper()):
                        add(target.id, child.lineno)
            visit(
                child,
                is_class or (inside_class and not isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef)),
            )

    visit(tree, False)
    return found


def definitions_by_pattern(doc: Any, kind: str) -> list[tuple[str, Item]]:
    """The same for other languages, by the look of lines."""
    pattern = definition_words(kind)
    found = []
    for number, line in enumerate(doc.split("\n"), start=1):
        match = re.match(
            rf"\s*(?:(?:export|public|private|static|async|pub|default)\s+)*(?:{pattern})\s+(\w+)", line
        )
        if match:
            found.append((match[1], (doc, number, line.strip())))
    return found


def definition_words(kind: str) -> str:
    """A pattern of the words that stand before a name where it is defined, in most languages."""
    words = {
        "class": "class|struct|interface|trait|enum|type",
        "function": "def|function|func|fn|sub|proc",
        "method": "def|function|func|fn",
        "constant": "const|#define|final|val",
    }
    return words.get(kind, "|".join(words.values()))


def imports(doc: Any) -> list[tuple[str, Item]]:
    """What a document imports, as (module, item); relative imports keep their dots."""
    tree = parsed(doc)
    lines = doc.split("\n")
    found = []
    if tree is not None:
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                modules = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                modules = ["." * node.level + (node.module or "")]
            else:
                continue
            found += [(module, (doc, node.lineno, lines[node.lineno - 1].strip())) for module in modules]
        return sorted(found, key=lambda each: each[1][1])
    for number, line in enumerate(lines, start=1):
        match = re.match(r"""\s*(?:import|from|use|require|#include|using)\b[\s("'<]*([\w./:@-]+)""", line)
        if match:
            found.append((match[1], (doc, number, line.strip())))
    return found


def importing(docs: list[Any], module: str) -> list[Item]:
    """The first import of a module, or of a part of it, in each document that has one."""
    found = []
    for doc in docs:
        if module.split(".")[0] not in doc:
            continue
        for name, item in imports(doc):
            if name == module or name.startswith(module + "."):
                found.append(item)
                break
    return found


def defining(docs: list[Any], kind: str, name: str) -> list[Item]:
    """Where a name is defined: outermost definitions first, tests last."""
    found = []
    word = re.escape(name)
    keyword = definition_words(kind)
    assigned = "" if kind in ("class", "function", "method") else rf"|^[ \t]*{word}[ \t]*[:=]"
    plausible = re.compile(rf"\b(?:{keyword})[ \t]+{word}\b{assigned}", re.MULTILINE)
    for doc in docs:
        if name in doc and plausible.search(doc):  # both are far faster than parsing
            found += [item for each, item in definitions(doc, kind) if each == name]

    def rank(item: Item) -> tuple[bool, bool, int, str]:
        doc, line, _ = item
        raw = doc.split("\n")[line - 1]
        return ("test" in doc.name.lower(), raw[:1].isspace(), doc.name.count("/"), doc.name)

    return sorted(found, key=rank)


def bases(docs: list[Any], name: str) -> list[tuple[str, Item]]:
    """The base classes of a class, as (name, where the class is defined); of its first definition."""
    for item in defining(docs, "class", name):
        doc, line, _ = item
        tree = parsed(doc)
        for node in ast.walk(tree) if tree else ():
            if isinstance(node, ast.ClassDef) and node.lineno == line:
                return [(ast.unparse(base), item) for base in node.bases]
    return []


def inheriting(docs: list[Any], base: str) -> list[tuple[str, Item]]:
    """The classes that name a class among their bases, as (name, item)."""
    found = []
    for doc in docs:
        tree = parsed(doc) if base in doc else None
        for node in ast.walk(tree) if tree else ():
            if isinstance(node, ast.ClassDef):
                names = [ast.unparse(each) for each in node.bases]
                if any(each == base or each.endswith("." + base) for each in names):
                    found.append((node.name, (doc, node.lineno, line_text(doc, node.lineno))))
    return found


def lines_with(docs: list[Any], text: str, whole_word: bool) -> list[Item]:
    """The lines that hold a text; upper and lower case are the same unless the text has upper case."""
    pattern = re.escape(text)
    if whole_word:
        pattern = rf"(?<!\w){pattern}(?!\w)"
    flags = 0 if any(letter.isupper() for letter in text) else re.IGNORECASE
    compiled = re.compile(pattern, flags)
    found = []
    for doc in docs:
        if compiled.search(doc):
            for number, line in enumerate(doc.split("\n"), start=1):
                if compiled.search(line):
                    found.append((doc, number, line.strip()))
    return found


def occurrences(docs: list[Any], text: str) -> int:
    """How often a text occurs as a whole word or phrase."""
    flags = 0 if any(letter.isupper() for letter in text) else re.IGNORECASE
    compiled = re.compile(rf"(?<!\w){re.escape(text)}(?!\w)", flags)
    return sum(len(compiled.findall(doc)) for doc in docs)


def first_in_each(items: list[Item]) -> list[Item]:
    """One item for each document."""
    seen: dict[str, Item] = {}
    for item in items:
        seen.setdefault(item[0].name, item)
    return list(seen.values())


def records(doc: Any) -> list[tuple[int, str, dict[str, str]]]:
    """The records of a table, of JSON lines or of ``key=value`` lines, as (line, text of that line, fields)."""
    lines = doc.split("\n")
    if doc.name.endswith((".csv", ".tsv")) or (lines and lines[0].count(",") >= 2):
        reader = csv.reader(lines, delimiter="\t" if doc.name.endswith(".tsv") else ",")
        header: list[str] = []
        found = []
        previous = 0
        for row in reader:
            if not header:
                header = [field.strip().lower() for field in row]
            elif row:
                found.append((previous + 1, lines[previous].strip(), dict(zip(header, row, strict=False))))
            previous = reader.line_num
        return found
    found = []
    for number, line in enumerate(lines, start=1):
        if line.strip().startswith("{"):
            try:
                fields = json.loads(line.strip().rstrip(","))
            except ValueError:
                continue
            found.append(
                (number, line.strip(), {str(key).lower(): str(value) for key, value in fields.items()})
            )
        elif pairs := re.findall(r"(\w+)[=:]\s*(\"[^\"]*\"|[^\s,;]+)", line):
            found.append((number, line.strip(), {key.lower(): value.strip('"') for key, value in pairs}))
    return found


def number_in(text: str) -> float | None:
    """The number that a field holds, or None."""
    match = re.search(r"-?\d[\d,]*(?:\.\d+)?", text)
    return float(match[0].replace(",", "")) if match else None


def cited(item: Item) -> str:
    """An item as a citation."""
    doc, line, text = item
    return f"[{doc.name}:{line} {json.dumps(text[:200], ensure_ascii=False)}]"


def shown(items: list[Item], most: int) -> str:
    """Some items as a list, each with its citation, and how many more there are."""
    lines = [f"- {text[:100]} {cited((doc, line, text))}" for doc, line, text in items[:most]]
    if len(items) > most:
        lines.append(f"- and {len(items) - most:,} more")
    return "\n".join(lines)


def size_of(doc: Any, measure: str) -> int:
    """How big a document is: in ``lines``, ``characters``, ``words``, ``imports``, or definitions of a kind."""
    if measure == "lines":
        return int(doc.count("\n")) + (not doc.endswith("\n"))
    if measure == "words":
        return len(doc.split())
    if measure == "imports":
        return len({name for name, _ in imports(doc)})
    if measure in ("class", "function", "method"):
        return len(definitions(doc, measure))
    return len(doc)


def lead_sentences(doc: Any, most: int) -> list[Item]:
    """The sentences of a text that hold most of its frequent words, in the order of the text."""
    words = re.findall(r"[a-z]{4,}", doc.lower())
    counts: dict[str, int] = {}
    for word in words:
        counts[word] = counts.get(word, 0) + 1
    scored = []
    for number, line in enumerate(doc.split("\n"), start=1):
        for sentence in re.split(r"(?<=[.!?])\s+", line.strip()):
            own = re.findall(r"[a-z]{4,}", sentence.lower())
            if 5 <= len(own) <= 60:
                scored.append((sum(counts[word] for word in set(own)) / (len(own) + 5), number, sentence))
    best = sorted(scored, reverse=True)[:most]
    return [(doc, number, sentence) for _, number, sentence in sorted(best, key=lambda each: each[1])]
