"""The features of a task and one way to answer it, as numbers: the size of the context against the windows, its structure, what the
question asks for, what the strategies understand, prices, and how well the root model writes code.

Never the name of a data set, a benchmark or a task, and no words of the text: only whether those of the question occur in it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

from harlm.guest.combinators.wording import read_question
from harlm.router.wording import CUES, cues_of
from harlm.types import USUAL_SKILL, BuiltInStrategy, ModelFacts, RouteOption, Situation

FORMAT = 1
"""Of the list of features. Grows with every change of what one of them means."""

KNOWN_STRATEGIES: tuple[BuiltInStrategy, ...] = (
    "direct", "search", "label", "map", "follow", "filter", "compare", "table",
)  # fmt: skip
"""The strategies with a feature of their own. One that is added has none, like those of packages: its fit, its calls and its cost speak for
it. A longer list is a new ``FORMAT``, for which every router is trained again.
"""

_FAR = 12.0  # doublings beyond which a ratio is no further off
_SLICES, _SLICE = 48, 2_000  # of the text, in which words of the question are looked for
_MOST_KEYS = 4
_LOOKED_AT = 1_000_000  # characters of the text in which names are looked for
_LEAST_WORD = 5  # letters of a word that says what a question is about
_TABLES = frozenset({"csv", "xlsx", "tsv"})

_OF_TASK = (
    "log_tokens",
    "log_documents",
    "largest_share",
    "is_prose",
    "is_code",
    "is_records",
    "table_share",
    "log_words",
    "needs_exact",
    "needs_meaning",
    "asks_pairs",
    *(f"asks_{name}" for name in CUES),
    "asks_yes_or_no",
    "choices",
    "steps",
    "conditions",
    "keys",
    "keys_seen",
    "words_seen",
    "root_skill",
    "log_price_ratio",
)
_OF_OPTION = (
    "log_fill",
    "log_effective_fill",
    "log_sub_fill",
    "log_price",
    "fit",
    "next_fit",
    *(f"is_{name}" for name in KNOWN_STRATEGIES),
    "needs_no_model",
    "log_calls",
    "budget_share",
)
NAMES: tuple[str, ...] = (*_OF_TASK, *_OF_OPTION)
"""The names of the features, in the order of a vector."""

Features = Mapping[str, float]
"""The value of each feature by its name."""


def features_of_task(situation: Situation) -> Features:
    """What all options share."""
    profile, cues = situation.profile, cues_of(situation.task.question)
    wording = None if not situation.task.question.strip() else read_question(situation.task.question)
    keys = () if wording is None else wording.keys[:_MOST_KEYS]
    largest = profile.largest[0][1] if profile.largest else profile.characters
    tables = sum(number for kind, number in profile.kinds if kind in _TABLES)
    return {
        "log_tokens": math.log2(1 + profile.tokens),
        "log_documents": math.log2(1 + profile.documents),
        "largest_share": largest / max(1, profile.characters),
        "is_prose": float(profile.structure == "prose"),
        "is_code": float(profile.structure == "code"),
        "is_records": float(profile.structure == "records"),
        "table_share": tables / max(1, profile.documents),
        "log_words": math.log2(1 + cues.words),
        "needs_exact": float(cues.need == "exact"),
        "needs_meaning": float(cues.need == "meaning"),
        "asks_pairs": float(cues.growth == "factorable pairs"),
        **{f"asks_{name}": float(name in cues.asks) for name in CUES},
        "asks_yes_or_no": float(wording is not None and wording.is_yes_or_no),
        "choices": float(0 if wording is None else len(wording.choices)),
        "steps": float(min(12, cues.steps)),
        "conditions": float(min(12, cues.conditions)),
        "keys": float(len(keys)),
        "keys_seen": _keys_seen(situation, keys),
        "words_seen": _words_seen(situation),
        "root_skill": USUAL_SKILL if situation.root_skill is None else situation.root_skill,
        "log_price_ratio": _log(_price(situation.root) + 1, _price(situation.sub) + 1),
    }


def features_of_option(situation: Situation, option: RouteOption) -> Features:
    """What sets one option apart. The strategies' view of the task is part of every option: of *plan* mode that of its own
    strategy, of others that of the strategy that fits best.
    """
    proposals = [each.proposal for each in situation.options if each.proposal is not None]
    fits = sorted((each.fit for each in proposals), reverse=True)
    best = option.proposal or max(proposals, key=lambda each: each.fit, default=None)
    reader = situation.sub if option.reader == "sub" else situation.root
    tokens = situation.profile.tokens
    left = situation.left.micros
    return {
        "log_fill": _log(tokens + 1, reader.window),
        "log_effective_fill": _log(tokens + 1, reader.effective_window),
        "log_sub_fill": _log(tokens + 1, situation.sub.window),
        "log_price": math.log10(1 + _price(reader)),
        "fit": 0.0 if best is None else best.fit,
        "next_fit": next((fit for fit in fits if best is None or fit < best.fit), 0.0),
        **{f"is_{name}": float(best is not None and best.strategy == name) for name in KNOWN_STRATEGIES},
        "needs_no_model": float(best is not None and best.leaf == "none"),
        "log_calls": 0.0 if best is None else math.log2(1 + best.forecast.calls),
        "budget_share": 1.0
        if left is None or not option.micros
        else max(0.0, min(1.0, left / option.micros)),
    }


def features_of(situation: Situation) -> list[Features]:
    """The features of each option of a situation, in their order."""
    shared = features_of_task(situation)
    return [{**shared, **features_of_option(situation, each)} for each in situation.options]


def kind_of(features: Features) -> str:
    """The kind of a task: what the question needs, whether of pairs, the strategy that fits it best, and the structure of the text."""
    need = next((name for name in ("exact", "meaning") if features[f"needs_{name}"]), "lookup")
    strategy = next((name for name in KNOWN_STRATEGIES if features[f"is_{name}"]), "no strategy")
    structure = next((name for name in ("prose", "code", "records") if features[f"is_{name}"]), "mixed")
    return f"{need}{' of pairs' if features['asks_pairs'] else ''} in {structure}, {strategy}"


def vector(features: Features) -> tuple[float, ...]:
    """Features in the order of ``NAMES``.

    Raises:
        ValueError: one is missing or not finite.
    """
    values = tuple(features.get(name, math.nan) for name in NAMES)
    for name, value in zip(NAMES, values, strict=True):
        if not math.isfinite(value):
            raise ValueError(f"feature {name!r} is {value!r}: every feature must be a finite number")
    return values


def _log(value: float, against: float) -> float:
    return max(-_FAR, min(_FAR, math.log2(max(1e-9, value) / max(1e-9, against))))


def _price(model: ModelFacts) -> float:
    """Micro-dollars of a million input tokens; 0 if the price is unknown."""
    return 0.0 if model.price is None else (model.call_micros(1_000_000, 0) or 0)


def _keys_seen(situation: Situation, keys: tuple[str, ...]) -> float:
    """The share of the things that a question names which stand in the text, as far as it is looked at."""
    if not keys:
        return 0.0
    texts, room = [], _LOOKED_AT
    for document in situation.task.context.documents:
        texts.append(document.text if len(document.text) <= room else document.text[:room])
        room -= len(texts[-1])
        if room <= 0:
            break
    return sum(any(key in text for text in texts) for key in keys) / len(keys)


def _words_seen(situation: Situation) -> float:
    """The share of the longer words of a question that occur in a sample of the text."""
    words = {
        word
        for word in situation.task.question[:2_000].casefold().split()
        if len(word) >= _LEAST_WORD and word.isalpha()
    }
    if not words:
        return 0.0
    sample = _sample(situation)
    return sum(word in sample for word in words) / len(words)


def _sample(situation: Situation) -> str:
    """Slices of the text at equal distances, in lower case."""
    documents = [each.text for each in situation.task.context.documents if each.text]
    if not documents:
        return ""
    chosen = documents[:: max(1, len(documents) // _SLICES)][:_SLICES]
    each = max(1, _SLICES // len(chosen))
    slices = []
    for text in chosen:
        step = max(_SLICE, len(text) // each)
        slices += [text[at : at + _SLICE] for at in range(0, len(text), step)][:each]
    return "\n".join(slices).casefold()
