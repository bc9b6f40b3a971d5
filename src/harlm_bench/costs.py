"""What a run on a real endpoint will cost, before it begins, and whether the user has agreed to that."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

import msgspec

from harlm.errors import ConfigError
from harlm.types import Price
from harlm_bench.outcomes import Result
from harlm_bench.suites import Entry, Load

_REPLY = 1_500  # tokens that a question's replies take in all, reasoning included
_LEAST = 4_000  # prompt tokens of a question however short its window is


class Prediction(msgspec.Struct, frozen=True, kw_only=True):
    """What a run is expected to use.

    Attributes:
        questions: put to all systems together.
        prompt, completion: tokens.
        usd: money; ``None`` if a model has no known price.
    """

    questions: int
    prompt: int
    completion: int
    usd: float | None

    def __str__(self) -> str:
        money = "unknown cost (no price is known)" if self.usd is None else f"about ${self.usd:,.2f}"
        return (
            f"{self.questions:,} questions, about {self.prompt / 1e6:,.1f} million prompt tokens and "
            f"{self.completion / 1e6:,.1f} million completion tokens: {money}"
        )


def predict(
    loads: Sequence[Load],
    systems: Sequence[Entry],
    prices: Mapping[str, Price | None],
    window: int,
    done: Iterable[Result] = (),
) -> Prediction:
    """The expected use of a run, with the more expensive model for every token.

    Args:
        loads: what is asked.
        systems: what is asked.
        prices: of the models, by their names.
        window: of the root model, in tokens. One call with everything cannot read more.
        done: results of earlier runs, whose questions are not asked again.
    """
    kept = Counter((result.system, result.task, result.tokens) for result in done)
    questions = prompt = 0
    for load in loads:
        for entry in systems:
            whole = load.windows * load.questions
            asked = max(0, whole - kept[entry.name, load.task, load.tokens])
            most = window if entry.role == "base" else load.tokens * 10
            questions += asked
            prompt += asked * max(_LEAST, min(most, int(load.tokens * entry.reads)))
    completion = questions * _REPLY
    usd = None
    known = [price for price in prices.values() if price is not None]
    if len(known) == len(prices):
        usd = max((prompt * price.input + completion * price.output for price in known), default=0.0) / 1e6
    return Prediction(questions=questions, prompt=prompt, completion=completion, usd=usd)


def confirm(
    prediction: Prediction, *, budget_usd: float | None, is_agreed: bool, spent_usd: float = 0.0
) -> None:
    """Continue if the user has agreed to the cost: with ``--yes``, or with a budget that covers it and what was spent before.

    Raises:
        ConfigError: neither is so.
    """
    if is_agreed or prediction.usd == 0 or not prediction.questions:
        return
    if budget_usd is None:
        raise ConfigError(
            f"this run asks {prediction}. Agree with --yes, or set the most that it may spend with --budget-usd N"
        )
    if prediction.usd is None:
        raise ConfigError(
            f"this run asks {prediction}, so --budget-usd {budget_usd:g} cannot be kept. Put the model's price into "
            "prices.toml (`harlm models` names the place), or agree with --yes"
        )
    if spent_usd + prediction.usd > budget_usd:
        before = f" with the ${spent_usd:,.2f} that were spent before" if spent_usd else ""
        raise ConfigError(
            f"this run asks {prediction}, which is more than --budget-usd {budget_usd:g}{before}. Choose fewer --tasks, --sizes "
            "or --systems, raise it, or agree with --yes: the run then stops when the money is spent"
        )
