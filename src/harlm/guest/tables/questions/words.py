"""The words of a question about a table: tokens, operators, and words without meaning of their own."""

from __future__ import annotations

import re
from typing import NamedTuple

from .plans import Operator

_PARTS = (
    r"\"(?P<q1>[^\"]{1,200})\"|“(?P<q2>[^”]{1,200})”|`(?P<q3>[^`]{1,200})`|(?<!\w)'(?P<q4>[^']{1,200})'(?!\w)"
    r"|(?P<op>!=|<>|==|<=|>=|[=<>≠≤≥])|(?P<comma>,(?=\s))|(?P<word>(?:[^\s?!;=<>≠≤≥\"“”`,]|,(?=\S))+)"
)

SYMBOLS: dict[str, Operator] = {
    "=": "=", "==": "=", "!=": "!=", "<>": "!=", "≠": "!=", "<": "<", "<=": "<=", "≤": "<=", ">": ">", ">=": ">=", "≥": ">=",
}  # fmt: skip

_PHRASES: dict[Operator, str] = {
    ">": "greater than|more than|larger than|bigger than|higher than|older than|later than|longer than|newer than"
    "|over|above|exceeding|exceeds|exceed|after|beyond",
    ">=": "at least|no less than|not less than|no fewer than|greater than or equal to|more than or equal to|since"
    "|on or after|a minimum of|minimum of|not below|not under",
    "<": "less than|fewer than|smaller than|lower than|younger than|earlier than|shorter than|cheaper than|under"
    "|below|before|prior to",
    "<=": "at most|no more than|not more than|up to|less than or equal to|on or before|a maximum of|maximum of"
    "|until|not above|not over",
    "!=": "not equal to|not equals|other than|different from|is not|are not|was not|were not|does not equal"
    "|do not equal|does not have|excluding|except|except for|apart from|unequal to|differs from",
    "=": "equal to|equals|equal|exactly|is equal to|the value|value of",
    "between": "between|ranging from",
    "contains": "contains|contain|containing|includes|include|including|mentions|mention|mentioning|with the text"
    "|with the word",
    "starts": "starts with|start with|starting with|begins with|begin with|beginning with",
    "ends": "ends with|end with|ending with|ends in|ending in|end in",
    "empty": "empty|blank|missing|unknown|not set|not given|not filled in",
}  # fmt: skip
OPERATORS: tuple[tuple[str, Operator], ...] = tuple(
    sorted(
        ((phrase, operator) for operator, phrases in _PHRASES.items() for phrase in phrases.split("|")),
        key=lambda pair: -len(pair[0].split()),
    )
)
"""Phrases and what they mean, the longest first."""

FILLERS = frozenset(
    """the a an of in on at for with where whose which that who have has having had is are was were be been there their its
    it this these those from to do does did any some all rows row records record entries entry given table data dataset sheet
    file csv spreadsheet workbook listed present exist please me value values column columns named called field altogether overall""".split()
)
"""Words that may stand between the parts of a condition."""

STOPS = frozenset("and or but per grouped group nor".split())
"""Words that end the value of a condition."""

OR_MORE: dict[str, Operator] = {
    "more": ">=", "higher": ">=", "above": ">=", "later": ">=", "less": "<=", "fewer": "<=", "lower": "<=", "below": "<=", "earlier": "<=",
}  # fmt: skip
"""What ``or`` and one of these mean after a value."""

ROWS = frozenset("row record entry item line one thing".split())
"""Nouns that mean a row of any table."""

PEOPLE = frozenset("person people employee member user student customer".split())
"""Nouns that mean a row of a table of people, if it has a column of unique names."""

HIGHEST = frozenset(
    "highest largest biggest greatest most maximum max top latest newest best longest oldest".split()
)
LOWEST = frozenset(
    "lowest smallest least fewest minimum min earliest cheapest shortest youngest worst".split()
)
ABOUT_FILES = frozenset(
    "file files document documents module modules class classes function functions method methods constant constants import"
    " imports word words occurrence occurrences time times line lines script scripts mention mentions".split()
)
"""Nouns for what other programs count."""


class Token(NamedTuple):
    """A word, an operator or a quotation.

    Attributes:
        text: as the question writes it, without marks around it.
        low: the text, casefolded.
        kind: ``word``, ``op``, ``comma`` or ``quoted``.
    """

    text: str
    low: str
    kind: str


def tokens_of(question: str) -> list[Token]:
    """The tokens of a question."""
    plain = question.replace("’", "'").replace("‘", "'")
    plain = re.sub(r"\bcan't\b", "can not", plain, flags=re.IGNORECASE)
    plain = re.sub(r"(?<=\w)n't\b", " not", plain, flags=re.IGNORECASE)
    plain = re.sub(r"\b(what|who|which|there|that|it)'s\b", r"\1 is", plain, flags=re.IGNORECASE)
    found: list[Token] = []
    for match in re.finditer(_PARTS, plain):
        quoted = match["q1"] or match["q2"] or match["q3"] or match["q4"]
        if quoted is not None:
            found.append(Token(quoted, quoted.casefold(), "quoted"))
        elif match["op"]:
            found.append(Token(match["op"], match["op"], "op"))
        elif match["comma"]:
            found.append(Token(",", ",", "comma"))
        elif word := match["word"].rstrip(".,:").strip("()[]"):
            found.append(Token(word, word.casefold(), "word"))
    return found


def stem(word: str) -> str:
    """A word without the ending of its plural."""
    low = word.casefold()
    if low in ("people", "persons"):
        return "person"
    if len(low) > 4 and low.endswith("ies"):
        return low[:-3] + "y"
    if len(low) > 4 and low.endswith(("sses", "xes", "zes", "ches", "shes")):
        return low[:-2]
    return low[:-1] if len(low) > 3 and low.endswith("s") and not low.endswith(("ss", "us", "is")) else low


def words_of(name: str) -> tuple[str, ...]:
    """The stems of the words in the name of a column: ``unitPrice (EUR)`` gives unit and price."""
    plain = re.sub(r"\([^()]*+\)|\[[^\[\]]*+\]", " ", name) if name[:1] not in "([" else name
    parts = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", plain)
    return tuple(stem(word) for word in re.findall(r"[^\W_]+|%", parts))
