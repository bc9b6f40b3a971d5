"""Writes the program for an intent, as a cell for the REPL.

Each program prints what it finds, so that the next turn can read it. Programs that compute an answer keep it
in ``result``. A program that does not fit the context prints ``NOTHING``.
"""

from __future__ import annotations

from harlm import markup
from harlm.models.offline.intents import (
    Compare,
    Count,
    Describe,
    Intent,
    ListAll,
    Selection,
    Summarise,
    Superlative,
    ValueOf,
    WhereDefined,
    YesNo,
)
from harlm.models.offline.linking import linked
from harlm.models.offline.selecting import docs_of, items_of

NOTHING = "NOTHING"
"""What a program prints when it does not fit the context, as when nothing of the kind exists."""

WEIGHTS = "weights: "
"""What a search program prints before the weight of each word of the question."""

READ = "documents: "
"""What a search program prints before the number of documents."""

MARK = "=== "
"""What a search program prints before the place and the score of each passage."""

_HITS = 8  # passages of one search
_SHOWN = 1_700  # characters of a passage that are printed
_SHOWN_IN_ALL = 10_500  # characters that are printed, so that the output is not cut
_LISTED = 40  # items that a list shows with their citations
_EXAMPLES = 3  # items that a count shows
_OPENINGS = 6  # documents whose beginnings tell what all are about
_PIECE = 20_000  # characters of a text that one sub-call reads
_MOST_READ = 60_000  # characters of a text that sub-calls read in all
# Filled in by the program, where it is an f-string.
_ASK_OF_PIECE = markup.direct_prompt([("{docs[0].name}", "{piece}")], "{ask}")


def search_program(*queries: str, scope: str = "") -> str:
    """A program that searches for each of the queries and prints the passages."""
    return f"""\
print("{READ}" + str(1 if isinstance(context, str) else len(context)))
shown = set()
room = {_SHOWN_IN_ALL}
for question in {list(queries)!r}:
    hits = context.search(question, k={_HITS})
    print("{WEIGHTS}" + " ".join(f"{{word}}={{weight:.3f}}" for word, weight in hits.weights.items()))
    for hit in hits:
        if (hit.source, hit.start) not in shown and room > 0:
            shown.add((hit.source, hit.start))
            text = hit.text.strip()[:min({_SHOWN}, room)]
            room -= len(text) + 40
            print("{MARK}" + hit.place + " " + format(hit.score, ".4f"))
            print(text)
"""


def plain_search_program(*queries: str) -> str:
    """The same for a REPL whose context has no methods, and whose hits are dicts: Monty."""
    return f"""\
print("{READ}" + str(1 if isinstance(context, str) else len(context)))
print("{WEIGHTS}")
shown = set()
room = {_SHOWN_IN_ALL}
for question in {list(queries)!r}:
    for hit in search(question, {_HITS}):
        if (hit["document"], hit["start"]) not in shown and room > 0:
            shown.add((hit["document"], hit["start"]))
            text = hit["text"].strip()[:min({_SHOWN}, room)]
            room -= len(text) + 40
            print("{MARK}" + hit["place"] + f" {{hit['score']:.4f}}")
            print(text)
"""


def program_for(intent: Intent) -> str | None:
    """The program for an intent that code can settle; None if a text has to be read."""
    match intent:
        case WhereDefined():
            return _where(intent)
        case ValueOf():
            return _value(intent)
        case Describe(name):
            return _describe(name)
        case Count(what):
            return _count(what)
        case ListAll(what):
            return _list(what)
        case Superlative():
            return _superlative(intent)
        case YesNo(what) if what is not None:
            return _yes_no(what)
        case Compare() if intent.measure:
            return _compare(intent)
    return None


def summary_program(intent: Summarise, *, sub_calls: bool) -> str:
    """A program that summarises each document. With ``sub_calls`` sub-models read them, concurrently."""
    docs = (
        f"named(documents(context), {intent.scope!r}) or documents(context)"
        if intent.scope
        else "documents(context)"
    )
    if sub_calls:
        return linked(
            f"""\
docs = central({docs})[:12]
ask = "Summarise this text in two sentences."
if len(docs) > 1:
    parts = rlm_query_batched([ask] * len(docs), docs)
    result = "\\n\\n".join(doc.name + ":\\n" + part for doc, part in zip(docs, parts))
else:
    pieces = [docs[0][start : start + {_PIECE}] for start in range(0, min(len(docs[0]), {_MOST_READ}), {_PIECE})]
    parts = llm_query_batched([f{_ASK_OF_PIECE!r} for piece in pieces])
    result = "\\n".join(part for part in parts if "NOT FOUND" not in part)
print(result or "{NOTHING}")
"""
        )
    return linked(
        f"""\
docs = {docs}
result = "\\n".join(f"{{line}} {{cited(item)}}" for line, item in about(docs, {_OPENINGS}))
if len(docs) > {_OPENINGS}:
    result += f"\\n\\nand {{len(docs) - {_OPENINGS}:,}} more documents"
print(result or "{NOTHING}")
"""
    )


def comparison_program(intent: Compare, question: str, *, sub_calls: bool) -> str:
    """A program that gathers what is said of the two sides. With ``sub_calls`` a child reads each."""
    sides = [intent.left, intent.right]
    if sub_calls:
        return linked(
            f"""\
docs = documents(context)
sides = {sides!r}
found = [named(docs, side)[:1] or [hit.document for hit in context.search(side, k=1)] for side in sides]
parts = rlm_query_batched(["Summarise this text in two sentences."] * len(sides), found)
result = "\\n\\n".join(side + ":\\n" + part for side, part in zip(sides, parts))
print(result)
"""
        )
    return search_program(*sides)


def _where(intent: WhereDefined) -> str:
    if intent.base:
        return linked(
            f"""\
docs = documents(context)
parents = bases(docs, {intent.name!r})
lines = []
for base, child in parents:
    homes = defining(docs, "class", base.split(".")[-1])[:1]
    for home in homes:
        lines.append(f"{{home[0].name}} defines {{base.split('.')[-1]}}, the base class of {intent.name}. {{cited(home)}} {{cited(child)}}")
    if not homes:
        lines.append(f"{{base}} is the base class of {intent.name}; it is not defined in this context. {{cited(child)}}")
result = "\\n".join(lines)
print(result or "{NOTHING}")
"""
        )
    return linked(
        f"""\
found = defining(documents(context), {intent.kind!r}, {intent.name!r})
lines = [f"{{doc.name}}" for doc, line, text in found[:1]]
lines += [f"{{text}} {{cited((doc, line, text))}}" for doc, line, text in found[:5]]
if len(found) > 5:
    lines.append(f"and {{len(found) - 5}} more places")
result = "\\n".join(lines)
print(result or "{NOTHING}")
"""
    )


def _value(intent: ValueOf) -> str:
    docs = docs_of(Selection(unit="name", scope=intent.scope))
    return linked(
        f"""\
{docs}
found = assigned(docs or documents(context), {intent.name!r})
lines = [value for value, item in found[:1]]
lines += [f"{{item[2]}} {{cited(item)}}" for value, item in found[:{_EXAMPLES}]]
if len(found) > {_EXAMPLES}:
    lines.append(f"and it is set in {{len(found) - {_EXAMPLES}}} more places")
result = "\\n".join(lines)
print(result or "{NOTHING}")
"""
    )


def _describe(name: str) -> str:
    return linked(
        f"""\
found = described(documents(context), {name!r})
result = "\\n\\n".join(f"{{text}} {{cited(item)}}" for text, item in found[:2])
print(result or "{NOTHING}")
"""
    )


def _count(what: Selection) -> str:
    if what.unit == "occurrence" and what.condition:
        counted = f"count = occurrences(docs, {what.condition.value!r})\nitems = lines_with(docs, {what.condition.value!r}, True)\n"
    elif what.unit == "word":
        counted = 'count = sum(size_of(doc, "words") for doc in docs)\nitems = []\n'
    elif what.unit == "line" and what.condition is None:
        counted = 'count = sum(size_of(doc, "lines") for doc in docs)\nitems = []\n'
    else:
        counted = items_of(what) + "count = len(items)\n"
    said = ""
    if what.condition is not None and what.condition.logic is not None:
        said = f'result += "\\n\\n" + {f"{what.unit}s that {what.condition.value}"!r}\n'
    return linked(
        f"""\
{docs_of(what)}
{counted}
result = f"{{count:,}}"
{said}if items:
    result += "\\n\\nFor example:\\n" + shown(items, {_EXAMPLES})
print(result if docs or {bool(what.endings)} else "{NOTHING}")
"""
    )


def _list(what: Selection) -> str:
    return linked(
        f"""\
{docs_of(what)}
{items_of(what)}
result = f"{{len(items):,}} found:\\n" + "\\n".join(
    f"- {{label}} {{cited(item)}}" for label, item in list(zip(labels, items))[:{_LISTED}]
)
if len(items) > {_LISTED}:
    result += f"\\n- and {{len(items) - {_LISTED}:,}} more: " + ", ".join(labels[{_LISTED}:400])
print(result if items else "{NOTHING}")
"""
    )


def _superlative(intent: Superlative) -> str:
    best = "max" if intent.most else "min"
    if intent.what.unit != "document":
        return linked(
            f"""\
{docs_of(intent.what)}
ranked = []
for doc in docs:
    tree = parsed(doc)
    for node in ast.walk(tree) if tree else ():
        wanted = ast.ClassDef if {intent.what.unit!r} == "class" else (ast.FunctionDef, ast.AsyncFunctionDef)
        if isinstance(node, wanted):
            ranked.append((node.end_lineno - node.lineno + 1, doc, node.lineno, node.name))
if ranked:
    size, doc, line, name = {best}(ranked, key=lambda each: each[0])
    result = f"{{name}} ({{size:,}} lines) {{cited((doc, line, line_text(doc, line)))}}"
    print(result)
else:
    print("{NOTHING}")
"""
        )
    return linked(
        f"""\
{docs_of(intent.what)}
sizes = {"biggest" if intent.most else "smallest"}(docs, {intent.measure!r}, 4)
if sizes:
    unit = {_spoken(intent.measure)!r}
    size, doc = sizes[0]
    first = next(line for line, text in enumerate(doc.split("\\n"), start=1) if text.strip())
    result = f"{{doc.name}} ({{size:,}} {{unit}}) {{cited((doc, first, line_text(doc, first)))}}\\n\\nNext: "
    result += ", ".join(f"{{other.name}} ({{size:,}})" for size, other in sizes[1:4])
    print(result)
else:
    print("{NOTHING}")
"""
    )


def _yes_no(what: Selection) -> str:
    return linked(
        f"""\
{docs_of(what)}
{items_of(what)}
result = "Yes.\\n" + shown(items, {_EXAMPLES}) if items else "No."
print(result if docs else "{NOTHING}")
"""
    )


def _compare(intent: Compare) -> str:
    best = "max" if intent.most else "min"
    return linked(
        f"""\
docs = documents(context)
sizes = []
for side in {[intent.left, intent.right]!r}:
    for doc in named(docs, side)[:1]:
        sizes.append((size_of(doc, {intent.measure!r}), doc))
if len(sizes) == 2:
    winner = {best}(sizes, key=lambda each: each[0])[1]
    result = winner.name + "\\n\\n" + "\\n".join(
        f"- {{doc.name}}: {{size:,}} {_spoken(intent.measure)} {{cited((doc, 1, line_text(doc, 1)))}}" for size, doc in sizes
    )
    print(result)
else:
    print("{NOTHING}")
"""
    )


def _spoken(measure: str) -> str:
    return {"class": "classes", "function": "functions", "method": "methods"}.get(measure, measure)
