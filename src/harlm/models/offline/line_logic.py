"""Reads what a question says that a line or a text contains: terms joined by *and*, *or* and *not*."""

from __future__ import annotations

import re
from dataclasses import dataclass

from harlm.patterns import lazy_pattern

_TOKEN = lazy_pattern(
    r"[`\"“](?P<q1>[^`\"”]{1,200})[`\"”]|(?<!\w)['‘](?P<q2>[^'’]{1,200})['’](?!\w)|(?P<word>[^\s,?]+)|(?P<comma>,)"
)
_VERBS = {
    **dict.fromkeys(
        "contain contains containing mention mentions mentioning include includes including have has having use uses using with hold holds"
        " match matches".split(),
        "contain",
    ),
    **dict.fromkeys("start starts starting begin begins beginning".split(), "begin"),
    **dict.fromkeys("end ends ending".split(), "end"),
}
_NOUNS = frozenset(
    "the a an word words text texts string strings phrase term terms name letters either both".split()
)
_BEFORE = frozenset("that which who are is also there".split())
_JOINTS = frozenset(("and", "or", "but", "nor"))
_SENTENCE = frozenset("were was are is that which who after before since when while do does did".split())
"""Words that show a sentence: a phrase with one of them is searched for only if it is quoted."""
_WHERE = lazy_pattern(
    r"\s+(?:in|of|within)\s+(?:(?:the|this|that|all|these)\s+)*(?:[\w./-]+\.\w{1,8}|(?:(?:file|document|log)\s+)?(?:log|logs|file|files|document|documents"
    r"|text|context|folder|it|them|total|all|[\w/-]+\.\w{1,8}))\s*[?.]*\s*$",
    re.IGNORECASE,
)
_WHERE_FIRST = lazy_pattern(
    r"^\s*(?:in|of)\s+(?:the\s+|this\s+)?(?:file\s+|log\s+|document\s+)?(?:[\w./-]+\.\w{1,8}|log|file|text|document)\s+",
    re.IGNORECASE,
)
_MOST_WORDS = 5  # of a phrase without quotation marks


@dataclass(frozen=True, slots=True)
class SoughtText:
    """A text that a line contains, begins or ends with. Without quotation marks it is a whole word or phrase."""

    text: str
    relation: str = "contain"
    whole: bool = True

    def __str__(self) -> str:
        verb = {"contain": "contain", "begin": "begin with", "end": "end with"}[self.relation]
        return f"{verb} “{self.text}”"


@dataclass(frozen=True, slots=True)
class Joint:
    """Terms of which all must hold, or one if ``any_of``; with ``negated``, this must not be so."""

    parts: tuple[SoughtText | Joint, ...]
    any_of: bool = False
    negated: bool = False

    def __str__(self) -> str:
        said = (" or " if self.any_of else " and ").join(
            f"({each})" if isinstance(each, Joint) and len(each.parts) > 1 and not each.negated else str(each)
            for each in self.parts
        )
        if not self.negated:
            return said
        if len(self.parts) == 1:
            return f"do not {said}"
        quoted = [
            f"“{each.text}”"
            for each in self.parts
            if isinstance(each, SoughtText) and each.relation == "contain"
        ]
        if len(quoted) < len(self.parts):
            return f"are not lines that {said}"
        return (
            f"contain neither {' nor '.join(quoted)}"
            if self.any_of
            else f"do not contain all of {', '.join(quoted)}"
        )


def terms_of(node: SoughtText | Joint) -> list[SoughtText]:
    """All terms, in order, each once."""
    if isinstance(node, SoughtText):
        return [node]
    return list(dict.fromkeys(term for part in node.parts for term in terms_of(part)))


def read_logic(rest: str) -> Joint | None:
    """What follows ``lines`` in a question, as ``that contain ERROR but not billing``; ``None`` if any of it is
    something else.
    """
    plain = _WHERE_FIRST.sub("", _WHERE.sub("", re.sub(r"n['’]t\b", " not", rest)))
    tokens: list[tuple[str, bool]] = []
    for match in _TOKEN.finditer(plain.strip().rstrip("?.! ")):
        quoted = match["q1"] or match["q2"]
        tokens.append((quoted, True) if quoted is not None else (match[0], False))
    try:
        return _Logic(tokens).read()
    except ValueError:
        return None


class _Logic:
    """The tokens, read from left to right. A new verb or *not* begins a new part; ``and`` binds before ``or``."""

    def __init__(self, tokens: list[tuple[str, bool]]) -> None:
        self.tokens, self.at = tokens, 0

    def low(self, ahead: int = 0) -> str:
        at = self.at + ahead
        return self.tokens[at][0].lower() if at < len(self.tokens) and not self.tokens[at][1] else ""

    def read(self) -> Joint:
        parts: list[tuple[str, SoughtText | Joint]] = []
        joint = ""
        relation = ""
        while self.at < len(self.tokens):
            negated, said = self._verb()
            relation = said or relation
            if not relation:
                raise ValueError("no verb")
            parts.append((joint, self._part(negated, relation)))
            joint = self._joint() if self.at < len(self.tokens) else ""
            if joint and self.at >= len(self.tokens):
                raise ValueError("nothing follows")
        if not parts:
            raise ValueError("nothing is said")
        return _joined(parts)

    def _verb(self) -> tuple[bool, str]:
        negated = False
        while self.low() in _BEFORE or self.low() in ("do", "does", "not", "without", "neither", "no"):
            negated = negated or self.low() in ("not", "without", "neither", "no")
            relation = "contain" if self.low() == "without" else ""
            self.at += 1
            if relation:
                return True, relation
        said = _VERBS.get(self.low(), "")
        if said:
            self.at += 1
            if said != "contain" and self.low() == "with":
                self.at += 1
            elif said != "contain":
                raise ValueError("start or end of something else")
        for word in ("neither", "no", "not"):
            if self.low() == word:
                self.at += 1
                negated = True
        return negated, said

    def _part(self, negated: bool, relation: str) -> SoughtText | Joint:
        found: list[tuple[str, SoughtText | Joint]] = [("", self._term(relation))]
        while self.low() in _JOINTS or self.low() == ",":
            start = self.at
            joint = self._joint()
            if (
                self.low() in _VERBS
                or self.low() in ("not", "do", "does", "without", "that", "which")
                or joint == "but"
            ):
                self.at = start
                break
            found.append((joint, self._term(relation)))
        whole = _joined(_without_commas(found))
        if negated:
            return Joint(whole.parts, whole.any_of, negated=True)
        return whole.parts[0] if len(whole.parts) == 1 else whole

    def _joint(self) -> str:
        joint = ""
        while self.low() in _JOINTS or self.low() == ",":
            joint = self.low() if self.low() != "," else joint or ","
            self.at += 1
        if not joint:
            raise ValueError("two terms with nothing between them")
        return "or" if joint in ("or", "nor") else joint

    def _term(self, relation: str) -> SoughtText | Joint:
        each_word = False
        while self.low() in _NOUNS:
            each_word = each_word or self.low() in ("words", "terms", "texts", "strings")
            self.at += 1
        if self.at >= len(self.tokens):
            raise ValueError("no term")
        text, quoted = self.tokens[self.at]
        if quoted:
            self.at += 1
            return SoughtText(text, relation, whole=False)
        words: list[str] = []
        while (
            self.at < len(self.tokens) and not self.tokens[self.at][1] and self.low() not in _JOINTS | {","}
        ):
            words.append(self.tokens[self.at][0].rstrip("."))
            self.at += 1
        said = {word.lower() for word in words} if len(words) > 1 else set()
        if not 1 <= len(words) <= _MOST_WORDS or words[0].lower() in _VERBS or said & _SENTENCE:
            raise ValueError("not a term")
        if each_word and len(words) > 1:
            return Joint(tuple(SoughtText(word, relation) for word in words))
        return SoughtText(" ".join(words), relation)


def _without_commas(parts: list[tuple[str, SoughtText | Joint]]) -> list[tuple[str, SoughtText | Joint]]:
    """Parts in which a comma has the meaning of the word that ends the list, as in ``a, b or c``."""
    found: list[tuple[str, SoughtText | Joint]] = []
    meant = "and"
    for joint, part in reversed(parts):
        meant = joint if joint in ("and", "or") else meant
        found.append((meant if joint == "," else joint, part))
    return found[::-1]


def _joined(parts: list[tuple[str, SoughtText | Joint]]) -> Joint:
    groups: list[list[SoughtText | Joint]] = [[]]
    for joint, part in parts:
        if joint == "or":
            groups.append([])
        groups[-1].append(part)
    if len(groups) == 1:
        only = groups[0]
        return only[0] if len(only) == 1 and isinstance(only[0], Joint) else Joint(tuple(only))
    return Joint(tuple(group[0] if len(group) == 1 else Joint(tuple(group)) for group in groups), any_of=True)
