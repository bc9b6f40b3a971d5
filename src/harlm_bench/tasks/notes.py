"""A page of everyday notes: contacts, prices, meetings, belongings, opening hours, a recipe, steps, a log, and messages.

Makes the lines with what each says; asks nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from random import Random

from harlm_bench.items import Fact
from harlm_bench.tasks import words
from harlm_bench.tasks.messages import LABELS, Messages

Section = Callable[[Random, int], list[Fact]]

_SUBJECTS = (
    "budget roof choir parking garden fence holidays heating website playground newsletter festival".split()
)
_ROOMS = "hall library kitchen cellar attic workshop office chapel greenhouse canteen".split()
_HOUSES = "library pool museum pharmacy bakery town-hall post-office gym cinema market".split()
_INGREDIENTS = "flour sugar butter milk honey oats raisins cocoa almonds yeast salt cream".split()
_STEPS = (
    "sand the door",
    "remove the hinges",
    "mix the paint",
    "cover the floor",
    "wash the brushes",
    "fill the holes",
    "tape the glass",
    "open the windows",
    "oil the lock",
    "hang the sign",
    "count the screws",
    "sweep the yard",
)
_EVENTS = (
    "pump started",
    "gate opened",
    "alarm tested",
    "lift stopped",
    "boiler lit",
    "guard arrived",
    "lights dimmed",
    "parcel delivered",
    "window cleaned",
    "backup finished",
    "filter changed",
    "visitor left",
)


def contacts(chance: Random, count: int) -> list[Fact]:
    """Names with a trade, a phone number and a town."""
    names = words.people(chance, count)
    towns = words.places(chance, count)
    phones = chance.sample(range(200_000, 999_999), count)
    return [
        _fact(
            "contact",
            "{name}, {trade}, lives in {town}, phone {phone}.",
            name=name,
            trade=chance.choice(words.TRADES[:6]),
            town=town,
            phone=str(phone),
        )
        for name, town, phone in zip(names, towns, phones, strict=True)
    ]


def prices(chance: Random, count: int) -> list[Fact]:
    """Things with different prices."""
    things = chance.sample(words.THINGS, count)
    amounts = chance.sample(range(4, 400), count)
    return [
        _fact("price", "{thing}: {price} coins", thing=thing, price=str(amount))
        for thing, amount in zip(things, amounts, strict=True)
    ]


def meetings(chance: Random, count: int) -> list[Fact]:
    """Who meets whom, when, where, and what about."""
    names = words.people(chance, 2 * count)
    times = [f"{at // 4:02}:{at % 4 * 15:02}" for at in chance.sample(range(32, 72), count)]
    subjects = chance.sample(_SUBJECTS, count)
    return [
        _fact(
            "meeting",
            "{name} meets {other} on {weekday} at {time} in the {room} to talk about the {subject}.",
            name=names[2 * at],
            other=names[2 * at + 1],
            weekday=chance.choice(words.WEEKDAYS),
            time=times[at],
            room=chance.choice(_ROOMS),
            subject=subjects[at],
        )
        for at in range(count)
    ]


def belongings(chance: Random, count: int) -> list[Fact]:
    """Coloured things and whose they are."""
    things = chance.sample(words.THINGS, count)
    owners = words.people(chance, count)
    return [
        _fact(
            "belonging",
            "The {colour} {thing} belongs to {owner}.",
            colour=chance.choice(words.COLOURS),
            thing=thing,
            owner=owner,
        )
        for thing, owner in zip(things, owners, strict=True)
    ]


def hours(chance: Random, count: int) -> list[Fact]:
    """When houses open and close, in full hours."""
    return [
        _fact(
            "hours",
            "The {house} opens at {opens} and closes at {closes}.",
            house=house,
            opens=f"{chance.randint(6, 11):02}:00",
            closes=f"{chance.randint(15, 22):02}:00",
        )
        for house in chance.sample(_HOUSES, count)
    ]


def recipe(chance: Random, count: int) -> list[Fact]:
    """Ingredients with different amounts."""
    amounts = chance.sample(range(10, 90), count)
    return [
        _fact("ingredient", "- {grams} grams of {ingredient}", ingredient=ingredient, grams=str(amount * 5))
        for ingredient, amount in zip(chance.sample(_INGREDIENTS, count), amounts, strict=True)
    ]


def steps(chance: Random, count: int) -> list[Fact]:
    """Numbered steps."""
    return [
        _fact("step", "Step {number}: {step}", number=str(at + 1), step=step)
        for at, step in enumerate(chance.sample(_STEPS, count))
    ]


def log(chance: Random, count: int) -> list[Fact]:
    """Events at times, in order."""
    times = sorted(chance.sample(range(60, 1_380), count))
    return [
        _fact("event", "[{time}] {event}", time=f"{at // 60:02}:{at % 60:02}", event=event)
        for at, event in zip(times, chance.sample(_EVENTS, count), strict=True)
    ]


def messages(chance: Random, count: int) -> list[Fact]:
    """Messages of people, each of a sort that must be judged."""
    labels = chance.choices(LABELS, k=count)
    senders = words.people(chance, count)
    texts = Messages(chance).draw(chance, labels)
    return [
        Fact(
            text=f"{sender} writes: {text}",
            kind="message",
            attributes={"sender": sender, "label": label},
            guessable={"label": LABELS},
        )
        for sender, text, label in zip(senders, texts, labels, strict=True)
    ]


SECTIONS: Mapping[str, Section] = {
    "Contacts": contacts,
    "Price list": prices,
    "Meetings": meetings,
    "Left in the cloakroom": belongings,
    "Opening hours": hours,
    "For the cake": recipe,
    "How to do it": steps,
    "Log of the day": log,
    "Messages": messages,
}
"""All sections, by their headings."""


def _fact(kind: str, sentence: str, **attributes: str) -> Fact:
    return Fact(text=sentence.format_map(attributes), kind=kind, attributes=attributes)
