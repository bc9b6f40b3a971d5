from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from harlm.retrieval.index import PassageIndex, has_fts5, open_index
from harlm.retrieval.postings import any_of
from harlm.threads import StopFlag

TEXTS = [
    "The harbour was dredged in 1901.\n\n" + "Ships wait outside. " * 30,
    "A lighthouse stands on the rock. " * 20,
    "snake_case_name = parse_date(value)  # parses dates",
]


def test_the_passage_with_the_words_comes_first() -> None:
    with open_index(TEXTS) as index:
        (best, score), *_ = index.best(["lighthouse"], 5)
        assert index.passage(best)[0] == 1
        assert score > 0


def test_words_are_stemmed_and_split_at_underscores() -> None:
    with open_index(TEXTS) as index:
        assert index.passage(index.best(["dredging"], 1)[0][0])[0] == 0
        assert index.passage(index.best(["dates"], 1)[0][0])[0] == 2


def test_search_can_stay_within_one_text() -> None:
    with open_index(["apple pie. " * 50, "apple. " * 50, "", "apple. " * 50]) as index:
        for within in (0, 1, 3):
            found = index.best(["apple"], 10, within=within)
            assert {index.passage(number)[0] for number, _ in found} == {within}
        assert index.best(["apple"], 10, within=2) == []


def test_hostile_words_are_only_words() -> None:
    with open_index(TEXTS) as index:
        assert index.best(['" OR 1=1 --', "NEAR(", "*", ""], 5) == []
        assert index.best([], 5) == []
        assert index.best(["rock"], 0) == []


def test_frequency_is_in_passages() -> None:
    with open_index(["red. " * 100, "red blue"]) as index:
        assert index.frequency("blue") == 1
        assert index.frequency("red") >= 2
        assert index.frequency("green") == 0


def test_an_index_is_kept_and_found_again(tmp_path: Path) -> None:
    file = tmp_path / "index.db"
    first = open_index(TEXTS, file=file, key="abc123")
    found = first.best(["harbour"], 3)
    first.close()
    again = open_index([], file=file, key="abc123")  # no texts: it must come from the file
    assert again.best(["harbour"], 3) == found
    assert len(again) == len(first)
    again.close()
    assert file.stat().st_mode & 0o077 == 0


def test_another_key_is_another_index(tmp_path: Path) -> None:
    file = tmp_path / "index.db"
    open_index(TEXTS, file=file, key="one").close()
    with open_index(["only this"], file=file, key="two") as other:
        assert len(other) == 1


def test_the_oldest_indexes_are_forgotten(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("harlm.retrieval.index._KEPT", 2)
    file = tmp_path / "index.db"
    for key in ("one", "two", "three"):
        open_index(TEXTS, file=file, key=key).close()
    with closing(sqlite3.connect(file)) as connection:
        assert {row[0] for row in connection.execute("SELECT key FROM indexes")} == {"two", "three"}


def test_a_broken_file_is_moved_aside_and_replaced(tmp_path: Path) -> None:
    file = tmp_path / "index.db"
    file.write_bytes(b"this is not a database" * 100)
    with open_index(TEXTS, file=file, key="abc") as index:
        assert index.best(["lighthouse"], 1)
    assert list(tmp_path.glob("index.db.broken-*"))
    with open_index([], file=file, key="abc") as again:
        assert again.best(["lighthouse"], 1)


def test_without_a_writable_file_the_index_is_in_memory(tmp_path: Path) -> None:
    with open_index(TEXTS, file=tmp_path / "missing" / "index.db", key="abc") as index:
        assert index.best(["lighthouse"], 1)


def test_a_file_of_another_user_is_used_as_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Path, "chmod", refuse)
    open_index(TEXTS, file=tmp_path / "index.db", key="abc").close()
    with open_index([], file=tmp_path / "index.db", key="abc") as index:
        assert index.best(["lighthouse"], 1)


def test_with_a_broken_file_that_cannot_be_moved_the_index_is_in_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "index.db").write_bytes(b"this is not a database" * 100)
    monkeypatch.setattr(Path, "replace", refuse)
    with open_index(TEXTS, file=tmp_path / "index.db", key="abc") as index:
        assert index.best(["lighthouse"], 1)


def refuse(path: Path, *_: object) -> None:
    raise PermissionError(1, "Operation not permitted", str(path))


@pytest.mark.parametrize("spans", ["x'0102'", "'text'", "x'0102030405060708'", "7"])
def test_damaged_spans_are_rebuilt(tmp_path: Path, spans: str) -> None:
    file = tmp_path / "index.db"
    open_index(TEXTS, file=file, key="abc").close()
    change(file, f"UPDATE indexes SET spans = {spans}")
    with open_index(TEXTS, file=file, key="abc") as index:
        assert index.passage(index.best(["lighthouse"], 1)[0][0])[0] == 1


def test_an_index_whose_table_is_gone_is_rebuilt(tmp_path: Path) -> None:
    file = tmp_path / "index.db"
    open_index(TEXTS, file=file, key="abc").close()
    change(file, "DROP TABLE p_abc")
    with open_index(TEXTS, file=file, key="abc") as index:
        assert index.best(["lighthouse"], 1)


def change(file: Path, statement: str) -> None:
    with closing(sqlite3.connect(file, isolation_level=None)) as connection:
        connection.execute(statement)


@pytest.mark.parametrize("kept", ["abc", "other"])
def test_while_another_process_locks_the_file_the_index_is_in_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kept: str
) -> None:
    monkeypatch.setattr("harlm.retrieval.index._PATIENCE_S", 0.05)
    file = tmp_path / "index.db"
    open_index(TEXTS, file=file, key=kept).close()
    with closing(sqlite3.connect(file, isolation_level=None)) as holder:
        holder.execute("BEGIN IMMEDIATE")
        with open_index(TEXTS, file=file, key="abc") as index:
            assert index.best(["lighthouse"], 1)
        assert holder.execute("SELECT key FROM indexes").fetchall() == [(kept,)]


def test_lone_surrogates_do_not_stop_indexing() -> None:
    with open_index(["broken \ud800 text about owls"]) as index:
        assert index.best(["owls"], 1)


def test_this_python_can_search() -> None:
    assert has_fts5()


LARGE = [
    f"Passage {at} is about {('tides', 'harbours', 'lamps', 'ropes')[at % 4]} and word{at % 97}. "
    + "It continues. " * 40
    for at in range(4_200)
]


@pytest.mark.parametrize(
    "words",
    [
        ["lamps", "word13"],
        ["RÓPES", "word5", "continues"],
        ["4033"],
        ["nothing"],
        ["tides", "harbours"],
        ["*"],
    ],
)
def test_many_passages_are_ranked_as_fts5_ranks_them(words: list[str]) -> None:
    with open_index(LARGE) as index:
        assert isinstance(index, PassageIndex)
        ranked = index.best(words, 20)
        scores = dict(index._matching(any_of(words), 0, len(index) - 1, len(index), StopFlag()))
        best = sorted(scores.values(), reverse=True)[:20]
        assert len(ranked) == len(best)
        for (number, _), score in zip(ranked, best, strict=True):
            assert scores[number] == pytest.approx(score, rel=0.05)


def test_impacts_of_common_words_are_stored_and_checked(tmp_path: Path) -> None:
    file = tmp_path / "index.db"
    with open_index(LARGE, file=file, key="large") as index:
        expected = index.best(["lamps", "word13"], 10)
    with closing(sqlite3.connect(file)) as connection, connection:
        sizes = dict(connection.execute("SELECT stem, length(spread) FROM i_p_large"))
        assert sizes["lamp"] == sizes["tide"] >= len(LARGE)
        assert sizes["about"] == 0, "it is everywhere, and says nothing"
        assert "word13" not in sizes
    with open_index([], file=file, key="large") as index:
        assert index.best(["lamps", "word13"], 10) == expected
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute("UPDATE i_p_large SET spread = x'0102'")
    with (
        open_index([], file=file, key="large") as index,
        pytest.raises(sqlite3.DatabaseError, match="the impact of 'lamp' is damaged"),
    ):
        index.best(["lamps"], 10)


def test_one_text_of_many_passages_can_be_searched_alone() -> None:
    long = "\n\n".join(LARGE)
    with open_index([LARGE[0], long, LARGE[2]]) as index:
        found = index.best(["lamps"], 5_000, within=1)
        assert {index.passage(number)[0] for number, _ in found} == {1}
        assert len(found) == 1_050
        assert index.passage(index.best(["lamps"], 1, within=2)[0][0])[0] == 2


def test_a_word_that_is_everywhere_counts_only_if_there_is_no_other() -> None:
    with open_index(LARGE) as index:
        assert len(index.best(["about"], 9)) == 9
        assert [number for number, _ in index.best(["about", "4033"], 9)] == [4_033]


def test_how_often_a_word_occurs_counts() -> None:
    seldom = [
        f"{text} {'kelp ' * (at // 20 % 5 + 1) if at % 20 == 0 else 'sand'}" for at, text in enumerate(LARGE)
    ]
    with open_index(seldom) as index:
        found = [number for number, _ in index.best(["kelp", "tides"], 40)]
        assert {number // 20 % 5 + 1 for number in found[:20]} == {5}


def test_an_index_that_lacks_a_table_is_rebuilt(tmp_path: Path) -> None:
    file = tmp_path / "index.db"
    with open_index(LARGE, file=file, key="large") as index:
        expected = index.best(["lamps"], 10)
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute("DROP TABLE i_p_large")
    with open_index(LARGE, file=file, key="large") as index:
        assert index.best(["lamps"], 10) == expected
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute("UPDATE i_p_large SET holding = -5")
    with (
        open_index([], file=file, key="large") as index,
        pytest.raises(sqlite3.DatabaseError, match="-5 of them with the word"),
    ):
        index.best(["lamps"], 10)
