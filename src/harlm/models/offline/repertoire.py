"""The functions that programs of the offline model consist of.

A program is the source of the functions that it needs, and a few lines that call them. It runs in the
sandbox, over ``context``, with the standard library only.

They count and list exactly, by the structure of a text: Python by its syntax tree, other texts by their
lines. Most find *items*: tuples of a document, a line number and the text of that line.
"""

from __future__ import annotations

import ast
import json
import re
import warnings
from collections.abc import Callable
from typing import Any

Item = tuple[Any, int, str]


def documents(context: Any) -> list[Any]:
    """The texts of a context, which is one text or a list of them."""
    return context if isinstance(context, list) else [context]


def named(docs: list[Any], name: str) -> list[Any]:
    """The documents that a name may mean: a path, its end, a file name without suffix, a dotted module."""
    path = name.strip("/").removesuffix(".py").replace(".", "/") if "/" not in name else name.strip("/")
    for wanted in (name, f"{path}.py", f"{path}/__init__.py", path):
        exact = [doc for doc in docs if doc.name == wanted]
        ending = [doc for doc in docs if doc.name.endswith("/" + wanted)]
        if exact or ending:
            return exact or ending
    below = [doc for doc in docs if doc.name.startswith(path + "/") or f"/{path}/" in doc.name]
    return below or [doc for doc in docs if doc.name.rsplit("/", 1)[-1].split(".")[0].lower() == name.lower()]


def is_python(doc: Any) -> bool:
    """Whether the name of a document ends as that of Python code."""
    return bool(doc.name.endswith((".py", ".pyi")))


def parsed(doc: Any) -> ast.Module | None:
    """The syntax tree of a document; None if it is not valid Python."""
    if not is_python(doc):
        return None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree: ast.Module = ast.parse(doc)
            return tree
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def line_text(doc: Any, line: int) -> str:
    """The text of a line, counted from 1, without blanks at its ends."""
    start = 0
    for _ in range(line - 1):
        start = doc.index("\n", start) + 1
    end = doc.find("\n", start)
    return str(doc[start : end if end >= 0 else len(doc)]).strip()


def definitions(doc: Any, kind: str) -> list[tuple[str, Item]]:
    """The definitions of a kind in a document, as (name, item). A kind is ``class``, ``function`` (without
    methods), ``method``, ``constant``, or ``name`` for all of them.
    """
    if kind == "class" and is_python(doc):
        blank = r"(?:[ \t]|\\\n)"
        return [(match["name"], item) for match, item in in_python(doc, rf"\bclass{blank}+(?P<name>\w+)")]
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
    """The definitions of a kind in other languages than Python, by keywords at the beginning of lines."""
    before = "export|public|private|static|async|pub|default"
    pattern = rf"^[ \t]*(?:(?:{before})[ \t]+)*(?:{definition_words(kind)})[ \t]+(\w+)"
    return [(match[1], item) for match, item in matching_lines(doc, re.compile(pattern, re.MULTILINE))]


def matching_lines(doc: Any, pattern: re.Pattern[str]) -> list[tuple[re.Match[str], Item]]:
    """Every match of a pattern, with the line in which it begins."""
    found = []
    line, at = 1, 0
    for match in pattern.finditer(doc):
        line += doc.count("\n", at, match.start())
        at = match.start()
        start, end = doc.rfind("\n", 0, at) + 1, doc.find("\n", at)
        found.append((match, (doc, line, str(doc[start : end if end >= 0 else len(doc)]).strip())))
    return found


def definition_words(kind: str) -> str:
    """A pattern of the keywords that precede a name in its definition, in most languages."""
    words = {
        "class": "class|struct|interface|trait|enum|type",
        "function": "def|function|func|fn|sub|proc",
        "method": "def|function|func|fn",
        "constant": "const|#define|final|val",
    }
    return words.get(kind, "|".join(words.values()))


def in_python(doc: Any, wanted: str) -> list[tuple[re.Match[str], Item]]:
    """Every match of a pattern in Python code, outside strings and comments, with the line in which it
    begins. Fifteen times faster than a syntax tree, and as exact for statements that begin with a keyword.
    """
    skipped = [
        r"#[^\n]*",
        r'"""(?:[^"\\]|\\.|"(?!""))*"""',
        r"'''(?:[^'\\]|\\.|'(?!''))*'''",
        r'"(?:[^"\\\n]|\\.)*"',
        r"'(?:[^'\\\n]|\\.)*'",
    ]
    pattern = re.compile("|".join([*skipped, f"(?P<wanted>{wanted})"]), re.DOTALL)
    return [pair for pair in matching_lines(doc, pattern) if pair[0]["wanted"] is not None]


def imports(doc: Any) -> list[tuple[str, Item]]:
    """What a document imports, as (module, item); relative imports keep their dots."""
    if not is_python(doc):
        words = r"""^[ \t]*(?:import|from|use|require|#include|using)\b[ \t("'<]*([\w./:@-]+)"""
        return [(match[1], item) for match, item in matching_lines(doc, re.compile(words, re.MULTILINE))]
    blank = r"(?:[ \t]|\\\n)"
    some_of = rf"\bfrom{blank}*(?P<module>[.\w](?:[.\w]|{blank})*?){blank}*\bimport\b"
    whole = rf"\bimport{blank}+(?P<names>(?:[^\n;#\\]|\\\n)+)"
    found = []
    for match, item in in_python(doc, f"{some_of}|{whole}"):
        names = [match["module"]] if match["names"] is None else match["names"].split(",")
        modules = [re.sub(r"[\s\\]+(?:as\b.*)?", "", name.strip(), flags=re.DOTALL) for name in names]
        found += [(module, item) for module in modules if module]
    return found


def importing(docs: list[Any], module: str) -> list[Item]:
    """The first import of a module or of its submodules in each document that imports it."""
    found = []
    top = re.escape(module.split(".")[0])
    # A statement may continue on the next line after a backslash.
    keyword = r"(?:import|from)[ \t]"
    plausible = re.compile(rf"{keyword}(?:(?!{keyword})(?:[^\n\\]|\\\n))*?\b{top}\b")
    for doc in docs:
        if module.split(".")[0] not in doc or (is_python(doc) and not plausible.search(doc)):
            continue
        for name, item in imports(doc):
            if name == module or name.startswith(module + "."):
                found.append(item)
                break
    return found


def defining(docs: list[Any], kind: str, name: str) -> list[Item]:
    """Where a name is defined: outermost definitions first, tests last."""
    found = []
    for doc in docs:
        if name in doc and may_define(doc, kind, name):  # both checks are far faster than parsing
            found += [item for each, item in definitions(doc, kind) if each == name]

    def rank(item: Item) -> tuple[bool, bool, int, str]:
        doc, line, _ = item
        raw = doc.split("\n")[line - 1]
        return ("test" in doc.name.lower(), raw[:1].isspace(), doc.name.count("/"), doc.name)

    return sorted(found, key=rank)


def may_define(doc: Any, kind: str, name: str) -> bool:
    """Whether a name occurs as in a definition: after a keyword like ``class``, or before ``=`` or ``:``."""
    before = re.compile(rf"\b(?:{definition_words(kind)})[ \t]+$")
    can_be_assigned = kind not in ("class", "function", "method")
    for match in re.finditer(re.escape(name), doc):  # first the plain text, which is found fastest
        following = doc[match.end() : match.end() + 20]
        if following[:1].isalnum() or following[:1] == "_":
            continue
        if before.search(doc[max(0, match.start() - 80) : match.start()]):
            return True
        if can_be_assigned and re.match(r"[ \t]*[:=]", following):
            return True
    return False


def assigned(docs: list[Any], name: str) -> list[tuple[str, Item]]:
    """The values of a name in code (``name = value``) or in settings (``name: value``), tests last."""
    word = rf"[\"']?{re.escape(name)}[\"']?"
    pattern = re.compile(
        rf"^(?P<indent>[ \t]*)(?:(?:const|let|var|final|static|export|#define)[ \t]+)*{word}"
        rf"(?:[ \t]*(?::[^=\n]+)?=(?!=)|[ \t]*:(?=[ \t])|(?<=#define {re.escape(name)}))[ \t]*(?P<value>[^\n]+)",
        re.MULTILINE,
    )
    found = [(match, item) for doc in docs if name in doc for match, item in matching_lines(doc, pattern)]
    found.sort(key=lambda pair: ("test" in pair[1][0].name.lower(), len(pair[0]["indent"]) > 0))
    return [
        (re.sub(r"(?<!\s)\s+(?:#|//)\s.*", "", match["value"]).strip().rstrip(",;"), item)
        for match, item in found
    ]


def described(docs: list[Any], name: str) -> list[tuple[str, Item]]:
    """The first paragraphs of the docstrings of a name, as (paragraph, item of its first line). The name is
    that of a definition, alone or after its module, or that of a module.
    """
    module, _, last = name.rpartition(".")
    homes = defining((module and named(docs, module)) or docs, "name", last)
    places = [(doc, line) for doc, line, _ in homes] or [(doc, 0) for doc in named(docs, name)[:1]]
    found = []
    for doc, line in places:
        tree = parsed(doc)
        for node in ast.walk(tree) if tree else ():
            is_home = isinstance(node, ast.Module) if line == 0 else getattr(node, "lineno", 0) == line
            if is_home and isinstance(
                node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef
            ):
                said = ast.get_docstring(node)
                if said:
                    paragraph = said.strip().split("\n\n")[0]
                    first = paragraph.split("\n")[0].strip()
                    lines = range(node.body[0].lineno, (node.body[0].end_lineno or 0) + 1)
                    at = next((line for line in lines if first in line_text(doc, line)), lines[0])
                    found.append((" ".join(paragraph.split()), (doc, at, line_text(doc, at))))
    return found


def bases(docs: list[Any], name: str) -> list[tuple[str, Item]]:
    """The base classes of the first definition of a class, each with the item of the class."""
    for item in defining(docs, "class", name):
        doc, line, _ = item
        tree = parsed(doc)
        for node in ast.walk(tree) if tree else ():
            if isinstance(node, ast.ClassDef) and node.lineno == line:
                return [(ast.unparse(base), item) for base in node.bases]
    return []


def inheriting(docs: list[Any], base: str) -> list[tuple[str, Item]]:
    """The classes that have a class among their direct bases, as (name, item)."""
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
    """The lines that contain a text. Case matters only if the text has upper case."""
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


def lines_that(docs: list[Any], terms: list[tuple[str, str, bool]], test: Callable[..., bool]) -> list[Item]:
    """The lines that meet a test, which asks by their number which of the terms a line has. Empty lines are not
    counted.
    """
    patterns = [term_pattern(*term) for term in terms]
    found = []
    for doc in docs:
        for number, line in enumerate(doc.split("\n"), start=1):
            text = line.strip()
            if text and test(lambda at, text=text: patterns[at].search(text) is not None):
                found.append((doc, number, text))
    return found


def texts_that(docs: list[Any], terms: list[tuple[str, str, bool]], test: Callable[..., bool]) -> list[Item]:
    """The documents that meet a test, as ``lines_that``; each as its first line that has one of the terms."""
    patterns = [term_pattern(*term) for term in terms]
    found = []
    for doc in docs:
        if test(lambda at, doc=doc: patterns[at].search(doc) is not None):
            match = next((match for pattern in patterns if (match := pattern.search(doc))), None)
            line = 1 if match is None else doc.count("\n", 0, match.start()) + 1
            found.append((doc, line, line_text(doc, line)))
    return found


def term_pattern(text: str, relation: str, whole: bool) -> re.Pattern[str]:
    """What finds a term in a line. Case matters only if the term has upper case."""
    pattern = re.escape(text)
    if whole and relation == "contain":
        pattern = rf"(?<!\w){pattern}(?!\w)"
    pattern = {"begin": rf"^\s*{pattern}", "end": rf"{pattern}\s*$"}.get(relation, pattern)
    return re.compile(pattern, 0 if any(letter.isupper() for letter in text) else re.IGNORECASE)


def occurrences(docs: list[Any], text: str) -> int:
    """How often a text occurs as a whole word or phrase. Case matters only if the text has upper case."""
    flags = 0 if any(letter.isupper() for letter in text) else re.IGNORECASE
    compiled = re.compile(rf"(?<!\w){re.escape(text)}(?!\w)", flags)
    return sum(len(compiled.findall(doc)) for doc in docs)


def first_in_each(items: list[Item]) -> list[Item]:
    """The first item of each document."""
    seen: dict[str, Item] = {}
    for item in items:
        seen.setdefault(item[0].name, item)
    return list(seen.values())


def cited(item: Item) -> str:
    """The citation of an item."""
    doc, line, text = item
    return f"[{doc.name}:{line} {json.dumps(text[:200], ensure_ascii=False)}]"


def shown(items: list[Item], most: int) -> str:
    """The first ``most`` items as a list with citations, and how many more there are."""
    lines = [f"- {text[:100]} {cited((doc, line, text))}" for doc, line, text in items[:most]]
    if len(items) > most:
        lines.append(f"- and {len(items) - most:,} more")
    return "\n".join(lines)


def size_of(doc: Any, measure: str) -> int:
    """The size of a document in lines, characters, words, imports, or definitions of a kind."""
    if measure == "lines":
        return int(doc.count("\n")) + (not doc.endswith("\n"))
    if measure == "words":
        return len(doc.split())
    if measure == "imports":
        return len({name for name, _ in imports(doc)})
    if measure in ("class", "function", "method"):
        return len(definitions(doc, measure))
    return len(doc)


def biggest(docs: list[Any], measure: str, most: int) -> list[tuple[int, Any]]:
    """The ``most`` largest documents as (size, document), in the order of the context where sizes are equal.
    A document that cannot be among them, since it contains too few keywords, is not parsed.
    """
    found: list[tuple[int, int, Any]] = []
    limits = [(size_limit(doc, measure), -number, doc) for number, doc in enumerate(docs)]
    for limit, number, doc in sorted(limits, key=lambda each: each[:2], reverse=True):
        if len(found) >= most and limit < found[most - 1][0]:
            break
        found.append((size_of(doc, measure), number, doc))
        found.sort(key=lambda each: each[:2], reverse=True)
    return [(size, doc) for size, _, doc in found[:most]]


def smallest(docs: list[Any], measure: str, most: int) -> list[tuple[int, Any]]:
    """The ``most`` smallest documents as (size, document)."""
    empty = [doc for doc in docs if size_limit(doc, measure) == 0][:most]
    if len(empty) == most:
        return [(0, doc) for doc in empty]
    return sorted(((size_of(doc, measure), doc) for doc in docs), key=lambda each: each[0])[:most]


def size_limit(doc: Any, measure: str) -> float:
    """An upper bound of the size of a document, without parsing it; infinity if only counting tells."""
    word = {"class": "class", "function": "def", "method": "def"}.get(measure)
    if word is None or not is_python(doc):
        return float("inf")
    return len(re.findall(rf"\b{word}\b", doc))


def lead_sentences(doc: Any, most: int) -> list[Item]:
    """The ``most`` sentences of a text with the most of its frequent words, in the order of the text."""
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
