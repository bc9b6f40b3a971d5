"""Features in words: why a router expects a right or a wrong answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from harlm.router.features import KNOWN_STRATEGIES, Features
from harlm.router.wording import CUES

_LEAST = 0.02  # log odds that are worth a sentence

_Say = Callable[[float], str]


def reasons_for(added: Mapping[str, float], seen: Features, most: int) -> tuple[str, ...]:
    """The features that weigh most, as sentences with what each adds to the log odds.

    Args:
        added: to the log odds, by feature.
        seen: the value of each feature.
        most: so many sentences at most.
    """
    weighty = sorted(added.items(), key=lambda each: -abs(each[1]))
    return tuple(
        f"{say(name, seen[name])} ({amount:+.2f})" for name, amount in weighty[:most] if abs(amount) >= _LEAST
    )


def say(name: str, value: float) -> str:
    """A feature and its value, in words."""
    return _SAY[name](value)


def _times(of: str) -> _Say:
    def told(value: float) -> str:
        ratio = 2**value
        return f"the text is {ratio:.3g} times {of}"

    return told


def _if(yes: str, no: str) -> _Say:
    return lambda value: yes if value >= 0.5 else no


_SAY: Mapping[str, _Say] = {
    "log_tokens": lambda value: f"the text has about {2**value - 1:,.0f} tokens",
    "log_documents": lambda value: f"there are {2**value - 1:,.0f} documents",
    "largest_share": lambda value: f"the largest document is {value:.0%} of the text",
    "is_prose": _if("the text is prose", "the text is not mainly prose"),
    "is_code": _if("the text is code", "the text is not mainly code"),
    "is_records": _if("the text is records", "the text is not mainly records"),
    "table_share": lambda value: f"{value:.0%} of the documents are tables",
    "log_words": lambda value: f"the question has {2**value - 1:,.0f} words",
    "needs_exact": _if(
        "the question asks for counting, listing or ranking", "the question asks for no exact count"
    ),
    "needs_meaning": _if(
        "the question asks about the meaning of all of it",
        "the question does not ask about the meaning of all of it",
    ),
    "asks_pairs": _if("the question asks for pairs", "the question does not ask for pairs"),
    **{
        f"asks_{name}": _if(
            f"the question has a cue of the kind {name!r}", f"the question has no cue of the kind {name!r}"
        )
        for name in CUES
    },
    "asks_yes_or_no": _if("the question asks for yes or no", "the question is open"),
    "choices": lambda value: f"the question lists {value:.0f} choices",
    "steps": lambda value: f"{value:.0f} words of the question lead from one thing to another",
    "conditions": lambda value: f"{value:.0f} words of the question join conditions",
    "keys": lambda value: f"the question names {value:.0f} things",
    "keys_seen": lambda value: f"{value:.0%} of what it names stand in the text",
    "words_seen": lambda value: f"{value:.0%} of its longer words stand in a sample of the text",
    "root_skill": lambda value: f"{value:.0%} of the root model's runs in code ended cleanly",
    "log_price_ratio": lambda value: f"the root model costs {2**value:.3g} times the sub-model",
    "log_fill": _times("the window"),
    "log_effective_fill": _times("what the model reads reliably"),
    "log_sub_fill": _times("the sub-model's window"),
    "log_price": lambda value: f"a million tokens cost the reader ${(10**value - 1) / 1e6:,.2f}",
    "fit": lambda value: f"the strategy fits the question at {value:.0%}",
    "next_fit": lambda value: f"the next strategy fits at {value:.0%}",
    **{
        f"is_{name}": _if(f"the strategy is {name!r}", f"the strategy is not {name!r}")
        for name in KNOWN_STRATEGIES
    },
    "needs_no_model": _if("the strategy needs no model", "the strategy asks a model"),
    "log_calls": lambda value: f"the strategy makes about {2**value - 1:,.0f} calls",
    "budget_share": lambda value: f"the budget covers {value:.0%} of the expected cost",
}
