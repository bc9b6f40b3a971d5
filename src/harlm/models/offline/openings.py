"""Functions that programs of the offline model copy into the REPL, as those of ``repertoire``: what documents begin
with, and which of them tell most about all. Only the standard library, and only documents with a ``name``.
"""

from __future__ import annotations

import re
from typing import Any

Item = tuple[Any, int, str]


def central(docs: list[Any]) -> list[Any]:
    """Documents in the order in which they tell what all are about: READMEs, then other documents and source by their
    depth, then tests, fixtures, examples and generated files.
    """

    def rank(doc: Any) -> tuple[bool, bool, int, bool, int]:
        name = doc.name.lower()
        last = name.rsplit("/", 1)[-1]
        aside = r"(?:^|[/_.-])(?:tests?|testing|fixtures?|examples?|bench(?:marks?)?|perf|data|vendor|node_modules|dist|build|generated|min|lock|locks|snapshots?)(?:[/_.-]|$)"
        is_prose = last.endswith((".md", ".rst", ".txt", ".docx", ".pdf", ".html"))
        return (
            bool(re.search(aside, name)),
            not last.startswith("readme"),
            name.count("/"),
            not is_prose,
            -min(len(doc), 20_000),
        )

    return sorted(docs, key=rank)


def opening(doc: Any, most: int) -> list[Item]:
    """The title of a document and the first ``most`` sentences of its first paragraph, as (document, line, text)."""
    found: list[Item] = []
    said = 0
    is_code = False
    paragraph: list[tuple[int, str]] = []
    for number, line in enumerate([*doc[:20_000].split("\n"), ""], start=1):
        text = line.strip()
        if text.startswith("```"):
            is_code = not is_code
        is_apart = (
            is_code
            or not text
            or text.startswith("#")
            or bool(
                re.match(
                    r"(?:\[?!\[|<|---|===|\|[\s:|-]+$|```|#!|[{}\[\]()]+$|import |from \S+ import )", text
                )
            )
        )
        if is_apart and paragraph:
            for at, sentence in sentences_of(paragraph):
                if said < most:
                    found.append((doc, at, sentence))
                    said += 1
            break
        plain = text.strip("#*_ \"'")
        is_title = len(plain) <= 120 and (text.startswith("#") or not text.endswith("."))
        if plain and not found and is_title and not is_code and (not is_apart or text.startswith("#")):
            found.append((doc, number, text))
        elif not is_apart:
            paragraph.append((number, text))
    return found


def sentences_of(lines: list[tuple[int, str]]) -> list[tuple[int, str]]:
    """The sentences of a paragraph, each with the number of the line on which it begins."""
    found: list[tuple[int, str]] = []
    number, sentence = lines[0][0], ""
    for at, line in lines:
        for piece in re.split(r"(?<=[.!?。！？])\s+", line):
            number = number if sentence else at
            sentence = f"{sentence} {piece}".strip()
            if re.search(r"[.!?。！？][\"'”’)]?$", piece):
                found.append((number, sentence[:300]))
                sentence = ""
    return [*found, (number, sentence[:300])] if sentence else found


def about(docs: list[Any], most: int) -> list[tuple[str, Item]]:
    """What the ``most`` most telling documents begin with, as (line, item that it cites): the first with a paragraph, the
    others with a sentence, each after its title.
    """
    chosen = central([doc for doc in docs if doc.strip()])[:most]
    told = []
    for number, doc in enumerate(chosen):
        is_main = number == 0 and (len(chosen) == 1 or "readme" in doc.name.lower())
        items = opening(doc, 3 if is_main else 1)
        title = ""
        for at, item in enumerate(items):
            plain = item[2].strip("#*_ ")
            if at == 0 and len(items) > 1 and not plain.endswith((".", "!", "?")):
                title = plain + ": "
                continue
            told.append((title + plain, item))
            title = ""
    return told
