"""The part of a program that selects what a question is about.

It assigns the documents to ``docs``, the things in them to ``items`` (tuples of document, line number and
text, as in ``repertoire``), and the name of each thing to ``labels``.
"""

from __future__ import annotations

from collections.abc import Sequence

from harlm.models.offline.intents import Condition, Selection
from harlm.models.offline.line_logic import Joint, SoughtText, terms_of
from harlm.models.offline.wording import Unit


def docs_of(what: Selection) -> str:
    """A line of code that assigns the documents of a selection to ``docs``."""
    docs = _docs_of(what)
    if what.endings:
        docs += f"\ndocs = [doc for doc in docs if doc.name.lower().endswith({what.endings!r})]"
    return docs


def _docs_of(what: Selection) -> str:
    if what.definer:
        return f"docs = [item[0] for item in defining(documents(context), 'name', {what.definer!r})[:1]]"
    if what.scope:
        return f"docs = named(documents(context), {what.scope!r})"
    return "docs = documents(context)"


def items_of(what: Selection) -> str:
    """Code that assigns the selected things in ``docs`` to ``items``, and their names to ``labels``."""
    match what.unit:
        case "import":
            return _IMPORTS
        case "class" | "function" | "method" | "constant" | "name":
            return _definitions(what.unit, what.condition)
        case "document":
            return _documents_with(what.condition) + "labels = [item[0].name for item in items]\n"
    return _lines(what.condition) + "labels = [text for doc, line, text in items]\n"


_IMPORTS = """\
pairs = {}
for doc in docs:
    for name, item in imports(doc):
        pairs.setdefault(name, item)
labels, items = list(pairs), list(pairs.values())
"""


def _definitions(unit: Unit, condition: Condition | None) -> str:
    if condition and condition.relation == "inherit":
        pairs = f"pairs = inheriting(docs, {condition.value!r})\n"
    else:
        pairs = f"pairs = [pair for doc in docs for pair in definitions(doc, {unit!r})]\n"
        if condition:
            pairs += (
                f"pairs = [pair for pair in pairs if {_test_of_name(condition.relation, condition.value)}]\n"
            )
    return pairs + "labels, items = [name for name, _ in pairs], [item for _, item in pairs]\n"


def _documents_with(condition: Condition | None) -> str:
    if condition is None:
        return "items = [(doc, 1, line_text(doc, 1)) for doc in docs]\n"
    if condition.relation == "import":
        return f"items = importing(docs, {condition.value!r})\n"
    if condition.relation == "define":
        return f"items = first_in_each(defining(docs, {condition.kind!r}, {condition.value!r}))\n"
    if condition.relation in ("begin", "end"):
        test = f"{'starts' if condition.relation == 'begin' else 'ends'}with({condition.value!r})"
        return (
            f"items = [(doc, 1, line_text(doc, 1)) for doc in docs if doc.name.rsplit('/', 1)[-1].{test}]\n"
        )
    if condition.logic is not None:
        return _with_logic(condition.logic, "texts_that")
    return _lines(condition) + "items = first_in_each(items)\n"


def _with_logic(logic: Joint, function: str) -> str:
    terms = terms_of(logic)
    patterns = [(each.text, each.relation, each.whole) for each in terms]
    return f"items = {function}(docs, {patterns!r}, lambda has: {_expression(logic, terms)})\n"


def _expression(node: SoughtText | Joint, terms: Sequence[SoughtText]) -> str:
    if isinstance(node, SoughtText):
        return f"has({terms.index(node)})"
    joined = (" or " if node.any_of else " and ").join(_expression(each, terms) for each in node.parts)
    return f"not ({joined})" if node.negated else f"({joined})"


def _lines(condition: Condition | None) -> str:
    if condition and condition.logic is not None:
        return _with_logic(condition.logic, "lines_that")
    if condition and condition.relation not in ("begin", "end"):
        return f"items = lines_with(docs, {condition.value!r}, {condition.relation == 'word'})\n"
    test = "True"
    if condition:
        test = (
            f"text.strip().{'starts' if condition.relation == 'begin' else 'ends'}with({condition.value!r})"
        )
    return (
        "items = [\n    (doc, line, text.strip())\n    for doc in docs\n"
        f"    for line, text in enumerate(doc.split('\\n'), start=1)\n    if {test}\n]\n"
    )


def _test_of_name(relation: str, value: str) -> str:
    if relation == "begin":
        return f"pair[0].startswith({value!r})"
    if relation == "end":
        return f"pair[0].endswith({value!r})"
    if relation in ("define", "equal"):
        return f"pair[0] == {value!r}"
    return f"{value.lower()!r} in pair[0].lower()"
