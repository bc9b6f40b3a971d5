"""The wording of questions: nouns for what can be counted, and patterns of the forms of questions."""

from __future__ import annotations

import re
from typing import Literal

from harlm.patterns import lazy_pattern

Unit = Literal[
    "document",
    "line",
    "class",
    "function",
    "method",
    "constant",
    "name",
    "import",
    "occurrence",
    "word",
]
Relation = Literal["contain", "word", "import", "define", "inherit", "equal", "begin", "end", "logic"]

UNITS: dict[str, Unit] = {
    **dict.fromkeys("file files document documents module modules script scripts".split(), "document"),
    **dict.fromkeys("line lines".split(), "line"),
    **dict.fromkeys("class classes subclass subclasses exception exceptions".split(), "class"),
    **dict.fromkeys("function functions".split(), "function"),
    **dict.fromkeys("method methods".split(), "method"),
    **dict.fromkeys("constant constants".split(), "constant"),
    **dict.fromkeys("import imports dependency dependencies".split(), "import"),
    **dict.fromkeys("time times occurrence occurrences mention mentions".split(), "occurrence"),
    **dict.fromkeys("word words".split(), "word"),
}
ANY_UNIT = "|".join(sorted(UNITS, key=len, reverse=True))
_CODE = (
    ".py",
    ".pyi",
    ".js",
    ".ts",
    ".c",
    ".h",
    ".cc",
    ".cpp",
    ".go",
    ".rs",
    ".java",
    ".rb",
    ".php",
    ".cs",
    ".kt",
    ".swift",
    ".sh",
)
TYPES: dict[str, tuple[str, ...]] = {
    "python": (".py", ".pyi"), "markdown": (".md", ".markdown"), "text": (".txt",), "json": (".json",), "csv": (".csv",), "tsv": (".tsv",),
    "yaml": (".yaml", ".yml"), "toml": (".toml",), "html": (".html", ".htm"), "xml": (".xml",), "pdf": (".pdf",), "log": (".log",),
    "javascript": (".js", ".mjs", ".cjs", ".jsx"), "typescript": (".ts", ".tsx"), "java": (".java",), "rust": (".rs",), "go": (".go",),
    "shell": (".sh", ".bash"), "excel": (".xlsx", ".xlsm", ".xls"), "xlsx": (".xlsx",), "docx": (".docx",), "notebook": (".ipynb",),
    "sql": (".sql",), "css": (".css",), "source": _CODE, "code": _CODE, "source code": _CODE,
}  # fmt: skip
"""The endings of the names of files of a type, by the word for the type."""
_ADJECTIVES = rf"(?:(?:different|top-level|public|separate|all|of|the|these|other|\.\w+|{'|'.join(sorted(TYPES, key=len, reverse=True))})\s+)*"
TYPE = lazy_pattern(
    rf"(?<![\w.])(?:(?P<ending>\.\w+)|(?P<type>{'|'.join(sorted(TYPES, key=len, reverse=True))}))\s",
    re.IGNORECASE,
)
EXTENSION = lazy_pattern(
    r"^\s*(?:(?:that|which)\s+)?(?:with|have|has|having)\s+(?:the\s+|an?\s+)?(?:file\s+)?(?:extension|suffix|ending)\s+[`\"'“]?\.?(?P<ending>\w+)[`\"'”]?\s*\W*$"
    r"|^\s*(?:(?:that|which)\s+)?(?:are\s+)?(?:ends?|ending|end)\s+(?:with|in)\s+[`\"'“]?\.(?P<dotted>\w+)[`\"'”]?\W*$",
    re.IGNORECASE,
)
_NAME = r"[`\"'“‘]?(?P<name>[A-Za-z_][\w.]*)[`\"'”’]?"
_KIND = r"(?:(?P<kind>class|function|method|constant|variable|exception|name|type|decorator|struct|interface)\s+(?:called\s+|named\s+)?)?"
_DEFINES = r"(?:defines?|declares?|implements?|contains? the definition of|holds? the definition of)"

BASE_OF = lazy_pattern(
    rf"(?:{_DEFINES}|where|which|what)\b.*\b(?:the\s+)?(?:base|parent|super)[\s-]?class(?:es)?\s+of\s+(?:the\s+)?(?:class\s+)?{_NAME}",
    re.IGNORECASE,
)
WHERE_DEFINED = (
    lazy_pattern(rf"\b(?:which|what)\s+(?:\w+\s+)?(?:{ANY_UNIT})\s+{_DEFINES}\s+(?:the\s+|an?\s+)?{_KIND}{_NAME}", re.IGNORECASE),
    lazy_pattern(rf"\bwhere\s+(?:is|are|was)\s+(?:the\s+|an?\s+)?{_KIND}{_NAME}\s+(?:class\s+|function\s+)?(?:defined|declared|implemented)", re.IGNORECASE),
    lazy_pattern(rf"\bin\s+(?:which|what)\s+(?:\w+\s+)?(?:{ANY_UNIT})\s+(?:is|are|was)\s+(?:the\s+)?{_KIND}{_NAME}\s+(?:class\s+|function\s+)?(?:defined|declared|implemented)", re.IGNORECASE),
)  # fmt: skip
DOES_WHAT = lazy_pattern(
    rf"^\W*what\s+does\s+(?:the\s+)?(?:module\s+|class\s+|function\s+|method\s+)?{_NAME}(?:\(\))?\s+(?:module\s+|class\s+|function\s+|method\s+)?do\b\W*$",
    re.IGNORECASE,
)
VALUE_OF = lazy_pattern(
    rf"\bwhat\s+(?:is|are|was|does)\s+(?:the\s+)?(?:default\s+)?(?:value|setting)s?\s+(?:of|for)\s+(?:the\s+)?{_KIND}{_NAME}"
    rf"|\bwhat\s+is\s+(?:the\s+)?(?:variable\s+|constant\s+|setting\s+)?[`\"'“‘]?(?P<set>[A-Za-z_][\w.]*)[`\"'”’]?\s+(?:set|equal)\s+to\b",
    re.IGNORECASE,
)
DEFINER = lazy_pattern(
    rf"\bthe\s+(?:module|file|document)\s+(?:that|which)\s+{_DEFINES}\s+(?:the\s+)?{_KIND}{_NAME}",
    re.IGNORECASE,
)
COUNT = lazy_pattern(
    rf"\b(?:how many|(?:the )?number of|count(?: of)?(?: all)?(?: the)?)\s+{_ADJECTIVES}(?P<unit>{ANY_UNIT})\b(?P<rest>.*)",
    re.IGNORECASE,
)
LIST = lazy_pattern(
    rf"^\W*(?:list|name|show|give(?: me)?|find|print|what are|which are|which|what)\s+{_ADJECTIVES}(?P<unit>{ANY_UNIT})\b(?P<rest>.*)",
    re.IGNORECASE,
)
SUPERLATIVE = lazy_pattern(
    r"\b(?P<word>most|fewest|least|largest|biggest|longest|smallest|shortest|highest|lowest|greatest|maximum|minimum|max|min)\b"
    r"(?P<rest>.*)",
    re.IGNORECASE,
)
LEAST = frozenset({"fewest", "least", "smallest", "shortest", "lowest", "minimum", "min"})
AMONG = lazy_pattern(
    rf"\b(?:which|what)\s+(?:is\s+the\s+\w+\s+)?(?:\w+\s+)?(?P<unit>{ANY_UNIT})\b", re.IGNORECASE
)
YES_NO = lazy_pattern(
    r"^\W*(?:is|are|was|were|does|do|did|has|have|had|can|could|will|would|should|must|may|might|shall|am)\b",
    re.IGNORECASE,
)
THERE_IS = lazy_pattern(
    rf"\b(?:is|are|was|were)\s+there\s+(?:an?\s+|any\s+)?(?P<unit>{ANY_UNIT})\s+(?:called|named)\s+{_NAME}",
    re.IGNORECASE,
)
DOES = lazy_pattern(
    r"^\W*(?:does|do|did)\s+(?:the\s+)?(?:file\s+|module\s+|document\s+)?(?P<scope>[\w./-]+?)\s+(?P<rest>(?:import|define|contain|mention|use|have|inherit)\b.*)",
    re.IGNORECASE,
)
COMPARE = lazy_pattern(
    r"\b(?:compare|contrast|differ(?:ence|ences)?\s+between)\s+(?P<left>.+?)\s+(?:and|with|to|vs\.?|versus)\s+(?P<right>[^?]+?)[.?\s]*$",
    re.IGNORECASE,
)
WHICH_OF_TWO = lazy_pattern(
    r"\b(?:which|what|who)\b(?P<asked>[^,:]*?)\b(?P<measure>(?:more|fewer|less)\s+\w+|\w+er)\b[^,:]*[,:]\s*(?P<left>[^,?]+?),?\s+or\s+(?P<right>[^?]+)",
    re.IGNORECASE,
)
SUMMARY = lazy_pattern(
    r"^\W*(?:please\s+|can you\s+)?(?:summari[sz]e|sum up|outline|(?:give|write|make|provide)\b.*\b(?:summary|overview|gist))\b"
    r"|\b(?:summary|overview|gist|main (?:points?|ideas?|topics?|themes?)) of (?:this|the|all|it|these)\b"
    r"|\bwhat(?:['’]s| is| are) (?:this|it|these|all this|(?:this|the|these) (?:document|report|text|file|context|article|book|folder|"
    r"repo(?:sitory)?|project|director(?:y|ie)|code(?:base)?|package|library|archive|collection|note|page)s?) (?:all )?about\b"
    r"|^\W*what(?:['’]s| is| are)? (?:there )?(?:in|inside) (?:here|there|it|this|these|(?:this|the|these) (?:folder|file|document|repo(?:sitory)?|"
    r"director(?:y|ie)|archive|context|project|package)s?)\W*$"
    r"|^\W*what do (?:these|the) (?:files|documents|texts) (?:say|contain|cover)\W*$|^\W*what(?:['’]s| is) (?:this|it)\W*$"
    r"|^\W*what (?:is (?:this|the) (?:project|repo(?:sitory)?|document|file|text|program|tool|module|package|library|script|app)"
    r"(?: for)?|does (?:this|the) (?:project|program|tool|module|package|library|script|app) do)\W*$|^\W*tl;?dr\W*$"
    r"|\bwhat does each\b",
    re.IGNORECASE,
)
IN = lazy_pattern(
    r"\b(?:in|of|within|inside|from)\s+(?:the\s+)?(?:file\s+|module\s+|document\s+|package\s+|folder\s+|table\s+)?[`\"'“]?(?P<scope>[\w-]+(?:[./][\w-]+)+|[a-z_][a-z0-9_]*)[`\"'”]?\s*(?:\?|\.|,|$|define|have|contain|import)",
    re.IGNORECASE,
)
IN_NAMED = lazy_pattern(
    r"\b(?:file|module|document|package|folder)\s+[`\"'“]?(?P<scope>[\w./-]*\w)[`\"'”]?", re.IGNORECASE
)
DOES_DEFINE = lazy_pattern(
    r"\b(?:does|do|are|is)\s+(?:the\s+)?(?:file\s+|module\s+|document\s+|class\s+)?[`\"'“]?(?P<scope>[\w./-]+?)[`\"'”]?\s+(?:define|contain|have|declare|import)s?\s*\??\s*$",
    re.IGNORECASE,
)
SCOPE_WORDS = frozenset(
    """for about do does total all it this that them there the a an each every these those context text code library standard repository
    folder directory project file module document table order general python has have had defines define imports import
    contains contain mentions mention with that which is are most least""".split()
)
WHOLE = lazy_pattern(
    r"^\W*(?:(?:are|exist|is)\b)?\s*(?:there|defined|declared|in total|in all|altogether|in (?:the|this) \w+)?"
    r"\s*(?:there|in total|in all|altogether|in (?:the|this) \w+)*\W*$",
    re.IGNORECASE,
)
CONDITIONS: tuple[tuple[Relation, re.Pattern[str]], ...] = (
    ("import", lazy_pattern(r"\b(?:imports?|importing|depends? on)\s+(?:the\s+)?(?:module\s+|package\s+)?[`\"'“]?(?P<value>[\w.]+)", re.IGNORECASE)),
    ("inherit", lazy_pattern(r"\b(?:inherits?|inheriting|derives?|derived|descends?)\s+(?:directly\s+)?from\s+(?:the\s+)?(?:class\s+)?[`\"'“]?(?P<value>[\w.]+)", re.IGNORECASE)),
    ("inherit", lazy_pattern(r"\b(?:subclass(?:es)?(?:\s+of)?|extends?)\s+(?:the\s+)?(?:class\s+)?[`\"'“]?(?P<value>[A-Z_][\w.]*)")),
    ("define", lazy_pattern(rf"\b{_DEFINES}\s+(?:the\s+|an?\s+)?(?P<kind>class|function|method|constant)\s+(?:called\s+|named\s+)?[`\"'“]?(?P<value>[\w.]+)", re.IGNORECASE)),
    ("begin", lazy_pattern(r"\b(?:starts?|begins?|starting|beginning)\s+with\s+(?:the\s+word\s+)?(?:[`\"'“‘](?P<quoted>[^`\"'”’]+)[`\"'”’]|(?P<value>\S+))", re.IGNORECASE)),
    ("end", lazy_pattern(r"\b(?:ends?|ending)\s+with\s+(?:[`\"'“‘](?P<quoted>[^`\"'”’]+)[`\"'”’]|(?P<value>\S+))", re.IGNORECASE)),
    ("contain", lazy_pattern(r"\b(?:contains?|containing|mentions?|mentioning|includes?|including|has|have|having|uses?|using|with|refers? to)\s+(?:the\s+)?(?:(?P<word>word|term|name)\s+|(?:text|string|phrase)\s+)?(?:[`\"'“‘](?P<quoted>[^`\"'”’]+)[`\"'”’]|(?P<value>[^\s?,]+(?:\s+in\s+them)?))", re.IGNORECASE)),
    ("word", lazy_pattern(r"\b(?:does|do|is|are)\s+(?:the\s+)?(?:word|term|name|text|string|phrase)?\s*(?:[`\"'“‘](?P<quoted>[^`\"'”’]+)[`\"'”’]|(?P<value>[\w.-]+))\s+(?:occurs?|appears?|mentioned|used)", re.IGNORECASE)),
)  # fmt: skip
MEASURES: tuple[tuple[str, str], ...] = (
    ("class", r"\bclass(?:es)?\b"),
    ("method", r"\bmethods?\b"),
    ("function", r"\bfunctions?\b"),
    ("imports", r"\bimports?\b"),
    ("words", r"\bwords?\b"),
    ("lines", r"\blines?\b"),
    ("characters", r"\b(?:characters?|bytes?|size|(?:larg|bigg?|small)(?:e|er|est)?)\b"),
    ("lines", r"\b(?:long|longer|longest|short|shorter|shortest)\b"),
)
