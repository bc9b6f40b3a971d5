"""Questions over tables of our own, each with the first line of its answer, or with what is refused."""

from __future__ import annotations

import pytest

from harlm.guest.tables import NamedText, TableAnswer, ask, tables_in
from harlm.guest.tables.asking import told
from harlm.guest.tables.computing import Computed

STOCK = (
    "stock.csv",
    "item,region,qty,unit_price,added,active\n"
    "bolt,North,10,1.50,2024-01-05,yes\n"
    "nut,North,60,0.75,2024-02-10,no\n"
    "screw,South,70,2.00,2024-02-28,yes\n"
    "nail,South,5,0.10,2024-03-01,yes\n"
    "washer,East,,0.05,2023-12-31,no\n",
)
PREISE = (
    "preise.csv",
    "Artikel;Gruppe;Menge;Preis (EUR);Datum\n"
    "Schraube;A;1.200;1,50;03.04.2024\n"
    "Mutter;A;800;0,75;13.04.2024\n"
    "Nagel;B;2.500;2,00;01.05.2024\n",
)
STAFF = (
    "staff.tsv",
    "name\tusername\tteam\tsalary\nAda\tx7\tcompilers\t$1,200.50\nBob\tAda\ttheory\t$900.00\nCyd\tc3\tcompilers\t$1,500.00\n",
)
PIPES = ("cities.txt", "city|country|people\nRome|Italy|2800000\nMilan|Italy|1400000\nLyon|France|520000\n")
MARKDOWN = (
    "notes.md",
    "# Notes\n\n| plan | price | seats |\n|------|------:|---|\n| Basic | $0 | 1 |\n| Pro | $20 | 5 |\n| Max | $90 | 25 |\n\nSome text.\n",
)
RECORDS = (
    "orders.json",
    '[{"order_id": 1, "status": "shipped", "total": 10.5, "customer": {"city": "Oslo"}},\n'
    ' {"order_id": 2, "status": "open", "total": 20, "customer": {"city": "Rome"}},\n'
    ' {"order_id": 3, "status": "shipped", "total": 5.25, "customer": {"city": "Oslo"}}]\n',
)
USERS = ("u.json", '{"users": [{"name": "Ada", "age": 3}, {"name": "Bob", "age": 9}]}')
PAGE = ("page.html", "Prices\nPlan\tPrice\nBasic\t0\nPro\t20\nEnd")
LINES = (
    "events.jsonl",
    '{"kind": "login", "ms": 12}\n{"kind": "logout", "ms": 7}\n{"kind": "login", "ms": 30}\n',
)
LOG = (
    "app.log",
    "2024-03-01T10:00:00 INFO web started\n2024-03-01T10:00:05 ERROR billing gateway 502\n"
    "  at pay()\n2024-03-02T10:00:09 WARNING billing slow\n2024-03-03T11:00:00 ERROR auth timeout\n",
)
BOOK = ("book.xlsx", "item\teur\nbeans\t500\ntea\t300\nTotal\t800\ncity\tpeople\nRome\t3\nOslo\t1")
BARE = ("bare.csv", "1,2\n3,4\n")
TWO_DATES = ("dates.csv", "who,day\nAda,03/04/2024\nBob,05/06/2024\n")
PROSE = ("prose.txt", "The town has two mills.\nIt rains a lot.\n")

ANSWERED = [
    (STOCK, "How many rows are there?", "5"),
    (STOCK, "How many records does the table have?", "5"),
    (STOCK, "How many rows are in stock.csv?", "5"),
    (STOCK, "How many rows have qty > 50?", "2"),
    (STOCK, "How many rows have qty >= 60?", "2"),
    (STOCK, "How many rows have qty < 10?", "1"),
    (STOCK, "How many rows have qty ≤ 10?", "2"),
    (STOCK, "How many rows have a qty over 50?", "2"),
    (STOCK, "How many rows have more than 50 qty?", "2"),
    (STOCK, "How many rows have a qty of at least 60?", "2"),
    (STOCK, "How many rows have a qty of at most 10?", "2"),
    (STOCK, "How many rows have qty between 10 and 60?", "2"),
    (STOCK, "How many rows have qty under 60 and over 5?", "1"),
    (STOCK, "How many rows have qty = 60 or qty = 70?", "2"),
    (STOCK, "How many rows have region = North and qty = 60?", "1"),
    (STOCK, "How many rows have region != North?", "3"),
    (STOCK, "How many rows have a region other than North?", "3"),
    (STOCK, "How many rows have a region that is not North?", "3"),
    (STOCK, "How many rows are not in the North?", "3"),
    (STOCK, "How many rows are in the North?", "2"),
    (STOCK, "How many rows are in North or South?", "4"),
    (STOCK, "How many rows have region North or East?", "3"),
    (STOCK, "How many North rows have qty over 50?", "1"),
    (STOCK, "How many rows have a qty of 60 or more?", "2"),
    (STOCK, "How many rows have qty 10 or less?", "2"),
    (STOCK, "How many rows were added on 2024-02-28 or later?", "2"),
    (STOCK, "How many rows are there in total?", "5"),
    (STOCK, "Which region has the most qty?", "South"),
    (STOCK, "Which region has the most stock?", "North, South"),
    (STOCK, "How many rows have no qty?", "1"),
    (STOCK, "How many rows without a qty?", "1"),
    (STOCK, "How many rows have an empty qty?", "1"),
    (STOCK, "How many rows are active?", "3"),
    (STOCK, "How many rows are not active?", "2"),
    (STOCK, "How many rows have active = no?", "2"),
    (STOCK, "How many rows contain North?", "2"),
    (STOCK, "How many rows do not contain North?", "3"),
    (STOCK, "How many rows have an item starting with n?", "2"),
    (STOCK, "How many rows have an item that ends with t?", "2"),
    (STOCK, "How many rows have an item containing 'ash'?", "1"),
    (STOCK, "How many rows have added after 2024-02-10?", "2"),
    (STOCK, "How many rows have added before 2024-01-01?", "1"),
    (STOCK, "How many rows have added in 2024?", "4"),
    (STOCK, "How many rows have added in February 2024?", "2"),
    (STOCK, "How many rows have added since 2024-02-28?", "2"),
    (STOCK, "How many rows have region = West?", "0"),
    (STOCK, "How many items are there?", "5"),
    (STOCK, "How many regions are there?", "3"),
    (STOCK, "How many distinct regions have qty > 5?", "2"),
    (STOCK, "What is the total qty?", "145"),
    (STOCK, "What is the sum of qty?", "145"),
    (STOCK, "What is the average qty?", "36.25"),
    (STOCK, "What is the median qty?", "35"),
    (STOCK, "What is the total qty of the North?", "70"),
    (STOCK, "What is the total qty for region South?", "75"),
    (STOCK, "What is the highest qty?", "70"),
    (STOCK, "What is the minimum unit price?", "0.05"),
    (STOCK, "What is the maximum price?", "2"),
    (STOCK, "What is the latest added?", "2024-03-01"),
    (STOCK, "Which item has the highest qty?", "screw"),
    (STOCK, "Which item has the lowest unit_price?", "washer"),
    (STOCK, "Which item in the North has the highest qty?", "nut"),
    (STOCK, "Which region has the highest total qty?", "South"),
    (STOCK, "Which region has the lowest average qty?", "North"),
    (STOCK, "Which region has the fewest rows?", "East"),
    (STOCK, "What is the most expensive item?", "screw"),
    (STOCK, "Which item is the cheapest?", "washer"),
    (STOCK, "Which items have qty > 50?", "nut, screw"),
    (STOCK, "What are the distinct regions?", "North, South, East"),
    (STOCK, "What is the qty of nut?", "60"),
    (STOCK, "What is the total qty per region?", "North: 70"),
    (STOCK, "How many rows per region?", "North: 2"),
    (STOCK, "Top 2 items by qty", "screw, nut"),
    (STOCK, "Are there any rows with qty = 5?", "Yes."),
    (STOCK, "Are there any rows with qty = 6?", "No."),
    (STOCK, "How many columns are there?", "6"),
    (PREISE, "How many rows have Menge > 1000?", "2"),
    (PREISE, "How many rows have Preis over 0,75?", "2"),
    (PREISE, "What is the total Menge?", "4500"),
    (PREISE, "What is the average Preis?", "1.4167"),
    (PREISE, "Which Artikel has the highest Preis?", "Nagel"),
    (PREISE, "How many rows have Datum after 10.04.2024?", "2"),
    (PREISE, "How many rows have Gruppe = A?", "2"),
    (STAFF, "How many rows have name = Ada?", "1"),
    (STAFF, "How many rows have username = Ada?", "1"),
    (STAFF, "How many people are in team compilers?", "2"),
    (STAFF, "What is the total salary?", "3600.5"),
    (STAFF, "Who has the highest salary?", "Cyd"),
    (STAFF, "How many rows contain compilers?", "2"),
    (PIPES, "How many rows have country = Italy?", "2"),
    (PIPES, "Which city has the most people?", "Rome"),
    (MARKDOWN, "Which plan has the highest price?", "Max"),
    (MARKDOWN, "How many rows have seats > 1?", "2"),
    (RECORDS, "How many orders have status = shipped?", "2"),
    (RECORDS, "How many records have status shipped?", "2"),
    (RECORDS, "How many records have city = Oslo?", "2"),
    (RECORDS, "What is the average total?", "11.9167"),
    (USERS, "How many users have age > 5?", "1"),
    (PAGE, "Which plan has the highest price?", "Pro"),
    (LINES, "How many records have kind = login?", "2"),
    (LINES, "What is the maximum ms?", "30"),
    (LOG, "How many errors are there?", "2"),
    (LOG, "How many warnings are there?", "1"),
    (LOG, "How many entries have level ERROR?", "2"),
    (LOG, "How many errors contain billing?", "1"),
    (BOOK, "What is the total eur?", "800"),
    (BOOK, "How many rows have eur > 400?", "1"),
    (BOOK, "Which city has the most people?", "Rome"),
]

REFUSED = [
    (STOCK, "How many rows have colour = red?", "no column 'colour'; columns: item, region, qty"),
    (STOCK, "How many rows have weight > 5?", "no column 'weight'"),
    (STOCK, "What is the total weight?", "no column 'weight'"),
    (STOCK, "What is the average region?", "the column 'region' holds text"),
    (STOCK, "How many rows have region > North?", "holds text, which has no order"),
    (STOCK, "How many rows have qty = many?", "holds numbers; 'many' is none"),
    (STOCK, "How many rows have qty above fifty?", "'fifty' is none"),
    (STOCK, "How many customers are in the North?", "no column 'customers'"),
    (STOCK, "How many rows were damaged?", "'damaged'"),
    (STOCK, "How many rows have qty > 50 on Mondays?", "'Mondays'"),
    (STOCK, "How many rows are in North and South?", "no row has region = North and region = South at once"),
    (STOCK, "What percentage of rows are active?", "not understood as a computation over stock.csv"),
    (STOCK, "What is the second highest qty?", "not understood as a computation"),
    (STOCK, "How many rows with region West?", "'West' is no value of the column 'region'"),
    (STOCK, "How many rows have qty?", "nothing is asked of the column 'qty'"),
    (STOCK, "How many rows have qty > ?", "no value follows"),
    (STOCK, "Which item has the highest weight?", "no column 'weight'"),
    (TWO_DATES, "How many rows have day after 2024-04-01?", "can be read as two dates"),
    (STAFF, "How many rows are Ada?", "value of name and of username"),
    (BARE, "How many rows have qty > 1?", "columns: column 1, column 2"),
    (BOOK, "How many rows are there?", "2 tables fit"),
]  # fmt: skip


def asked(question: str, *documents: tuple[str, str]) -> TableAnswer:
    tables = [table for name, text in documents for table in tables_in(NamedText(name, text))]
    return ask(question, tables, len(documents))


@pytest.mark.parametrize(
    ("table", "question", "first"), ANSWERED, ids=[f"{t[0]}-{q}" for t, q, _ in ANSWERED]
)
def test_a_question_is_computed(table: tuple[str, str], question: str, first: str) -> None:
    found = asked(question, table)
    assert found["status"] == "answered", found["why"]
    assert found["answer"].split("\n")[0] == first, found


@pytest.mark.parametrize(("table", "question", "why"), REFUSED, ids=[f"{t[0]}-{q}" for t, q, _ in REFUSED])
def test_what_cannot_be_placed_is_named(table: tuple[str, str], question: str, why: str) -> None:
    found = asked(question, table)
    assert (found["status"], found["answer"]) == ("refused", "")
    assert why in found["why"]


@pytest.mark.parametrize(
    "question",
    [
        "What does the note say?",
        "How many files are there?",
        "How many lines contain ERROR?",
        "Who wrote the report?",
        "Summarise the table",
    ],
)
def test_other_questions_are_left_to_other_programs(question: str) -> None:
    assert asked(question, STOCK, PROSE)["status"] == "not asked"


def test_an_answer_says_what_was_computed_and_cites_rows() -> None:
    found = asked("How many rows have qty > 50?", STOCK)
    assert found["answer"] == found["text"]
    assert "2 of 5 rows of stock.csv with qty > 50" in found["text"]
    assert '[stock.csv:3 "nut,North,60,0.75,2024-02-10,no"]' in found["text"]
    assert (found["rows"], found["places"]) == (2, ["stock.csv:3", "stock.csv:4"])


def test_only_the_value_is_answered_if_nothing_else_is_asked_for() -> None:
    found = asked("How many rows have qty > 50? Answer with the number, and nothing else.", STOCK)
    assert found["answer"] == "2"
    assert found["text"].startswith("2\n\n2 of 5 rows of stock.csv with qty > 50")


def test_no_row_names_the_values_that_exist() -> None:
    found = asked("How many rows have region = West?", STOCK)
    assert "values of region: North, South, East" in found["text"]
    assert found["notes"] == ["values of region: North, South, East"]


def test_rows_without_a_value_and_rows_left_out_are_said() -> None:
    assert "1 rows have no qty" in asked("What is the total qty?", STOCK)["text"]
    assert "the last row is a sum and is left out" in asked("What is the total eur?", BOOK)["text"]


def test_among_several_tables_the_one_that_fits_is_taken() -> None:
    found = asked("How many rows have country = Italy?", STOCK, PIPES, STAFF)
    assert found["answer"].startswith("2\n\n2 of 3 rows of cities.txt")


def test_tables_with_the_same_columns_are_one() -> None:
    again = ("more.csv", STOCK[1])
    found = asked("How many rows have qty > 50?", STOCK, again)
    assert found["answer"].startswith("4\n\n4 of 10 rows of stock.csv, more.csv")
    found = asked("How many rows in more.csv have qty > 50?", STOCK, again)
    assert found["answer"].startswith("2\n\n2 of 5 rows of more.csv")


def test_a_question_about_rows_of_a_text_without_tables_is_not_counted() -> None:
    assert asked("How many rows have qty > 50?", PROSE)["status"] == "no table"


def test_words_of_a_question_stay_data() -> None:
    assert asked("How many rows have x = '); raise SystemExit  #'?", STOCK)["status"] == "refused"
    assert asked('How many rows have region = "\'); 1/0"?', STOCK)["answer"].startswith("0")


def test_more_tables_than_a_question_is_read_over_are_refused() -> None:
    tables = tables_in(NamedText(*STOCK)) * 201
    found = ask("How many rows are there?", tables, 1)
    assert (found["status"], found["why"]) == (
        "refused",
        "the context has 1 more tables; ask over fewer files",
    )


def test_a_text_in_place_of_a_question_is_not_read() -> None:
    found = asked("How many rows have qty > 50? " + "really " * 300, STOCK)
    assert (found["status"], found["answer"]) == ("not asked", "")


def test_an_answer_names_places() -> None:
    table = tables_in(NamedText("t.csv", "name,qty\nNew York,3\nOslo,1\nOslo,\n"))[0]
    assert told(Computed("1", "what", table.rows, ["a note"], 1)).split("\n") == [
        "1",
        "",
        "what",
        '- New York,3 [t.csv:2 "New York,3"]',
        "- and 2 more rows",
        "Note: a note.",
    ]
