from __future__ import annotations

from pathlib import Path

import pytest

from harlm.errors import ConfigError, ContextError
from harlm_bench.journal import Key, Writer, key_of, read
from harlm_bench.suites import Load
from harlm_bench.systems import Limits
from tests.unit.bench.made import EMBEDDED, ENTRIES, header, journal, result

PATH = Path("runs/journal.jsonl")


def test_what_was_written_is_read() -> None:
    found = journal(PATH, [result(question="q0"), result(question="q1", score=0.25)])
    assert [each.score for each in found.results] == [1.0, 0.25]
    assert found.header == header()
    assert found.notes == ()
    assert found.expected == (7 * 3 + 3 * 2 + 3 * 2) * len(ENTRIES)


def test_a_line_that_a_crash_cut_off_is_left_out_with_a_note_and_written_over() -> None:
    journal(PATH, [result(question="q0"), result(question="q1")])
    data = PATH.read_bytes()
    PATH.write_bytes(data[:-40])
    found = read(PATH)
    assert [each.question for each in found.results] == ["q0"]
    assert "cut off" in found.notes[0]
    with Writer(PATH, header()) as writer:
        assert writer.before.notes == found.notes
        writer.add(result(question="q1"))
    again = read(PATH)
    assert [each.question for each in again.results] == ["q0", "q1"]
    assert again.notes == ()


def test_a_crash_at_any_byte_leaves_a_journal_that_can_be_continued() -> None:
    journal(PATH, [result(question="q0"), result(question="q1")])
    data = PATH.read_bytes()
    for size in range(0, len(data), 37):
        PATH.write_bytes(data[:size])
        with Writer(PATH, header()) as writer:
            writer.add(result(question="q2"))
        assert [each.question for each in read(PATH).results][-1] == "q2"


def test_a_damaged_line_in_the_middle_is_an_error_that_names_it() -> None:
    journal(PATH, [result()])
    PATH.write_bytes(PATH.read_bytes().replace(b'{"result"', b'{"resul', 1))
    with pytest.raises(ContextError, match=r"line 2 is not a line of a journal .*--fresh"):
        read(PATH)


@pytest.mark.parametrize("text", ["no journal\n", '{"result":null}\n'])
def test_another_file_is_no_journal(text: str) -> None:
    Path("other.txt").write_text(text, encoding="utf-8")
    with pytest.raises(ContextError, match=r"other\.txt"):
        read(Path("other.txt"))


def test_a_missing_journal_says_what_to_name() -> None:
    with pytest.raises(ContextError, match=r"cannot be read .*harlm bench run"):
        read(Path("none.jsonl"))


def test_a_question_with_a_result_is_not_asked_again() -> None:
    done = result()
    journal(PATH, [done])
    with Writer(PATH, header()) as writer:
        assert writer.has(key_of(done), done.window)
        assert not writer.has(Key(done.system, done.digest, "q9"), done.window)
        assert not writer.has(Key("base", done.digest, done.question), done.window)


@pytest.mark.parametrize(("status", "is_kept"), [("crashed", True), ("limit", True), ("endpoint", False), ("not installed", False)])  # fmt: skip
def test_what_never_ran_is_asked_again_and_what_failed_is_not(status: str, is_kept: bool) -> None:
    failed = result(status=status, score=0.0)  # type: ignore[arg-type] # a status
    journal(PATH, [failed])
    with Writer(PATH, header()) as writer:
        assert writer.has(key_of(failed), failed.window) is is_kept
        writer.add(result(score=0.5))
    found = read(PATH)
    assert [each.score for each in found.results] == [0.5]
    assert found.replaced == 1


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"label": EMBEDDED}, "the label SIMULATED.*and this run has EMBEDDED"),
        ({"seed": 4}, "seed 0, and this run has 4"),
        ({"suite": "paper"}, "suite quick"),
        ({"versions": {"oolong": 2}}, "version 1 of the generator of oolong, and this run has version 2"),
        ({"loads": (Load(task="oolong", tokens=99, windows=1, questions=1),)}, "the windows"),
        ({"packages": {"harlm": "0.2.0"}}, r"harlm 0\.1\.0, and this run has 0\.2\.0"),
        ({"limits": Limits(calls=3)}, "limits of a question that it does not tell"),
        ({"code": "0123"}, "the sources that it does not tell, and this run has 0123"),
    ],
)
def test_a_journal_of_something_else_is_not_continued(changed: dict[str, object], said: str) -> None:
    journal(PATH, [result()])
    with pytest.raises(ConfigError, match=f"{said}.*--fresh.*--out"):
        Writer(PATH, header(**changed))  # type: ignore[arg-type] # fields by name
    assert len(read(PATH).headers) == 1


def test_a_journal_of_a_version_that_tells_neither_code_nor_limits_is_read() -> None:
    journal(PATH, [result()])
    whole = PATH.read_text(encoding="utf-8")
    older = whole.replace('"code":"",', "").replace('"limits":null,', "").replace(',"origin":null', "")
    assert len(older) == len(whole) - len('"code":"","limits":null,,"origin":null')
    PATH.write_text(older, encoding="utf-8")
    assert read(PATH).header == header()


def test_a_window_with_another_text_is_not_continued() -> None:
    done = result()
    journal(PATH, [done])
    with Writer(PATH, header()) as writer, pytest.raises(ConfigError, match=r"another-dige.*--fresh"):
        writer.has(Key(done.system, "another-digest", done.question), done.window)


def test_more_systems_can_join_a_journal() -> None:
    journal(PATH, [result()], header(systems=ENTRIES[:1]))
    found = journal(PATH, [result("base")], header(systems=ENTRIES[3:4]))
    assert [entry.key for entry in found.header.systems] == ["base", "harlm"]
    assert len(found.headers) == 2


def test_a_fresh_journal_keeps_the_old_one_beside_it() -> None:
    journal(PATH, [result()])
    with Writer(PATH, header(label=EMBEDDED), fresh=True):
        pass
    assert read(PATH).results == ()
    assert len(read(PATH.with_name("journal.jsonl.old")).results) == 1


def test_two_runs_do_not_write_one_journal() -> None:
    with Writer(PATH, header()), pytest.raises(ConfigError, match=r"being written by another run"):
        Writer(PATH, header())


def test_a_folder_that_cannot_be_written_is_named() -> None:
    Path("file").write_text("", encoding="utf-8")
    with pytest.raises(ContextError, match=r"file/journal.jsonl.*--out"):
        Writer(Path("file/journal.jsonl"), header())
