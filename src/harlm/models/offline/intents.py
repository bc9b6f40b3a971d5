"""What a question wants done, by its wording: look something up, say where it stands, count, list, rank, compare, say yes
or no, go through a second place, or sum up. Knows the grammar of such questions; refuses to know any text.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Literal

from harlm.models.offline.patterns import Pattern

Unit = Literal[
    "document",
    "line",
    "row",
    "class",
    "function",
    "method",
    "constant",
    "name",
    "import",
    "occurrence",
    "word",
]
Relation = Literal["contain", "word", "import", "define", "inherit", "equal", "begin", "end"]

CODE_UNITS: frozenset[Unit] = frozenset({"class", "function", "method", "constant", "import"})
"""Units that only exist in code: a question about them is one about a text where there is none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """What counted or listed things must fulfil: they contain, import, define, inherit from or equal something.

    Attributes:
        relation: of a thing to the value.
        value: as written in the question.
        kind: of a definition, or the field of a record.
    """

    relation: Relation
    value: str
    kind: str = "name"


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """Things in the context.

    Attributes:
        unit: what they are.
        condition: what they must fulfil; None for all.
        scope: the document, folder or module that they are in; empty for all.
        definer: a name; when set, the scope is the document that defines it.
        is_plain: whether the question can only mean things of this unit: it says them in the plural.
    """

    unit: Unit
    condition: Condition | None = None
    scope: str = ""
    definer: str = ""
    is_plain: bool = True


@dataclass(frozen=True, slots=True)
class Lookup:
    """Find the place that answers."""


@dataclass(frozen=True, slots=True)
class WhereDefined:
    """Find where a name is defined; with ``base``, where the base class of it is."""

    kind: str
    name: str
    base: bool = False


@dataclass(frozen=True, slots=True)
class ValueOf:
    """Find what a name in code or settings is set to; only in ``scope`` when it is given."""

    name: str
    scope: str = ""


@dataclass(frozen=True, slots=True)
class Describe:
    """Say what a name in code is for, by its docstring."""

    name: str


@dataclass(frozen=True, slots=True)
class Count:
    """Say how many there are."""

    what: Selection


@dataclass(frozen=True, slots=True)
class ListAll:
    """Name them."""

    what: Selection


@dataclass(frozen=True, slots=True)
class Superlative:
    """Name the one with the most or least of something.

    Attributes:
        what: among which things.
        measure: a size of documents or definitions, or a field of records.
        most: whether the most or the least is asked for.
    """

    what: Selection
    measure: str
    most: bool


@dataclass(frozen=True, slots=True)
class YesNo:
    """Say whether there are any; without a selection, whether the text says so."""

    what: Selection | None


@dataclass(frozen=True, slots=True)
class Compare:
    """Set two things side by side; with a measure, say which has more of it (or less)."""

    left: str
    right: str
    measure: str = ""
    most: bool = True


@dataclass(frozen=True, slots=True)
class Summarise:
    """Say in a few sentences what it holds."""

    scope: str = ""


Intent = (
    Lookup | WhereDefined | ValueOf | Describe | Count | ListAll | Superlative | YesNo | Compare | Summarise
)

_UNITS: dict[str, Unit] = {
    **dict.fromkeys("file files document documents module modules script scripts".split(), "document"),
    **dict.fromkeys("line lines".split(), "line"),
    **dict.fromkeys("row rows record records entry entries".split(), "row"),
    **dict.fromkeys("class classes subclass subclasses exception exceptions".split(), "class"),
    **dict.fromkeys("function functions".split(), "function"),
    **dict.fromkeys("method methods".split(), "method"),
    **dict.fromkeys("constant constants".split(), "constant"),
    **dict.fromkeys("import imports dependency dependencies".split(), "import"),
    **dict.fromkeys("time times occurrence occurrences mention mentions".split(), "occurrence"),
    **dict.fromkeys("word words".split(), "word"),
}
_ANY_UNIT = "|".join(sorted(_UNITS, key=len, reverse=True))
_ADJECTIVES = (
    r"(?:(?:different|python|source|code|text|top-level|public|separate|all|of|the|these|other)\s+)*"
)
_NAME = r"[`\"'“‘]?(?P<name>[A-Za-z_][\w.]*)[`\"'”’]?"
_KIND = r"(?:(?P<kind>class|function|method|constant|variable|exception|name|type|decorator|struct|interface)\s+(?:called\s+|named\s+)?)?"
_DEFINES = r"(?:defines?|declares?|implements?|contains? the definition of|holds? the definition of)"

_BASE_OF = Pattern(
    rf"(?:{_DEFINES}|where|which|what)\b.*\b(?:the\s+)?(?:base|parent|super)[\s-]?class(?:es)?\s+of\s+(?:the\s+)?(?:class\s+)?{_NAME}",
    re.IGNORECASE,
)
_WHERE_DEFINED = (
    Pattern(rf"\b(?:which|what)\s+(?:\w+\s+)?(?:{_ANY_UNIT})\s+{_DEFINES}\s+(?:the\s+|an?\s+)?{_KIND}{_NAME}", re.IGNORECASE),
    Pattern(rf"\bwhere\s+(?:is|are|was)\s+(?:the\s+|an?\s+)?{_KIND}{_NAME}\s+(?:class\s+|function\s+)?(?:defined|declared|implemented)", re.IGNORECASE),
    Pattern(rf"\bin\s+(?:which|what)\s+(?:\w+\s+)?(?:{_ANY_UNIT})\s+(?:is|are|was)\s+(?:the\s+)?{_KIND}{_NAME}\s+(?:class\s+|function\s+)?(?:defined|declared|implemented)", re.IGNORECASE),
)  # fmt: skip
_DOES_WHAT = Pattern(
    rf"^\W*what\s+does\s+(?:the\s+)?(?:module\s+|class\s+|function\s+|method\s+)?{_NAME}(?:\(\))?\s+(?:module\s+|class\s+|function\s+|method\s+)?do\b\W*$",
    re.IGNORECASE,
)
_VALUE_OF = Pattern(
    rf"\bwhat\s+(?:is|are|was|does)\s+(?:the\s+)?(?:default\s+)?(?:value|setting)s?\s+(?:of|for)\s+(?:the\s+)?{_KIND}{_NAME}"
    rf"|\bwhat\s+is\s+(?:the\s+)?(?:variable\s+|constant\s+|setting\s+)?[`\"'“‘]?(?P<set>[A-Za-z_][\w.]*)[`\"'”’]?\s+(?:set|equal)\s+to\b",
    re.IGNORECASE,
)
_DEFINER = Pattern(
    rf"\bthe\s+(?:module|file|document)\s+(?:that|which)\s+{_DEFINES}\s+(?:the\s+)?{_KIND}{_NAME}",
    re.IGNORECASE,
)
_COUNT = Pattern(
    rf"\b(?:how many|(?:the )?number of|count(?: of)?(?: all)?(?: the)?)\s+{_ADJECTIVES}(?P<unit>{_ANY_UNIT})\b(?P<rest>.*)",
    re.IGNORECASE,
)
_LIST = Pattern(
    rf"^\W*(?:list|name|show|give(?: me)?|find|print|what are|which are|which|what)\s+{_ADJECTIVES}(?P<unit>{_ANY_UNIT})\b(?P<rest>.*)",
    re.IGNORECASE,
)
_SUPERLATIVE = Pattern(
    r"\b(?P<word>most|fewest|least|largest|biggest|longest|smallest|shortest|highest|lowest|greatest|maximum|minimum|max|min)\b"
    r"(?P<rest>.*)",
    re.IGNORECASE,
)
_LEAST = frozenset({"fewest", "least", "smallest", "shortest", "lowest", "minimum", "min"})
_AMONG = Pattern(
    rf"\b(?:which|what)\s+(?:is\s+the\s+\w+\s+)?(?:\w+\s+)?(?P<unit>{_ANY_UNIT})\b", re.IGNORECASE
)
_YES_NO = Pattern(
    r"^\W*(?:is|are|was|were|does|do|did|has|have|had|can|could|will|would|should)\b", re.IGNORECASE
)
_THERE_IS = Pattern(
    rf"\b(?:is|are|was|were)\s+there\s+(?:an?\s+|any\s+)?(?P<unit>{_ANY_UNIT})\s+(?:called|named)\s+{_NAME}",
    re.IGNORECASE,
)
_DOES = Pattern(
    r"^\W*(?:does|do|did)\s+(?:the\s+)?(?:file\s+|module\s+|document\s+)?(?P<scope>[\w./-]+?)\s+(?P<rest>(?:import|define|contain|mention|use|have|inherit)\b.*)",
    re.IGNORECASE,
)
_COMPARE = Pattern(
    r"\b(?:compare|contrast|differ(?:ence|ences)?\s+between)\s+(?P<left>.+?)\s+(?:and|with|to|vs\.?|versus)\s+(?P<right>[^?]+?)[.?\s]*$",
    re.IGNORECASE,
)
_WHICH_OF_TWO = Pattern(
    r"\b(?:which|what|who)\b(?P<asked>[^,:]*?)\b(?P<measure>(?:more|fewer|less)\s+\w+|\w+er)\b[^,:]*[,:]\s*(?P<left>[^,?]+?),?\s+or\s+(?P<right>[^?]+)",
    re.IGNORECASE,
)
_SUMMARY = Pattern(
    r"^\W*(?:please\s+|can you\s+)?(?:summari[sz]e|sum up|outline|(?:give|write|make|provide)\b.*\b(?:summary|overview|gist))\b"
    r"|\b(?:summary|overview|gist|main (?:points?|ideas?|topics?|themes?)) of (?:this|the|all|it|these)\b"
    r"|\bwhat (?:is|are) (?:this|it|these|(?:this|the) (?:document|report|text|file|context|article|book|folder)s?) (?:all )?about\b"
    r"|\bwhat does each\b",
    re.IGNORECASE,
)
_IN = Pattern(
    r"\b(?:in|of|within|inside|from)\s+(?:the\s+)?(?:file\s+|module\s+|document\s+|package\s+|folder\s+|table\s+)?[`\"'“]?(?P<scope>[\w-]+(?:[./][\w-]+)+|[a-z_][a-z0-9_]*)[`\"'”]?\s*(?:\?|\.|,|$|define|have|contain|import)",
    re.IGNORECASE,
)
_IN_NAMED = Pattern(
    r"\b(?:file|module|document|package|folder)\s+[`\"'“]?(?P<scope>[\w./-]*\w)[`\"'”]?", re.IGNORECASE
)
_DOES_DEFINE = Pattern(
    r"\b(?:does|do|are|is)\s+(?:the\s+)?(?:file\s+|module\s+|document\s+|class\s+)?[`\"'“]?(?P<scope>[\w./-]+?)[`\"'”]?\s+(?:define|contain|have|declare|import)s?\s*\??\s*$",
    re.IGNORECASE,
)
_SCOPE_WORDS = frozenset(
    """total all it this that them there the a an each every these those context text code library standard repository
    folder directory project file module document table order general python has have had defines define imports import
    contains contain mentions mention with that which is are most least""".split()
)
_WHOLE = Pattern(
    r"^\W*(?:(?:are|exist|is)\b)?\s*(?:there|in total|in all|altogether|in (?:the|this) \w+)*\W*$",
    re.IGNORECASE,
)
_CONDITIONS: tuple[tuple[Relation, Pattern], ...] = (
    ("import", Pattern(r"\b(?:imports?|importing|depends? on)\s+(?:the\s+)?(?:module\s+|package\s+)?[`\"'“]?(?P<value>[\w.]+)", re.IGNORECASE)),
    ("inherit", Pattern(r"\b(?:inherits?|inheriting|derives?|derived|descends?)\s+(?:directly\s+)?from\s+(?:the\s+)?(?:class\s+)?[`\"'“]?(?P<value>[\w.]+)", re.IGNORECASE)),
    ("inherit", Pattern(r"\b(?:subclass(?:es)?(?:\s+of)?|extends?)\s+(?:the\s+)?(?:class\s+)?[`\"'“]?(?P<value>[A-Z_][\w.]*)")),
    ("define", Pattern(rf"\b{_DEFINES}\s+(?:the\s+|an?\s+)?(?P<kind>class|function|method|constant)\s+(?:called\s+|named\s+)?[`\"'“]?(?P<value>[\w.]+)", re.IGNORECASE)),
    ("begin", Pattern(r"\b(?:starts?|begins?|starting|beginning)\s+with\s+(?:the\s+word\s+)?(?:[`\"'“‘](?P<quoted>[^`\"'”’]+)[`\"'”’]|(?P<value>\S+))", re.IGNORECASE)),
    ("end", Pattern(r"\b(?:ends?|ending)\s+with\s+(?:[`\"'“‘](?P<quoted>[^`\"'”’]+)[`\"'”’]|(?P<value>\S+))", re.IGNORECASE)),
    ("contain", Pattern(r"\b(?:contains?|containing|mentions?|mentioning|includes?|including|has|have|having|uses?|using|with|refers? to)\s+(?:the\s+)?(?:(?P<word>word|term|name)\s+|(?:text|string|phrase)\s+)?(?:[`\"'“‘](?P<quoted>[^`\"'”’]+)[`\"'”’]|(?P<value>[^\s?,]+(?:\s+in\s+them)?))", re.IGNORECASE)),
    ("word", Pattern(r"\b(?:does|do|is|are)\s+(?:the\s+)?(?:word|term|name|text|string|phrase)?\s*(?:[`\"'“‘](?P<quoted>[^`\"'”’]+)[`\"'”’]|(?P<value>[\w.-]+))\s+(?:occurs?|appears?|mentioned|used)", re.IGNORECASE)),
)  # fmt: skip
_FIELD = Pattern(
    r"\b(?:where|with|whose|have|has|having)\s+(?:an?\s+|the\s+)?(?P<kind>\w+)\s*(?:=|==|is|are|of|equals?|equal to|:)\s*[`\"'“]?(?P<value>[^`\"'”?]+?)[`\"'”]?\s*\??$",
    re.IGNORECASE,
)
_MEASURES: tuple[tuple[str, str], ...] = (
    ("class", r"\bclass(?:es)?\b"),
    ("method", r"\bmethods?\b"),
    ("function", r"\bfunctions?\b"),
    ("imports", r"\bimports?\b"),
    ("words", r"\bwords?\b"),
    ("lines", r"\blines?\b"),
    ("characters", r"\b(?:characters?|bytes?|size|(?:larg|bigg?|small)(?:e|er|est)?)\b"),
    ("lines", r"\b(?:long|longer|longest|short|shorter|shortest)\b"),
)


def read_intent(question: str, *, has_code: bool, has_records: bool) -> Intent:
    """What ``question`` wants done.

    Args:
        has_code: whether the context holds code; where it does not, classes and functions are words like others.
        has_records: whether it holds tables, JSON or logs.
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
        if intent is not None and _makes_sense(intent, has_code=has_code, has_records=has_records):
            return intent
    return Lookup()


def _makes_sense(intent: Intent, *, has_code: bool, has_records: bool) -> bool:
    if isinstance(intent, WhereDefined | Describe):
        return has_code
    if isinstance(intent, ListAll) and not has_code and intent.what.unit in ("document", "line"):
        return intent.what.is_plain
    what = getattr(intent, "what", None)
    if not isinstance(what, Selection):
        return True
    if what.unit == "row":
        return has_records
    return has_code or what.unit not in CODE_UNITS


def _summary(question: str) -> Intent | None:
    return Summarise(_scope(question)) if _SUMMARY.search(question) else None


def _comparison(question: str) -> Intent | None:
    if match := _WHICH_OF_TWO.search(question):
        measure = _measure(f"{match['asked']} {match['measure']}")
        if measure:
            most = not re.search(r"\b(?:fewer|less|smaller|shorter)\b", match[0], re.IGNORECASE)
            return Compare(_clean(match["left"]), _clean(match["right"]), measure, most)
    if match := _COMPARE.search(question):
        return Compare(_clean(match["left"]), _clean(match["right"]))
    return None


def _base_of(question: str) -> Intent | None:
    match = _BASE_OF.search(question)
    return WhereDefined("class", match["name"].strip("."), base=True) if match else None


def _value(question: str) -> Intent | None:
    match = _VALUE_OF.search(question)
    name = (match["name"] or match["set"]).strip(".") if match else ""
    is_identifier = "_" in name or any(letter.isupper() for letter in name[1:])
    return ValueOf(name, _scope(question[match.end() :])) if match and is_identifier else None


def _describe(question: str) -> Intent | None:
    match = _DOES_WHAT.search(question)
    return Describe(match["name"].strip(".")) if match else None


def _where(question: str) -> Intent | None:
    for pattern in _WHERE_DEFINED:
        match = pattern.search(question)
        if match and _could_be_a_name(match["name"], match["kind"]):
            kind = (match["kind"] or "name").lower()
            known = kind if kind in ("class", "function", "method", "constant") else "name"
            return WhereDefined("class" if kind == "exception" else known, match["name"].strip("."))
    return None


def _could_be_a_name(name: str, kind: str | None) -> bool:
    return kind is not None or not name.islower() or "_" in name or len(name) > 2


def _superlative(question: str) -> Intent | None:
    match = _SUPERLATIVE.search(question)
    among = _AMONG.search(question) or re.search(
        rf"\b\w+est\s+(?P<unit>{_ANY_UNIT})\b", question, re.IGNORECASE
    )
    if match is None or among is None:
        return None
    unit = _UNITS[among["unit"].lower()]
    most = match["word"].lower() not in _LEAST
    if unit == "row":
        field = re.search(
            r"\b(?:most|least|highest|lowest|largest|smallest|greatest|maximum|minimum|longest|shortest)\s+(\w+)",
            question,
            re.IGNORECASE,
        )
        return (
            Superlative(Selection(unit="row", scope=_scope(question)), field[1].lower(), most)
            if field
            else None
        )
    measure = _measure(question[match.start() :])
    if measure is None or unit not in ("document", "class", "function", "method"):
        return None
    return Superlative(Selection(unit=unit, scope=_scope(question)), measure, most)


def _measure(words: str) -> str | None:
    return next((name for name, pattern in _MEASURES if re.search(pattern, words, re.IGNORECASE)), None)


def _count(question: str) -> Intent | None:
    match = _COUNT.search(question)
    if match is None:
        return None
    selection = _selection(match["unit"], match["rest"])
    limited = selection.condition or selection.scope or selection.definer
    if not limited and not _WHOLE.match(match["rest"]):
        return None  # how many documents did the bank publish: a fact to be looked up
    if selection.unit == "occurrence" and selection.condition is None:
        return None
    return Count(selection)


def _imports_of(question: str) -> Intent | None:
    if not re.search(r"\b(?:what|which)\b.*\b(?:import|imported by)\b", question, re.IGNORECASE):
        return None
    if definer := _DEFINER.search(question):
        return ListAll(Selection(unit="import", definer=definer["name"]))
    match = re.search(
        r"\bdoes\s+(?:the\s+)?(?:file\s+|module\s+)?([\w./-]+)\s+import\b", question, re.IGNORECASE
    ) or re.search(r"\bimported\s+by\s+(?:the\s+)?(?:file\s+|module\s+)?([\w./-]+)", question, re.IGNORECASE)
    return ListAll(Selection(unit="import", scope=match[1].strip("."))) if match else None


def _list(question: str) -> Intent | None:
    match = _LIST.search(question)
    if match is None:
        return None
    selection = _selection(match["unit"], match["rest"])
    if selection.condition is None and not selection.scope and not selection.definer:
        return None
    if selection.unit in ("occurrence", "word"):
        return None
    return ListAll(selection)


def _yes_no(question: str) -> Intent | None:
    if not _YES_NO.search(question):
        return None
    if match := _THERE_IS.search(question):
        unit = _UNITS[match["unit"].lower()]
        return YesNo(
            Selection(unit=unit, condition=Condition(relation="define", value=match["name"], kind=unit))
        )
    if match := _DOES.search(question):
        selection = _selection("document", match["rest"])
        if selection.condition is not None:
            return YesNo(replace(selection, scope=match["scope"]))
    return YesNo(None)


def _selection(unit_word: str, rest: str) -> Selection:
    unit = _UNITS[unit_word.lower()]
    definer = _DEFINER.search(rest)
    condition = _condition(unit, rest if definer is None else _DEFINER.sub("", rest))
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
    if unit == "row" and (match := _FIELD.search(rest)):
        return Condition(relation="equal", value=match["value"].strip(), kind=match["kind"].lower())
    for relation, pattern in _CONDITIONS:
        if match := pattern.search(rest):
            groups = match.groupdict()
            value = (groups.get("quoted") or groups.get("value") or "").strip().rstrip("?.,")
            if not value or value.lower() in _SCOPE_WORDS:
                continue
            whole = relation == "contain" and (groups.get("word") or not groups.get("quoted"))
            return Condition(
                relation="word" if whole else relation,
                value=value,
                kind=(groups.get("kind") or "name").lower(),
            )
    return None


def _scope(rest: str) -> str:
    """The document, folder or module that a question is limited to."""
    for pattern in (_IN_NAMED, _DOES_DEFINE, _IN):
        for match in pattern.finditer(rest):
            scope = match["scope"].strip(".")
            if (
                scope
                and scope.lower() not in _SCOPE_WORDS
                and scope.lower() not in _UNITS
                and not scope.isdigit()
            ):
                return scope
    return ""


def _clean(name: str) -> str:
    return re.sub(
        r"^(?:the\s+)?(?:file|module|document)\s+", "", name.strip(" `\"'“”‘’.?"), flags=re.IGNORECASE
    )
