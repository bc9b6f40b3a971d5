"""Forty kinds of small questions about a page of notes: how each is worded, drawn and answered."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from random import Random

from harlm_bench.items import Fact, ScorerName
from harlm_bench.tasks.forms import Form
from harlm_bench.tasks.messages import LABELS, MEANINGS

Values = Mapping[str, str]
Solve = Callable[[Sequence[Fact], Values], "str | None"]
_ONLY = "Answer with the {} only."
_NUMBER = _ONLY.format("number")
_YES = "Answer with yes or no."


@dataclass(frozen=True, slots=True, kw_only=True)
class Errand:
    """A kind of question about facts of one kind.

    Attributes:
        form, ending: its words, and the form of the answer.
        about: the kind of facts.
        solve: the answer from facts of this kind.
        draw: values for the blanks; ``None`` to take them from the attributes of a fact by chance.
        scorer, chance, in_head: as in ``Question`` and ``Query``.
    """

    form: Form
    ending: str
    about: str
    solve: Solve
    draw: Callable[[Random, Sequence[Fact]], Values] | None = None
    scorer: ScorerName = "exact"
    chance: float = 0.0
    in_head: bool = False

    def values(self, chance: Random, facts: Sequence[Fact]) -> Values:
        """What to fill the blanks with."""
        if self.draw is not None:
            return self.draw(chance, facts)
        attributes = chance.choice(facts).attributes
        return {blank: attributes[blank] for blank in self.form.blanks}


def _lookup(
    sentence: str, about: str, wanted: str, ending: str, chance: float = 0.0, **blanks: str
) -> Errand:
    """A question for one attribute of the one fact whose attributes stand in the blanks."""
    form = Form(sentence, **blanks)

    def solve(facts: Sequence[Fact], values: Values) -> str | None:
        found = {
            fact.attributes[wanted]
            for fact in facts
            if all(fact.attributes[blank].casefold() == values[blank].casefold() for blank in form.blanks)
        }
        return min(found) if len(found) == 1 else None

    return Errand(form=form, ending=_ONLY.format(ending), about=about, solve=solve, chance=chance)


def _of(facts: Sequence[Fact], attribute: str, value: str, wanted: str) -> str | None:
    """The wanted attribute of the first fact with this value."""
    found = (
        fact.attributes[wanted] for fact in facts if fact.attributes[attribute].casefold() == value.casefold()
    )
    return next(found, None)


def _extreme(attribute: str, wanted: str, sign: int) -> Solve:
    """The fact with the greatest (1) or least (-1) number."""

    def solve(facts: Sequence[Fact], _: Values) -> str | None:
        best = max(facts, key=lambda fact: sign * int(fact.attributes[attribute]), default=None)
        return best.attributes[wanted] if best else None

    return solve


def _count(holds: Callable[[Fact, Values], bool]) -> Solve:
    return lambda facts, values: str(sum(holds(fact, values) for fact in facts)) if facts else None


def _two_things(chance: Random, facts: Sequence[Fact]) -> Values:
    a, b = chance.sample(list(facts), 2)
    return {"a": a.attributes["thing"], "b": b.attributes["thing"]}


def _both_prices(facts: Sequence[Fact], values: Values) -> tuple[int, int] | None:
    a, b = (_of(facts, "thing", values[each], "price") for each in ("a", "b"))
    return (int(a), int(b)) if a and b else None


def _sum(facts: Sequence[Fact], values: Values) -> str | None:
    both = _both_prices(facts, values)
    return str(sum(both)) if both else None


def _difference(facts: Sequence[Fact], values: Values) -> str | None:
    both = _both_prices(facts, values)
    return str(abs(both[0] - both[1])) if both else None


def _costs_more(facts: Sequence[Fact], values: Values) -> str | None:
    both = _both_prices(facts, values)
    return (values["a"] if both[0] > both[1] else values["b"]) if both else None


def _at_hour(chance: Random, facts: Sequence[Fact]) -> Values:
    return {"house": chance.choice(facts).attributes["house"], "hour": f"{chance.randint(5, 23):02}:30"}


def _is_open(facts: Sequence[Fact], values: Values) -> str | None:
    opens, closes = (_of(facts, "house", values["house"], each) for each in ("opens", "closes"))
    return ("yes" if opens <= values["hour"] < closes else "no") if opens and closes else None


def _open_for(facts: Sequence[Fact], values: Values) -> str | None:
    opens, closes = (_of(facts, "house", values["house"], each) for each in ("opens", "closes"))
    return str(int(closes[:2]) - int(opens[:2])) if opens and closes else None


def _neighbour(offset: int) -> Solve:
    """The step before (-1) or after (1) a step."""

    def solve(facts: Sequence[Fact], values: Values) -> str | None:
        at = _of(facts, "step", values["step"], "number")
        return _of(facts, "number", str(int(at) + offset), "step") if at else None

    return solve


def _inner_step(chance: Random, facts: Sequence[Fact]) -> Values:
    return {"step": facts[chance.randint(1, len(facts) - 2)].attributes["step"]}


def _nth_event(last: bool) -> Solve:
    def solve(facts: Sequence[Fact], _: Values) -> str | None:
        ordered = sorted(facts, key=lambda fact: fact.attributes["time"])
        return ordered[-1 if last else 0].attributes["event"] if ordered else None

    return solve


def _four_labels(chance: Random, facts: Sequence[Fact]) -> Values:
    fact = chance.choice(facts)
    label = fact.attributes["label"]
    options = chance.sample([label, *chance.sample([each for each in LABELS if each != label], 3)], 4)
    return {"sender": fact.attributes["sender"]} | dict(zip("abcd", options, strict=True))


def _chosen_label(facts: Sequence[Fact], values: Values) -> str | None:
    label = _of(facts, "sender", values["sender"], "label")
    return next((each.upper() for each in "abcd" if values[each].casefold() == label), None)


def _claimed_owner(chance: Random, facts: Sequence[Fact]) -> Values:
    one = chance.choice(facts)
    other = chance.choice((one, chance.choice(facts)))
    return {"thing": one.attributes["thing"], "owner": other.attributes["owner"]}


def _owns(facts: Sequence[Fact], values: Values) -> str | None:
    owner = _of(facts, "thing", values["thing"], "owner")
    return ("yes" if owner.casefold() == values["owner"].casefold() else "no") if owner else None


def _limit(chance: Random, facts: Sequence[Fact]) -> Values:
    return {"n": str(int(chance.choice(facts).attributes["price"]) + 1)}


def _label_question(text: str) -> str:
    return (
        f"{text} A message is one of: "
        + "; ".join(f"{name} ({meaning})" for name, meaning in MEANINGS.items())
        + "."
    )


_TIME = r"\d\d:\d\d"
_WORD = r"[\w-]+"
ERRANDS: Mapping[str, Errand] = {
    "phone of a person": _lookup("What is the phone number of {name}?", "contact", "phone", "number"),
    "owner of a phone": _lookup("Whose phone number is {phone}?", "contact", "name", "name", phone=r"\d+"),
    "town of a person": _lookup("In which town does {name} live?", "contact", "town", "name of the town"),
    "person of a town": _lookup("Who lives in the town of {town}?", "contact", "name", "name"),
    "trade of a person": _lookup("What is the trade of {name}?", "contact", "trade", "trade", 0.17),
    "price of a thing": _lookup(
        "How many coins does the {thing} cost?", "price", "price", "number", thing=_WORD
    ),
    "thing of a price": _lookup("What costs exactly {price} coins?", "price", "thing", "thing", price=r"\d+"),
    "day of a meeting": _lookup(
        "On which day of the week does {name} meet {other}?", "meeting", "weekday", "day", 0.14
    ),
    "time of a meeting": _lookup("At what time does {name} meet {other}?", "meeting", "time", "time"),
    "place of a meeting": _lookup(
        "In which room does {name} meet {other}?", "meeting", "room", "name of the room", 0.1
    ),
    "subject of a meeting": _lookup(
        "What do {name} and {other} talk about?", "meeting", "subject", "subject", 0.1
    ),
    "partner of a meeting": _lookup("With whom does {name} have a meeting?", "meeting", "other", "name"),
    "people by subject": _lookup(
        "Who has asked {other} to a meeting about the {subject}?", "meeting", "name", "name", subject=_WORD
    ),
    "time by subject": _lookup(
        "At what time is the {subject} talked about?", "meeting", "time", "time", subject=_WORD
    ),
    "owner of a thing": _lookup(
        "To whom does the {colour} {thing} in the cloakroom belong?",
        "belonging",
        "owner",
        "name",
        thing=_WORD,
    ),
    "colour of a thing": _lookup(
        "What colour is the {thing} that was left in the cloakroom?",
        "belonging",
        "colour",
        "colour",
        0.1,
        thing=_WORD,
    ),
    "thing of an owner": _lookup("What did {owner} leave in the cloakroom?", "belonging", "thing", "thing"),
    "opening": _lookup("At what time does the {house} open?", "hours", "opens", "time", 0.17, house=_WORD),
    "closing": _lookup("At what time does the {house} close?", "hours", "closes", "time", 0.13, house=_WORD),
    "amount": _lookup("How many grams of {ingredient} does the cake need?", "ingredient", "grams", "number"),
    "ingredient": _lookup(
        "Of what does the cake need {grams} grams?", "ingredient", "ingredient", "ingredient", 0.1
    ),
    "numbered step": _lookup(
        "What is step {number}?", "step", "step", "step as it is written", 0.1, number=r"\d+"
    ),
    "number of a step": _lookup(
        "Which number does the step '{step}' have?", "step", "number", "number", 0.15
    ),
    "time of an event": _lookup("At what time does the log say '{event}'?", "event", "time", "time"),
    "event of a time": _lookup(
        "What does the log say at {time}?", "event", "event", "entry without the time", time=_TIME
    ),
    "number of a trade": Errand(
        form=Form("How many of the contacts are {trade}s by trade?", trade=_WORD),
        ending=_NUMBER,
        about="contact",
        solve=_count(lambda fact, values: fact.attributes["trade"] == values["trade"].casefold()),
        chance=0.25,
        in_head=True,
    ),
    "most expensive": Errand(
        form=Form("Which thing on the price list costs the most?"),
        ending=_ONLY.format("thing"),
        about="price",
        solve=_extreme("price", "thing", 1),
        in_head=True,
    ),
    "cheapest": Errand(
        form=Form("Which thing on the price list costs the least?"),
        ending=_ONLY.format("thing"),
        about="price",
        solve=_extreme("price", "thing", -1),
        in_head=True,
    ),
    "sum of prices": Errand(
        form=Form("How many coins do the {a} and the {b} cost together?", a=_WORD, b=_WORD),
        ending=_NUMBER,
        about="price",
        solve=_sum,
        draw=_two_things,
    ),
    "difference of prices": Errand(
        form=Form("By how many coins do the prices of the {a} and the {b} differ?", a=_WORD, b=_WORD),
        ending=_NUMBER,
        about="price",
        solve=_difference,
        draw=_two_things,
    ),
    "comparison of prices": Errand(
        form=Form("Which costs more, the {a} or the {b}?", a=_WORD, b=_WORD),
        ending=_ONLY.format("thing"),
        about="price",
        solve=_costs_more,
        draw=_two_things,
    ),
    "things above a price": Errand(
        form=Form("How many things on the price list cost more than {n} coins?", n=r"\d+"),
        ending=_NUMBER,
        about="price",
        solve=_count(lambda fact, values: int(fact.attributes["price"]) > int(values["n"])),
        draw=_limit,
        chance=0.2,
        in_head=True,
    ),
    "ownership": Errand(
        form=Form("Does the {thing} in the cloakroom belong to {owner}?", thing=_WORD),
        ending=_YES,
        about="belonging",
        solve=_owns,
        draw=_claimed_owner,
        chance=0.5,
    ),
    "open at a time": Errand(
        form=Form("Is the {house} open at {hour}?", house=_WORD, hour=_TIME),
        ending=_YES,
        about="hours",
        solve=_is_open,
        draw=_at_hour,
        chance=0.5,
    ),
    "hours a day": Errand(
        form=Form("For how many hours a day is the {house} open?", house=_WORD),
        ending=_NUMBER,
        about="hours",
        solve=_open_for,
        chance=0.15,
    ),
    "largest amount": Errand(
        form=Form("Of which ingredient does the cake need the most?"),
        ending=_ONLY.format("ingredient"),
        about="ingredient",
        solve=_extreme("grams", "ingredient", 1),
        chance=0.1,
        in_head=True,
    ),
    "step after": Errand(
        form=Form("Which step comes right after '{step}'?"),
        ending=_ONLY.format("step as it is written"),
        about="step",
        solve=_neighbour(1),
        draw=_inner_step,
        chance=0.1,
    ),
    "step before": Errand(
        form=Form("Which step comes right before '{step}'?"),
        ending=_ONLY.format("step as it is written"),
        about="step",
        solve=_neighbour(-1),
        draw=_inner_step,
        chance=0.1,
    ),
    "last event": Errand(
        form=Form("What is the last entry of the log?"),
        ending=_ONLY.format("entry without the time"),
        about="event",
        solve=_nth_event(last=True),
        chance=0.1,
    ),
    "first event": Errand(
        form=Form("What is the first entry of the log?"),
        ending=_ONLY.format("entry without the time"),
        about="event",
        solve=_nth_event(last=False),
        chance=0.1,
    ),
    "sort of a message": Errand(
        form=Form(
            "What is the message of {sender}? (A) {a} (B) {b} (C) {c} (D) {d}",
            **dict.fromkeys("abcd", "|".join(LABELS)),
        ),
        ending=_label_question("Answer with the letter only."),
        about="message",
        solve=_chosen_label,
        draw=_four_labels,
        scorer="choice",
        chance=0.25,
    ),
}
"""All kinds, by name."""
