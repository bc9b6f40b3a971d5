"""The intent of a question, by its wording alone: look something up, say where it is defined, count, list,
rank, compare, answer yes or no, or summarise.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from harlm.models.offline import wording
from harlm.models.offline.line_logic import Joint, read_logic
from harlm.models.offline.wording import Relation, Unit

CODE_UNITS: frozenset[Unit] = frozenset({"class", "function", "method", "constant", "import"})
"""Units that exist only in code. In a context without code, these words have their ordinary meaning."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """A condition on counted or listed things: they contain, import, define, inherit from or equal something.

    Attributes:
        relation: the relation of a thing to the value.
        value: the value as the question writes it.
        kind: the kind of a definition.
        logic: for the relation ``logic``, what a line or a text contains.
    """

    relation: Relation
    value: str
    kind: str = "name"
    logic: Joint | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """Things in the context.

    Attributes:
        unit: the kind of thing.
        condition: a condition that they must meet; None for all.
        scope: the document, folder or module that contains them; empty for all.
        definer: a name; if set, the scope is the document that defines it.
        endings: the endings of the names of the documents; empty for all.
        is_plain: whether the question can only mean things of this unit, since it uses the plural.
    """

    unit: Unit
    condition: Condition | None = None
    scope: str = ""
    definer: str = ""
    endings: tuple[str, ...] = ()
    is_plain: bool = True


@dataclass(frozen=True, slots=True)
class Lookup:
    """Find the place that answers the question."""


@dataclass(frozen=True, slots=True)
class WhereDefined:
    """Find where a name is defined; with ``base``, where its base class is defined."""

    kind: str
    name: str
    base: bool = False


@dataclass(frozen=True, slots=True)
class ValueOf:
    """Find the value of a name in code or settings, only in ``scope`` if that is set."""

    name: str
    scope: str = ""


@dataclass(frozen=True, slots=True)
class Describe:
    """Describe a name in code by its docstring."""

    name: str


@dataclass(frozen=True, slots=True)
class Count:
    """Count things."""

    what: Selection


@dataclass(frozen=True, slots=True)
class ListAll:
    """List things."""

    what: Selection


@dataclass(frozen=True, slots=True)
class Superlative:
    """Name the thing with the most or least of something.

    Attributes:
        what: the things to compare.
        measure: a size of documents or definitions.
        most: whether the question asks for the most, not the least.
    """

    what: Selection
    measure: str
    most: bool


@dataclass(frozen=True, slots=True)
class YesNo:
    """Say whether such things exist; without a selection, whether the text says so."""

    what: Selection | None


@dataclass(frozen=True, slots=True)
class Compare:
    """Compare two things; with a measure, say which has more of it, or less if ``most`` is False."""

    left: str
    right: str
    measure: str = ""
    most: bool = True


@dataclass(frozen=True, slots=True)
class Summarise:
    """Summarise the context, or the documents in ``scope``."""

    scope: str = ""


Intent = (
    Lookup | WhereDefined | ValueOf | Describe | Count | ListAll | Superlative | YesNo | Compare | Summarise
)


def read_intent(question: str, *, has_code: bool) -> Intent:
    """The intent of ``question``; ``Lookup`` if no other fits.

    Args:
        question: in English.
        has_code: whether the context holds code. If not, words such as *class* have their ordinary meaning.
    """
    for read in (
        _summary,
        _comparison,
        _base_of,
        _value,
        _describe,
        _superlative,
        _where,
        _count,
        _yes_no,
        _imports_of,
        _list,
    ):
        intent = read(question)
        if intent is not None and _makes_sense(intent, has_code=has_code):
            return intent
    return Lookup()


def _makes_sense(intent: Intent, *, has_code: bool) -> bool:
    if isinstance(intent, WhereDefined | Describe):
        return has_code
    if isinstance(intent, ListAll) and not has_code and intent.what.unit in ("document", "line"):
        return intent.what.is_plain
    what = getattr(intent, "what", None)
    if not isinstance(what, Selection):
        return True
    return has_code or what.unit not in CODE_UNITS


def _summary(question: str) -> Intent | None:
    return Summarise(_scope(question)) if wording.SUMMARY.search(question) else None


def _comparison(question: str) -> Intent | None:
    if match := wording.WHICH_OF_TWO.search(question):
        measure = _measure(f"{match['asked']} {match['measure']}")
        if measure:
            most = not re.search(r"\b(?:fewer|less|smaller|shorter)\b", match[0], re.IGNORECASE)
            return Compare(_clean(match["left"]), _clean(match["right"]), measure, most)
    if match := wording.COMPARE.search(question):
        return Compare(_clean(match["left"]), _clean(match["right"]))
    return None


def _base_of(question: str) -> Intent | None:
    match = wording.BASE_OF.search(question)
    return WhereDefined("class", match["name"].strip("."), base=True) if match else None


def _value(question: str) -> Intent | None:
    match = wording.VALUE_OF.search(question)
    name = (match["name"] or match["set"]).strip(".") if match else ""
    is_identifier = "_" in name or any(letter.isupper() for letter in name[1:])
    return ValueOf(name, _scope(question[match.end() :])) if match and is_identifier else None


def _describe(question: str) -> Intent | None:
    match = wording.DOES_WHAT.search(question)
    return Describe(match["name"].strip(".")) if match else None


def _where(question: str) -> Intent | None:
    for pattern in wording.WHERE_DEFINED:
        match = pattern.search(question)
        if match and _could_be_a_name(match["name"], match["kind"]):
            kind = (match["kind"] or "name").lower()
            known = kind if kind in ("class", "function", "method", "constant") else "name"
            return WhereDefined("class" if kind == "exception" else known, match["name"].strip("."))
    return None


def _could_be_a_name(name: str, kind: str | None) -> bool:
    return kind is not None or not name.islower() or "_" in name or len(name) > 2


def _superlative(question: str) -> Intent | None:
    match = wording.SUPERLATIVE.search(question)
    among = wording.AMONG.search(question) or re.search(
        rf"\b\w+est\s+(?P<unit>{wording.ANY_UNIT})\b", question, re.IGNORECASE
    )
    if match is None or among is None:
        return None
    unit = wording.UNITS[among["unit"].lower()]
    most = match["word"].lower() not in wording.LEAST
    measure = _measure(question[match.start() :])
    if measure is None or unit not in ("document", "class", "function", "method"):
        return None
    return Superlative(Selection(unit=unit, scope=_scope(question)), measure, most)


def _measure(words: str) -> str | None:
    return next(
        (name for name, pattern in wording.MEASURES if re.search(pattern, words, re.IGNORECASE)), None
    )


def _count(question: str) -> Intent | None:
    match = wording.COUNT.search(question)
    if match is None:
        return None
    selection = _selected(question, match)
    if selection is None:
        return None
    limited = selection.condition or selection.scope or selection.definer
    if not limited and not wording.WHOLE.match(match["rest"]) and not wording.EXTENSION.match(match["rest"]):
        return None  # as in "how many documents did the bank publish": a fact to look up
    if selection.unit == "occurrence" and selection.condition is None:
        return None
    return Count(selection)


def _selected(question: str, match: re.Match[str]) -> Selection | None:
    """The selection of a count or a list; ``None`` if the question says more of it than is understood."""
    rest = match["rest"]
    selection = _selection(match["unit"], rest)
    endings = _endings(question[match.start() : match.start("unit")])
    if selection.unit == "document" and (extension := wording.EXTENSION.match(rest)):
        ending = "." + (extension["ending"] or extension["dotted"])
        return replace(selection, condition=None, scope="", endings=(ending.lower(),))
    condition = selection.condition
    if condition is None and selection.unit in ("line", "document") and re.search(r"\bwithout\b", rest):
        condition = Condition(relation="contain", value="")
    wordy = condition is not None and condition.relation in ("contain", "word", "begin", "end")
    if wordy and selection.unit in ("line", "document") and not _by_name(selection):
        logic = read_logic(rest)
        if logic is None:
            passive = (
                condition is not None
                and condition.relation == "word"
                and re.match(r"\s*(?:does|do|is|are)\b", rest)
            )
            return replace(selection, endings=endings) if passive else None
        selection = replace(selection, condition=Condition(relation="logic", value=str(logic), logic=logic))
    return replace(selection, endings=endings)


def _by_name(selection: Selection) -> bool:
    """Whether the condition is one on the names of documents."""
    condition = selection.condition
    return selection.unit == "document" and condition is not None and condition.relation in ("begin", "end")


def _endings(words: str) -> tuple[str, ...]:
    """The endings of the names of files of the type that a question names, as in ``Python files``."""
    found: list[str] = []
    for match in wording.TYPE.finditer(words + " "):
        found += [match["ending"].lower()] if match["ending"] else wording.TYPES[match["type"].lower()]
    return tuple(found)


def _imports_of(question: str) -> Intent | None:
    if not re.search(r"\b(?:what|which)\b.*\b(?:import|imported by)\b", question, re.IGNORECASE):
        return None
    if definer := wording.DEFINER.search(question):
        return ListAll(Selection(unit="import", definer=definer["name"]))
    match = re.search(
        r"\bdoes\s+(?:the\s+)?(?:file\s+|module\s+)?([\w./-]+)\s+import\b", question, re.IGNORECASE
    ) or re.search(r"\bimported\s+by\s+(?:the\s+)?(?:file\s+|module\s+)?([\w./-]+)", question, re.IGNORECASE)
    return ListAll(Selection(unit="import", scope=match[1].strip("."))) if match else None


def _list(question: str) -> Intent | None:
    match = wording.LIST.search(question)
    if match is None:
        return None
    selection = _selected(question, match)
    if selection is None:
        return None
    if not (selection.condition or selection.scope or selection.definer or selection.endings):
        return None
    if selection.unit in ("occurrence", "word"):
        return None
    return ListAll(selection)


def _yes_no(question: str) -> Intent | None:
    if not wording.YES_NO.search(question):
        return None
    if match := wording.THERE_IS.search(question):
        unit = wording.UNITS[match["unit"].lower()]
        return YesNo(
            Selection(unit=unit, condition=Condition(relation="define", value=match["name"], kind=unit))
        )
    if match := wording.DOES.search(question):
        selection = _selection("document", match["rest"])
        if selection.condition is not None:
            return YesNo(replace(selection, scope=match["scope"]))
    return YesNo(None)


def _selection(unit_word: str, rest: str) -> Selection:
    unit = wording.UNITS[unit_word.lower()]
    definer = wording.DEFINER.search(rest)
    condition = _condition(unit, rest if definer is None else wording.DEFINER.sub("", rest))
    if unit_word.lower().startswith("subclass") and condition is None:
        of = re.match(r"\s+of\s+(?:the\s+)?(?:class\s+)?[`\"'“]?([\w.]+)", rest)
        condition = Condition(relation="inherit", value=of[1]) if of else None
    scope = "" if condition and condition.value in _scope(rest) else _scope(rest)
    return Selection(
        unit=unit,
        condition=condition,
        scope="" if definer else scope,
        definer=definer["name"] if definer else "",
        is_plain=unit_word.lower().endswith("s"),
    )


def _condition(unit: Unit, rest: str) -> Condition | None:
    for relation, pattern in wording.CONDITIONS:
        if match := pattern.search(rest):
            groups = match.groupdict()
            value = (groups.get("quoted") or groups.get("value") or "").strip().rstrip("?.,")
            if not value or value.lower() in wording.SCOPE_WORDS:
                continue
            whole = relation == "contain" and (groups.get("word") or not groups.get("quoted"))
            return Condition(
                relation="word" if whole else relation,
                value=value,
                kind=(groups.get("kind") or "name").lower(),
            )
    return None


def _scope(rest: str) -> str:
    """The document, folder or module that a question names; empty if it names none."""
    for pattern in (wording.IN_NAMED, wording.DOES_DEFINE, wording.IN):
        for match in pattern.finditer(rest):
            scope = match["scope"].strip(".")
            if (
                scope
                and scope.lower() not in wording.SCOPE_WORDS
                and scope.lower() not in wording.UNITS
                and not scope.isdigit()
            ):
                return scope
    return ""


def _clean(name: str) -> str:
    return re.sub(
        r"^(?:the\s+)?(?:file|module|document)\s+", "", name.strip(" `\"'“”‘’.?"), flags=re.IGNORECASE
    )
