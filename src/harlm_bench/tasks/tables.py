"""Questions about a table of orders with typed columns: filters, counts, sums, groups and the largest of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from random import Random

from harlm.tokens import estimate_tokens
from harlm_bench.items import Fact, Question, ScorerName, Window
from harlm_bench.tasks import check_size, words
from harlm_bench.tasks.prose import cut_to, rate
from harlm_bench.tasks.table_questions import OPERATIONS, Condition, Operation, TableQuery, understood, worded

_COLUMNS = ("order", "date", "customer", "city", "product", "colour", "quantity", "price", "status", "note")
_HEAD = ",".join(_COLUMNS)
_STATES = ("open", "paid", "shipped", "returned", "cancelled")
_FIRST, _LAST = date(2023, 1, 1), date(2024, 12, 31)
_NOTES = tuple(
    f"{what} {when}"
    for what in (
        "called about the delivery", "asked for a bill", "paid in cash", "wants a gift box", "left a new address",
        "left no telephone number", "sent a photograph of the damage", "asked for a discount", "came to the shop",
    )
    for when in ("in the morning", "after lunch", "on the same day", "twice", "a week later", "before the holidays")
)  # fmt: skip
_GROUPS = ("customer", "city", "product", "colour")
_FIRST_ORDER = 100_000
_TRIES = 200

Row = tuple[str, ...]


class Tables:
    """The family ``tables``."""

    name = "tables"
    version = 1

    def window(self, seed: int, tokens: int, questions: int) -> Window:
        """One CSV document of orders, one fact a row.

        Raises:
            ConfigError: no window has so many or so few ``tokens``, or ``questions`` is below 1.
        """
        check_size(self.name, tokens, questions)
        chance = Random(f"tables {self.version} {seed} {tokens}")
        rows = _rows(tokens, chance)
        lines = [",".join(row) for row in rows]
        lines = lines[: cut_to(lines, tokens - estimate_tokens(_HEAD))]
        facts = tuple(
            Fact(
                text=line,
                kind="row",
                attributes=dict(zip(_COLUMNS, row, strict=True)),
                frame=_HEAD,
                framed=_COLUMNS,
            )
            for line, row in zip(lines, rows, strict=False)
        )
        return Window(
            task=self.name,
            version=self.version,
            seed=seed,
            tokens=tokens,
            documents={"orders.csv": "\n".join((_HEAD, *lines)) + "\n"},
            questions=_questions(facts, questions, chance),
            facts=facts,
        )

    def understand(self, question: str) -> TableQuery | None:
        """The questions of a window; the same words ask a part of the rows."""
        return understood(question)


FAMILY = Tables()


def _rows(tokens: int, chance: Random) -> list[Row]:
    sample = _drawn_rows(600, 600, chance)
    count = int(tokens / rate([",".join(row) for row in sample]) * 1.04) + 8
    return _drawn_rows(count, count, chance)


def _drawn_rows(count: int, all_rows: int, chance: Random) -> list[Row]:
    """Rows in the order of their dates, with as many different values as questions need to be neither empty nor trivial."""
    many = max(4, min(60, all_rows // 8))
    days = [day.isoformat() for day in words.days(_FIRST, _LAST)]
    columns = (
        map(str, range(_FIRST_ORDER, _FIRST_ORDER + count)),
        sorted(chance.choices(days, k=count)),
        chance.choices(words.firms(chance, many), k=count),
        chance.choices(words.places(chance, max(4, many // 2)), k=count),
        chance.choices(words.THINGS[: max(5, many // 2)], k=count),
        chance.choices(words.COLOURS[: max(4, many // 6)], k=count),
        map(str, chance.choices(range(1, 61), k=count)),
        (f"{cents // 100}.{cents % 100:02}" for cents in chance.choices(range(150, 95_000), k=count)),
        chance.choices(_STATES, k=count),
        chance.choices(_NOTES, k=count),
    )
    return list(zip(*columns, strict=True))


def _questions(facts: Sequence[Fact], wanted: int, chance: Random) -> tuple[Question, ...]:
    made: list[Question] = []
    asked: set[str] = set()
    for number in range(wanted):
        operation = OPERATIONS[number % len(OPERATIONS)]
        for _ in range(_TRIES):
            query = _query(operation, facts, chance)
            text = worded(query)
            rows = [] if text in asked else [each for each in facts if query.wants(each)]
            gold = query.answer(rows)
            if gold is not None and not query.is_tied(rows):
                break
        asked.add(text)
        scorer: ScorerName = "set" if query.most > 1 else "exact"
        made.append(
            Question(id=f"q{number + 1}", text=text, kind=operation, gold=gold or "none", scorer=scorer)
        )
    return tuple(made)


def _query(operation: Operation, facts: Sequence[Fact], chance: Random) -> TableQuery:
    """A question that at least one row, drawn here, answers."""
    row = chance.choice(facts).attributes
    if operation == "cell":
        column = chance.choice(_COLUMNS[2:-1])
        return TableQuery(
            operation=operation, column=column, conditions=(Condition("order", "is", row["order"]),)
        )
    column = chance.choice(("quantity", "price")) if operation in ("sum", "largest", "group") else ""
    group = chance.choice(_GROUPS) if operation in ("group", "most", "different") else ""
    return TableQuery(
        operation=operation,
        column=column,
        group=group,
        most=chance.choice((2, 3)) if operation == "most" else 1,
        conditions=_conditions(row, group, chance),
    )


def _conditions(row: Mapping[str, str], group: str, chance: Random) -> tuple[Condition, ...]:
    chosen = [chance.choice([each for each in ("city", "product", "colour", "status") if each != group])]
    second = [each for each in ("status", "colour") if each not in (*chosen, group)]
    if second and chance.random() < 0.5:
        chosen.append(chance.choice(second))
    conditions = [Condition(each, "is", row[each]) for each in chosen]
    drawn = chance.random()
    if drawn < 0.3:
        conditions.append(Condition("quantity", "is at least", str(max(1, int(row["quantity"]) // 2))))
    elif drawn < 0.6:
        conditions.append(Condition("date", "is on or after", f"{row['date'][:7]}-01"))
    return tuple(conditions)
