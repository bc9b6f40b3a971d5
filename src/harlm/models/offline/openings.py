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
        aside = r"(?:^|[/_.-])(?:tests?|testing|fixtures?|examples?|vendor|node_modules|dist|build|generated|min|lock|locks|snapshots?)(?:[/_.-]|$)"
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
    for number, line in enumerate(doc[:20_000].split("\n"), start=1):
        text = line.strip()
        if text.startswith("```"):
            is_code = not is_code
        if (
            is_code
            or not text
            or re.match(
                r"(?:\[?!\[|<|---|===|\|[\s:|-]+$|```|#!|[{}\[\]()]+$|import |from \S+ import )", text
            )
        ):
            if said:
                break
            continue
        plain = text.strip("#*_ \"'")
        if not found and len(plain) <= 120 and (text.startswith("#") or not text.endswith(".")):
            found.append((doc, number, text))
            continue
        if text.startswith("#"):
            if said:
                break
            continue
        for sentence in re.split(r"(?<=[.!?。！？])\s+", text):
            if said < most and sentence.strip():
                found.append((doc, number, sentence.strip()[:300]))
                said += 1
        if said >= most:
            break
    return found


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
