"""Items are found by their exact text, whatever stands around them, and by nothing else."""

from __future__ import annotations

import json
import time

import pytest

from harlm_bench import tasks
from harlm_bench.items import Fact
from harlm_bench.simulator.store import Found, Store

FACTS = (
    Fact(
        text='2024-03-01 | user 4 | the "old" river',
        kind="line",
        attributes={"n": "0"},
        guessable={"mood": ("a", "b")},
    ),
    Fact(text="The code of lamp-1 is 48213.", kind="code", attributes={"n": "1"}),
    Fact(text="Dr. Weber leads lamp-1. She has done so since May.", kind="lead", attributes={"n": "2"}),
    Fact(text="Zoë asked: where is it?", kind="line", attributes={"n": "3"}),
    Fact(text="def read(self):\n        return 1", kind="function", attributes={"n": "4"}),
)


@pytest.fixture
def store() -> Store:
    return Store(FACTS)


def numbers(found: tuple[Found, ...]) -> list[str]:
    return [each.fact.attributes["n"] for each in found]


@pytest.mark.parametrize(
    "form",
    [
        "{}",
        "   {}  ",
        "12. {}",
        "12) {}",
        "[12] {}",
        "- {}",
        "* 7: {}",
        "> {}",
        "Text: {}",
        'Line 3: "{}"',
        "'{}',",
        "Question: what? Text: {}",
    ],
)
@pytest.mark.parametrize("fact", FACTS[:4], ids=lambda fact: fact.kind + fact.attributes["n"])
def test_an_item_is_found_with_anything_usual_around_it(store: Store, form: str, fact: Fact) -> None:
    text = form.format(fact.text)
    found = store.find(f"Some words before.\n{text}\nand after.")
    assert numbers(found) == [fact.attributes["n"]]


def test_numbers_before_items_are_kept(store: Store) -> None:
    assert [each.number for each in store.find(f"12. {FACTS[1].text}\nLine 7: {FACTS[3].text}")] == [
        "12",
        "7",
    ]


def test_items_are_found_in_lists_as_json_and_python_write_them(store: Store) -> None:
    texts = [fact.text for fact in FACTS[:4]]
    for written in (json.dumps(texts), json.dumps(texts, ensure_ascii=False), repr(texts)):
        assert numbers(store.find(written)) == ["0", "1", "2", "3"]


def test_sentences_are_found_within_prose_with_their_places(store: Store) -> None:
    text = f"It rained. {FACTS[2].text} {FACTS[1].text} No guests came! {FACTS[3].text} Then it ended."
    found = store.find(text)
    assert numbers(found) == ["2", "1", "3"]
    assert [text[each.start : each.end] for each in found] == [FACTS[2].text, FACTS[1].text, FACTS[3].text]


def test_an_item_of_several_lines_is_found(store: Store) -> None:
    assert numbers(store.find(f"class A:\n    {FACTS[4].text}\n\n    x = 1")) == ["4"]


def test_a_field_of_an_item_tells_only_what_it_says() -> None:
    fact = Fact(
        text="2024-03-01 || User: 4417 || Instance: the river rose in the night",
        kind="line",
        attributes={"date": "2024-03-01", "user": "4417", "label": "warning"},
        guessable={"label": ("warning", "offer")},
    )
    (found,) = Store([fact]).find("the river rose in the night")
    assert found.fact.attributes == {"label": "warning"}
    (whole,) = Store([fact]).find(fact.text)
    assert whole.fact.attributes == fact.attributes


@pytest.mark.parametrize(
    "text", ["", "The code of lamp-1 is 48214.", "the code of lamp-1 is 48213", "48213", "\n \n"]
)
def test_another_text_opens_nothing(store: Store, text: str) -> None:
    assert store.find(text) == ()


def test_a_store_is_of_no_use_with_another_key(store: Store) -> None:
    text = "\n".join(fact.text for fact in FACTS)
    assert store.opened_with("another").find(text) == ()
    assert len(store.find(text)) == len(FACTS)


def test_a_text_that_stands_for_several_facts_shows_all() -> None:
    both = [Fact(text="return None", kind="line", attributes={"module": name}) for name in ("a.py", "b.py")]
    assert [each.fact.attributes["module"] for each in Store(both).find("return None")] == ["a.py", "b.py"]


def test_the_time_of_a_search_grows_no_faster_than_the_text() -> None:
    store = Store(
        Fact(text=f"Fact number {number} is here.", kind="x", attributes={}) for number in range(500)
    )
    hard = "a, 'b', \"c\": " * 2_000 + "\n" + "x. " * 5_000

    def seconds(copies: int) -> float:
        began = time.process_time()
        store.find(hard * copies)
        return time.process_time() - began

    few = min(seconds(1) for _ in range(3))
    assert seconds(8) < 8 * few * 4 + 0.05


@pytest.mark.parametrize(
    ("before", "is_known"),
    [
        ("city,colour\n", True),
        ("['city', 'colour']\n", True),
        ("| city | colour |\n", True),
        ("", False),
        ("city\n", False),
    ],
)
def test_what_a_frame_tells_is_known_only_behind_the_frame(before: str, is_known: bool) -> None:
    row = Fact(
        text="Oslo,red",
        kind="row",
        attributes={"city": "Oslo", "length": "8"},
        frame="city,colour",
        framed=("city",),
    )
    (found,) = Store([row]).find(f"{before}Oslo,red\n")
    assert found.fact.attributes.get("city") == ("Oslo" if is_known else None)
    assert found.fact.attributes["length"] == "8"
    (behind,) = Store([row]).find("Oslo,red\ncity,colour")
    assert "city" not in behind.fact.attributes


def test_an_item_that_tells_nothing_without_its_frame_is_not_found() -> None:
    row = Fact(
        text="Oslo,red", kind="row", attributes={"city": "Oslo"}, frame="city,colour", framed=("city",)
    )
    assert Store([row]).find("Oslo,red") == ()


def test_a_method_without_its_class_has_only_its_own_name() -> None:
    window = tasks.family("codeqa").window(1, 30_000, 12)
    method = next(each for each in window.facts if each.frame)
    store = Store.of([window])
    (alone,) = store.find(method.text)
    (within,) = [
        each for each in store.find(f"{method.frame}:\n    {method.text}") if each.fact.kind == "function"
    ]
    assert "name" not in alone.fact.attributes
    assert within.fact.attributes["name"].endswith(f".{alone.fact.attributes['own']}")
    assert {each.fact.attributes.get("name") for each in store.find(window.text)} >= {
        each.attributes["name"] for each in window.facts
    }
