"""What the words of a question ask for, in English and in the languages whose questions are read.

Looks at cues only: no word of the text, no name of a data set, a benchmark or a task.
"""

from __future__ import annotations

import re
from typing import Literal, NamedTuple

from harlm.patterns import lazy_pattern
from harlm.types import Growth

Need = Literal["lookup", "exact", "meaning"]
"""What a question needs. ``lookup``: one place of the text. ``exact``: all of it, evaluated by code.
``meaning``: all of it, read by a model.
"""

_READ = 4_000  # characters of a question whose wording counts: half at its beginning, half at its end

# Behind the English cues: German, French, Spanish, Italian, Portuguese, Dutch, Polish, Chinese, Japanese. A cue of one language is no
# common word of another: "different" is no question of differences, and "media" no average.
_MEANING = lazy_pattern(
    r"\b(summar|overview|gist|main (?:points?|ideas?|topics?|themes?)|compare|contrast|differ(?:ence|s)|similarit|themes?\b"
    r"|sentiment|opinion|attitude|tone\b|classif|categor|argu(?:e|ment)|disagree|contradict|consistent|critici|evaluate|assess"
    r"|pros and cons|trend|what (?:is|are) (?:it|they|this|these|the \w+) about"
    r"|zusammenfass|fass(?:e|t)?\b.{0,60}\bzusammen|überblick|vergleich|unterscheid|unterschied|widerspr|bewerte|worum geht"
    r"|résum|aperçu|différence|contredi|évalue|synthèse"
    r"|resúm|u[nm] resum(?:en|o)\b|resum(?:e|en|ir|a|ão|o)\b(?= (?:el|la|los|las|de|del|o|os|as|do|da|todo))|compara|diferenci|contradic|contradizem|evalú"
    r"|riassu|riepilog|confronta|differenz|contraddi"
    r"|diferença|avalie|samenvat|vat\b.{0,60}\bsamen|vergelijk|verschil|tegenspr|spreken .{0,60}\btegen|een overzicht"
    r"|podsum|streść|porówn|różni)"
    r"|总结|總結|概括|比较|比較|区别|矛盾|要約|まとめ|違い|概要",
    re.IGNORECASE,
)
_PAIRS = lazy_pattern(
    r"\bpairs? of\b|\bwhich (?:two|pairs)\b|\beach pair\b|\bevery pair\b"
    r"|\bpaare?n? (?:von|der)\b|\bpaires? de\b|\bpares? de\b|\bcoppi[ae] di\b|\bpar(?:en|y) (?:van|z)\b|组合对|ペア",
    re.IGNORECASE,
)
_EXACT = lazy_pattern(
    r"\b(how many|how often|number of|count\b|total|sum of|average|mean\b|median|percentage|list (?:all|every|the)|^list\b"
    r"|(?:which|what) (?:files?|modules?|documents?|functions?|classes|rows?|lines?|users?|pages)\b|all (?:the )?\w+ (?:that|which)"
    r"|every\b|(?:the most|most(?=[ -]\w))\b|least\b|fewest|largest|smallest|longest|shortest|highest|lowest|biggest|pairs? of"
    r"|wie ?viele?|wie oft|anzahl|summe|durchschnitt|liste\b|alle\b|meisten|wenigsten|größte|kleinste|höchste|niedrigste|älteste|jüngste|zähle?"
    r"|combien|nombre de|la somme|moyenne|tou(?:s|tes) les|le plus|le moins|compte[rz]? les"
    r"|cu[aá]nt[oa]s?|n[uú]mero de|la suma|promedio|tod[oa]s? l[oa]s|(?:el|la) (?:más|menos)|más \w+s\b|cuent[ae] l[oa]s"
    r"|quant[ei]\b|numero di|la somma|la media\b|tutt[ie] (?:i|gli|le)\b|più \w+|conta (?:i|gli|le)\b|quant[oa]s\b|a soma\b|a média\b"
    r"|tod[oa]s [oa]s|mais \w+s\b|cont[ea]r? [oa]s"
    r"|hoeveel|aantal|gemiddelde|meeste|minste|de som\b|het totaal|tel (?:de|het|alle)\b|ile\b|ilu\b|liczba|liczb|suma\b|średni|wszystkie|najwięcej"
    r"|najmniej|policz)"
    r"|多少|几个|幾個|总数|平均|所有|最多|最少|いくつ|何人|何個|何件|合計|すべて|全て|最も",
    re.IGNORECASE | re.MULTILINE,
)
_CUES: tuple[tuple[str, re.Pattern[str]], ...] = (
    (
        "all",
        lazy_pattern(
            r"\b(?:list|all|every|each|enumerate|alle[rsn]?|jede[rsn]?|tou(?:s|tes)|chaque|tod[oa]s|cada|tutt[ei]|ogni|elke?|wszystkie"
            r"|każd\w+)\b|所有|每|すべて|全て",
            re.IGNORECASE,
        ),
    ),
    (
        "superlative",
        lazy_pattern(
            r"\b(?:the most|most(?=[ -]\w)|least|fewest|(?!(?:request|interest|forest|honest|harvest|protest|suggest|digest|contest|invest|manifest|quest|guest|chest|west|test|rest|nest)\b)\w+est|top|meisten?|wenigsten?|größte[rsn]?|le plus|le moins"
            r"|el más|la más|il più|la più|o mais|a mais|meeste|minste|najwi\w+|najmn\w+)\b|最",
            re.IGNORECASE,
        ),
    ),
    (
        "number",
        lazy_pattern(
            r"\bhow (?:many|much|often|old|long|far|tall|large)\b|\bnumber of\b|\b(?:total|sum|average|mean|median|percentage|count)\b"
            r"|\bwie ?viele?\b|\banzahl\b|\bcombien\b|\bcu[aá]nt[oa]s?\b|\bquant[eioa]s?\b|\bhoeveel\b|\bile\b|多少|几|いくつ|いくら",
            re.IGNORECASE,
        ),
    ),
    (
        "label",
        lazy_pattern(
            r"\b(?:labels?|categor\w+|classif\w+|class(?:es)? (?:is|are)|sentiment|kind of|type of|kategorie\w*|catégor\w+|categor[ií]a\w*)\b"
            r"|类别|分類",
            re.IGNORECASE,
        ),
    ),
    (
        "code",
        lazy_pattern(
            r"\b(?:function|method|class|module|repository|codebase|source code|import\w*|parameter|returns?|argument|raise[sd]?"
            r"|funktion|methode|klasse|fonction|méthode|función|clase|funzione|função|functie|funkcja)\b|\w\(\)|\.py\b|函数|関数",
            re.IGNORECASE,
        ),
    ),
    (
        "table",
        lazy_pattern(
            r"\b(?:rows?|columns?|cells?|tables?|records?|entries|zeilen?|spalten?|tabellen?|lignes?|colonnes?|filas?|columnas?|righe"
            r"|colonne|linhas?|colunas?|rijen|kolommen|wiersz\w*|kolumn\w*)\b|行|列|表",
            re.IGNORECASE,
        ),
    ),
    (
        "sources",
        lazy_pattern(
            r"\b(?:documents?|sources?|files?|reports?|dokumente?n?|quellen?|fichiers?|fuentes?|documenti|fonti|bronnen|źródł\w*)\b|文件|资料",
            re.IGNORECASE,
        ),
    ),
    (
        "dated",
        lazy_pattern(
            r"\b(?:when|before|after|between|since|until|wann|quand|cu[aá]ndo|quando|wanneer|kiedy)\b|\b(?:19|20)\d\d\b|何时|いつ",
            re.IGNORECASE,
        ),
    ),
)
_STEPS = lazy_pattern(
    r"\b(?:of|from) the\b|\b(?:who|whose|that|which|where)\b(?!\?)|'s\b|\b(?:der|die|das) von\b|\bdont\b|\bcuy[oa]s?\b|\bcui\b|的",
    re.IGNORECASE,
)
_CONDITIONS = lazy_pattern(r";|\band\b|\bund\b|\bet\b|\by\b|\boder\b|\bor\b|\bbut\b|，|、", re.IGNORECASE)


class Cues(NamedTuple):
    """What the words of a question ask for.

    Attributes:
        need, growth: see their types.
        asks: the cues that were found, by name, such as ``number``.
        steps: how many words lead from one thing to another, as in "of the mayor of the town".
        conditions: how many join conditions.
        words: of the question.
    """

    need: Need
    growth: Growth
    asks: frozenset[str]
    steps: int
    conditions: int
    words: int


CUES: tuple[str, ...] = tuple(name for name, _ in _CUES)
"""The names of the cues."""


def cues_of(question: str) -> Cues:
    """The cues of a question; of a very long one, those of its beginning and end."""
    read = _read(question)
    return Cues(
        need=need_of(read),
        growth=growth_of(read),
        asks=frozenset(name for name, pattern in _CUES if pattern.search(read)),
        steps=sum(1 for _ in _STEPS.finditer(read)),
        conditions=sum(1 for _ in _CONDITIONS.finditer(read)),
        words=len(read.split()),
    )


def need_of(question: str) -> Need:
    """What a question needs, by its wording; of a very long one, by that of its beginning and end."""
    question = _read(question)
    if _MEANING.search(question):
        return "meaning"
    return "exact" if _EXACT.search(question) else "lookup"


def growth_of(question: str) -> Growth:
    """How the tokens that a model must read for a question grow with the text, by the question's wording.

    A question that code can answer needs none of the text read, and a question about one place needs a
    passage: both are ``constant``.
    """
    if _PAIRS.search(_read(question)):
        return "factorable pairs"
    return "linear" if need_of(question) == "meaning" else "constant"


def _read(question: str) -> str:
    half = _READ // 2
    return question if len(question) <= _READ else f"{question[:half]} {question[-half:]}"
