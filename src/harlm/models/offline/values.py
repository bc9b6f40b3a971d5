"""The values in a sentence that could answer a question of a kind: amounts, numbers, dates, people, places."""

from __future__ import annotations

import re
from dataclasses import dataclass

from harlm.models.offline.candidates import candidates
from harlm.models.offline.coverage import ContentWord, asked_words, covers, held_in, number_form
from harlm.models.offline.expected import Expected, Kind
from harlm.patterns import lazy_pattern
from harlm.retrieval.terms import STOPWORDS, terms

_AMOUNT = r"\d[\d.,'’ ]{0,20}+"
_CURRENCY = (
    r"(?:US\$|[$£€¥₹]|\b(?:EUR|USD|GBP|CHF|JPY|CAD|AUD|SEK|NOK|DKK|PLN|CNY|INR|euros?|dollars?|pounds?|cents?|centimes?|"
    r"pence|francs?|Franken|Euro|zł|reais|yen|kroner|kronor|rupees?)(?!\w)|元|円|人民币)"
)
MONEY = lazy_pattern(
    rf"{_CURRENCY}\s?\d[\d.,'’]*+(?:\s?(?:million|billion|k|m)\b)?|\d[\d.,'’]*+\s?(?:(?:million|billion)\s)?{_CURRENCY}",
    re.IGNORECASE,
)
_ASKS_MONEY = lazy_pattern(
    r"\b(?:costs?|prices?|pa(?:y|ys|id)|fees?|rents?|bills?|charges?|charged|salar(?:y|ies)|wages?|deposits?|excess|fines?|budget|"
    r"spen[dt]|earns?|expensive|premium|allowance|penalty|refund|tax|bonus|kostet|kosten|miete|co[uû]te|prix|cuesta|costa|preço|prezzo|kosztuje)\b",
    re.IGNORECASE,
)
_MONTHS = (
    "january february march april may june july august september october november december januar februar märz mai juni juli "
    "oktober dezember janvier février mars avril juin juillet août septembre octobre novembre décembre enero febrero marzo abril "
    "mayo junio julio agosto septiembre octubre noviembre diciembre gennaio febbraio aprile maggio giugno luglio settembre ottobre "
    "dicembre januari februari maart mei augustus janeiro fevereiro março maio junho julho setembro outubro novembro dezembro"
).split()
_DAYS = (
    "monday tuesday wednesday thursday friday saturday sunday mondays tuesdays wednesdays thursdays fridays saturdays sundays "
    "montag dienstag mittwoch donnerstag freitag samstag sonntag lundi mardi mercredi jeudi vendredi samedi dimanche lunes martes "
    "miércoles jueves viernes sábado domingo lunedì martedì mercoledì giovedì venerdì sabato domenica maandag dinsdag woensdag "
    "donderdag vrijdag zaterdag zondag"
).split()
_SPANS = (
    r"(?:seconds?|minutes?|hours?|days?|weeks?|months?|years?|quarters?|decades?|centur(?:y|ies)|Sekunden?|Minuten?|Stunden?|Tagen?|"
    r"Wochen?|Monaten?|Jahren?|secondes?|heures?|jours?|semaines?|mois|ans?|années?|horas?|días?|semanas?|mes|meses|años?|"
    r"giorni|settimane|mesi|anni|ore|minuti|dagen|weken|maanden|jaar|uur|dias?|anos?|ms|dni|tygodni|lat)"
)
_COUNT = r"(?:\d[\d.,]*+|(?:[a-z]+-)?(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|[a-z]{3,5}teen|twenty|thirty|forty|fifty|sixty|ninety|hundred|half an|an?|each|every|zwei|drei|vier|fünf|sechs|zehn|deux|trois|quatre|cinq|dos|tres|cuatro|cinco|due|tre|quattro))"
DURATION = lazy_pattern(
    rf"\b{_COUNT}(?:\s\(\d+\))?[\s-](?:(?:working|calendar|business|full|more|consecutive)\s)?{_SPANS}(?!\w)|[\d一二三四五六七八九十百半两]+(?:个)?(?:年|月|天|日|小时|時間|分钟|分|周|週間|か月|个月|ヶ月|秒)(?:間)?",
    re.IGNORECASE,
)
_DATES = lazy_pattern(
    rf"\b(?:{'|'.join(sorted(_MONTHS, key=len, reverse=True))})\b|\b(?:{'|'.join(sorted(_DAYS, key=len, reverse=True))})\b"
    r"|\b\d{1,2}[:.]\d{2}\b|\b\d{1,2}\s?(?:am|pm|Uhr|h|o'clock|heures)\b|\b\d{4}-\d{2}-\d{2}(?:[T ][\d:]+)?|\b\d{1,2}[./]\d{1,2}[./]\d{2,4}\b"
    r"|\b(?:first|second|third|fourth|fifth|sixth|seventh|last|\d{1,2}(?:st|nd|rd|th))\s(?:working\s)?(?:day|week|month|quarter|year)\b"
    r"|\b(?:daily|nightly|midnight|noon|weekly|monthly|hourly|quarterly|yearly|annually|tomorrow|yesterday|today|spring|summer|autumn|"
    r"winter|weekends?|quarter|immediately|always|never|täglich|werktags|Wochenende|quotidien)\b|\b(?:1\d{3}|20\d{2})s?\b|\b\d{1,4}\s?(?:BC|BCE|AD|CE)\b|\b(?:in|by|since|until|before|after|around|about)\s\d{3}\b|\bcentury\b"
    r"|[\d一二三四五六七八九十]+(?:点|時|时|月|日|年)|(?:星期|周|週)[一二三四五六日天]|[月火水木金土日]曜|上午|下午|午前|午後",
    re.IGNORECASE,
)
_RELATIVE = lazy_pattern(
    r"\b(?:after|before|when|once|until|on|as soon as|during|upon|while|within)\b", re.IGNORECASE
)
_NUMBER = lazy_pattern(r"\d|[一二三四五六七八九十百千万两]")
_WHERE = lazy_pattern(
    r"\b(?:in|at|on|to|from|near|under|below|above|behind|inside|into|opposite|beside|next to|via|shelf|cabinet|room|im|am|auf|bei|"
    r"dans|à|au|sur|en|nel|nella|na|no|w|aan|op)\s+\S|[\w.-]+/[\w.-]|:\d+|在|里|樓|楼|階|にあ",
    re.IGNORECASE,
)
_REASON = lazy_pattern(
    r"\b(?:because|since|as|due|owing|so|reason|cause[sd]?|result|therefore|hence|thanks|for|to|in order|weil|da|denn|wegen|parce|car|"
    r"porque|perché|omdat|bo|ponieważ)\b|:\s|因为|由于|ため|から|;",
    re.IGNORECASE,
)
_ROLE = lazy_pattern(
    r"(?:^|[.,;:]\s)\W*+(?:\d[\d.]*+\s+)?(?:the|an?|our|their|each|every|either)\s+[\w'’-]+|\b(?:by|to)\s+(?:(?:the|an?|our|their)\s+)?[\w'’-]+",
    re.IGNORECASE,
)
_NUMBERED = lazy_pattern(r"\s?\d")
"""What follows a name of a currency or a thing, such as EUR 50 or Room 3."""
_IS_NAMED = lazy_pattern(r"\b(?:is|are|was|were|ist|est|es)\s+[A-ZÀ-Ý]\w+")
_NAME = lazy_pattern(r"(?<![\w.])[A-ZÀ-Ý][\w'’.-]*")
_NOT_PEOPLE = frozenset(_MONTHS + _DAYS) | {"mr", "mrs", "dr", "ms"} - {"mr"}


@dataclass(frozen=True, slots=True)
class Want:
    """What a first line must hold: the kind of value, and whether it is money, a span of time, or a name,
    and the stems of what is counted.
    """

    kind: Kind
    money: bool = False
    duration: bool = False
    named: bool = False
    counted: frozenset[str] = frozenset()


def wanted(question: str, expected: Expected) -> Want:
    """The value that ``question`` wants."""
    lowered = question.lower()
    money = expected.kind in ("number", "phrase", "manner") and bool(
        re.search(
            r"how much|combien|wie hoch|wie viel|wieviel|cu[aá]nto|quanto|hoeveel|ile|what (?:does|do|did|is|was|are)|what\b.*\b(?:price|cost|fee|rent)",
            lowered,
        )
        and _ASKS_MONEY.search(question)
    )
    duration = bool(
        re.search(
            r"how long\b(?!\s+(?:is|are|was|were)\b)|wie lange|how (?:old|often)|within (?:what|which|how)|几天|多久",
            lowered,
        )
    )
    named = bool(
        re.match(
            r"\W*who(?:'s|’s| is| are| was| were)\s+(?:the|our|your|his|her|their|an?)\b(?!.*\bby\b)", lowered
        )
    )
    counted = expected.head if re.search(r"\bhow many\b", lowered) else frozenset[str]()
    measured = expected.kind == "manner" and bool(
        re.search(r"\bhow (?!do|does|did|can|to|is|are|was|were)\w+ (?:is|are|was|were)\b", lowered)
    )
    return Want("number" if money or measured else expected.kind, money, duration, named, counted)


def has_value(want: Want, sentence: str, asked: list[ContentWord]) -> bool:
    """Whether ``sentence`` holds a value that is wanted and is not a word of the question."""
    match want.kind:
        case "number" if want.money:
            return bool(MONEY.search(sentence)) or bool(
                re.search(r"\b(?:free|kostenlos|gratuit|gratis|no (?:fee|charge))\b", sentence, re.IGNORECASE)
            )
        case "number" if want.duration:
            return bool(DURATION.search(sentence)) or bool(_DATES.search(sentence))
        case "number":
            return _has_number(sentence, asked) and (not want.counted or _is_counted(sentence, want.counted))
        case "date":
            return bool(_DATES.search(sentence) or DURATION.search(sentence)) or bool(
                _RELATIVE.search(sentence)
            )
        case "person":
            return bool(names_in(sentence, asked)) or (not want.named and _has_role(sentence, asked))
        case "place":
            return bool(_WHERE.search(sentence) or _IS_NAMED.search(sentence))
        case "reason":
            return bool(_REASON.search(sentence))
    return True


def _has_number(sentence: str, asked: list[ContentWord]) -> bool:
    own = {each.stem for each in asked if each.kind == "number"}
    for each in candidates(sentence):
        if each.kind == "date":
            sentence = sentence[: each.start] + " " * (each.end - each.start) + sentence[each.end :]
    for each in candidates(sentence):
        text = sentence[each.start : each.end]
        if each.kind == "number" and not (held_in(text).stems & own):
            return True
    return any(part not in own for part in re.findall(r"\d+", sentence)) or bool(
        re.search("[一二三四五六七八九十百两]|\\bno\\b|\\bnone\\b", sentence)
    )


def _is_counted(sentence: str, things: frozenset[str]) -> bool:
    """Whether a number stands shortly before one of the things, or a colon or a verb between them says how many."""
    found = terms(sentence)
    for at, term in enumerate(found):
        word = sentence[term.start : term.end].lower()
        if (
            any(letter.isdigit() for letter in word)
            or number_form(word).isdigit()
            or word in ("no", "none", "several", "many")
        ):
            near = {each.stem for each in found[at + 1 : at + 6]} | {
                each.stem for each in found[max(0, at - 4) : at]
            }
            if near & things:
                return True
    return not any(term.stem in things for term in found)


def names_in(sentence: str, asked: list[ContentWord]) -> list[str]:
    """The names in ``sentence`` that could be people, without words of the question, months and weekdays."""
    found = []
    words = [each for each in asked if each.kind != "number"]
    for match in _NAME.finditer(sentence):
        name = match.group().strip(".'’-")
        begins = not sentence[: match.start()].strip(' -*#|"“0123456789.')
        if (
            name.lower() in _NOT_PEOPLE
            or name.lower() in STOPWORDS
            or (begins and not _is_subject(sentence, match.end()))
            or _NUMBERED.match(sentence, match.end())
            or any(covers(held_in(name), word) for word in words)
        ):
            continue
        found.append(name)
    return found


def _is_subject(sentence: str, at: int) -> bool:
    """Whether a verb or another name follows, as after a name at the beginning of a sentence."""
    return bool(
        re.match(
            r"['’]?s?\s+(?:[A-Z]|\w+(?:s|ed)\b|is\b|was\b|has\b|will\b|can\b|may\b|did\b|wrote\b|led\b|[&(])|,",
            sentence[at : at + 30],
        )
    )


def _has_role(sentence: str, asked: list[ContentWord]) -> bool:
    """Whether a noun phrase such as *the line manager* is there beside the words of the question."""
    for match in _ROLE.finditer(sentence):
        others = [
            word
            for word in asked_words(match.group().split()[-1])
            if not any(covers(held_in(word.text), each) for each in asked)
        ]
        if others:
            return True
    return bool(re.search(r"[\u4e00-\u9fff]", sentence))
