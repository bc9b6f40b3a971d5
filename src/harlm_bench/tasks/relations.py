"""Relations between people, places and firms: what questions call them, and how texts tell of them in other words.

No sentence uses a word by which a question calls any relation, so that a search for the words of a question finds only
what the question names.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

Kind = Literal["person", "place", "firm"]


class Relation(NamedTuple):
    """A relation from a thing of one kind to one of another.

    Attributes:
        name: what questions call it.
        subject, object: the kinds of things.
        sentences: with ``{s}`` and ``{o}``.
    """

    name: str
    subject: Kind
    object: Kind
    sentences: tuple[str, ...]


RELATIONS: tuple[Relation, ...] = (
    Relation(
        "mentor",
        "person",
        "person",
        (
            "All that {s} can do with a chisel was learned at the bench of {o}.",
            "It was {o} who taught {s} the craft.",
            "{s} spent nine years as the pupil of {o}.",
            "The first attempts of {s} were corrected, patiently, by {o}.",
        ),
    ),
    Relation(
        "heir",
        "person",
        "person",
        (
            "In the will of {s} everything goes to {o}.",
            "{o} will one day get all that {s} leaves behind.",
            "{s} has signed the papers by which the silver passes to {o}.",
            "When {s} is gone, the keys are to be handed to {o}.",
        ),
    ),
    Relation(
        "godparent",
        "person",
        "person",
        (
            "At the font it was {o} who held {s}.",
            "{o} stood beside the priest when {s} was baptised.",
            "{s} got a silver spoon from {o} at the christening, as was the duty.",
            "The promise at the baptism of {s} was spoken by {o}.",
        ),
    ),
    Relation(
        "landlord",
        "person",
        "person",
        (
            "{s} pays the rent to {o} on the first of each month.",
            "The rooms of {s} are let by {o}.",
            "{o} rents the upper floor to {s}.",
            "A leaking tap is something that {s} has to report to {o}, who lets the flat.",
        ),
    ),
    Relation(
        "physician",
        "person",
        "person",
        (
            "When {s} falls ill, {o} comes with the black bag.",
            "{o} listens to the lungs of {s} twice a year.",
            "The pills of {s} are prescribed by {o}.",
            "{s} lets only {o} take the pulse.",
        ),
    ),
    Relation(
        "biographer",
        "person",
        "person",
        (
            "{o} has written the life of {s} in two volumes.",
            "The book about the youth of {s} is the work of {o}.",
            "{s} told {o} all of it, and {o} put it on six hundred printed pages.",
            "Years in archives went into what {o} published about {s}.",
        ),
    ),
    Relation(
        "birthplace",
        "person",
        "place",
        (
            "{s} first saw the light of day in {o}.",
            "The cradle of {s} stood in {o}.",
            "The midwife who brought {s} into the world lived in {o}, as did the parents.",
            "{s} comes from {o}, where the church still has the entry.",
        ),
    ),
    Relation(
        "residence",
        "person",
        "place",
        (
            "{s} has a house in {o} and sleeps there every night.",
            "Letters to {s} are sent to {o}.",
            "The bell with the initials of {s} is in {o}.",
            "These years {s} lives in {o}, on the hill.",
        ),
    ),
    Relation(
        "employer",
        "person",
        "firm",
        (
            "{s} draws a salary from {o}.",
            "On weekdays {s} works for {o}.",
            "The pay slip of {s} is printed by {o}.",
            "{s} has a desk and a contract at {o}.",
        ),
    ),
    Relation(
        "insurer",
        "person",
        "firm",
        (
            "When the roof of {s} leaked, {o} had to pay under the policy.",
            "{s} has a policy with {o} against fire and theft.",
            "The premium of {s} goes to {o}.",
            "{o} covers what {s} breaks.",
        ),
    ),
    Relation(
        "founder",
        "firm",
        "person",
        (
            "{o} set up {s} with borrowed money.",
            "{s} began in the shed of {o}.",
            "It was {o} who opened {s} and hired the first two hands.",
            "The idea for {s}, and the first coin, came from {o}.",
        ),
    ),
    Relation(
        "director",
        "firm",
        "person",
        (
            "{o} runs {s} from the corner office.",
            "At {s} nothing is decided before {o} nods.",
            "The board of {s} put {o} in charge.",
            "{o} is at the top of {s}.",
        ),
    ),
    Relation(
        "owner",
        "firm",
        "person",
        (
            "Every share in {s} belongs to {o}.",
            "{o} bought all of {s} at auction.",
            "The profits of {s} end in the pocket of {o}, who holds it all.",
            "{s} is the property of {o}.",
        ),
    ),
    Relation(
        "headquarters",
        "firm",
        "place",
        (
            "{s} has its main office in {o}.",
            "The board of {s} meets in {o}, where the tall building is.",
            "From {o} the branches of {s} get their orders.",
            "{s} is registered in {o}.",
        ),
    ),
    Relation(
        "supplier",
        "firm",
        "firm",
        (
            "{s} buys its raw material from {o}.",
            "Each morning the lorries of {o} unload at {s}.",
            "What {s} processes is delivered by {o}.",
            "Without the steel of {o}, {s} would stand still.",
        ),
    ),
    Relation(
        "auditor",
        "firm",
        "firm",
        (
            "The books of {s} are checked by {o}.",
            "{o} signs off the accounts of {s}.",
            "Each spring, {o} goes through the figures of {s}.",
            "{s} pays {o} to look for mistakes in its ledgers.",
        ),
    ),
    Relation(
        "mayor",
        "place",
        "person",
        (
            "{o} was elected to lead the council of {s}.",
            "In {s} the chain of office hangs around the neck of {o}.",
            "The people of {s} voted for {o}, who has governed the town hall since.",
            "{o} cuts the ribbons in {s}, as the head of the council does.",
        ),
    ),
    Relation(
        "namesake",
        "place",
        "person",
        (
            "{s} is called after {o}.",
            "The sign at the entrance of {s} recalls {o}, after whom it is called.",
            "Long before {s} was called so, there was {o}, to whom the word goes back.",
            "It is in memory of {o} that {s} is called what it is.",
        ),
    ),
    Relation(
        "port",
        "place",
        "place",
        (
            "Goods for {s} are landed at {o}.",
            "The ships that feed {s} moor in {o}.",
            "{s} lies inland and gets its cargo by way of {o}.",
            "Crates for {s} are lifted ashore in {o}.",
        ),
    ),
    Relation(
        "brewer",
        "place",
        "firm",
        (
            "The beer that is poured in {s} is made by {o}.",
            "In the inns of {s} they drink what {o} puts into barrels.",
            "{o} has its copper kettles to thank for the thirst of {s}, where all taps are its own.",
            "The hops for the beer of {s} are boiled at {o}.",
        ),
    ),
    Relation(
        "carrier",
        "place",
        "firm",
        (
            "The buses of {s} are run by {o}.",
            "In {s} one travels on the trams of {o}.",
            "{o} holds the concession for the lines through {s}.",
            "The timetable of {s} is drawn up by {o}, whose drivers wear green.",
        ),
    ),
)
"""All relations. None is symmetric, and each thing has one object of each."""

BY_NAME = {relation.name: relation for relation in RELATIONS}
OF_KIND: dict[Kind, tuple[Relation, ...]] = {
    "person": tuple(each for each in RELATIONS if each.subject == "person"),
    "place": tuple(each for each in RELATIONS if each.subject == "place"),
    "firm": tuple(each for each in RELATIONS if each.subject == "firm"),
}
