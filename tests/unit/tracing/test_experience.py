"""What runs teach the router, kept from run to run."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harlm.errors import ConfigError
from harlm.events import Judged, Noted
from harlm.tracing.experience import Skills, rated, ratings_in
from harlm.types import MODES, Confidence, Mode, Signals

SKILLS, RATINGS = Path("home/router/skills.json"), Path("home/router/ratings.json")
BROKEN: tuple[bytes, ...] = (
    b"",
    b"no json",
    b"[1, 2]",
    b"3",
    b'{"m": 1}',
    b'{"m": [1]}',
    b'{"m": [-1, 3]}',
    b'{"m": ["a", "b"]}',
    b'{"c": {"deep": [1, 2]}}',
    b'{"c": {"plan": [1, 2, 3]}}',
    b'{"m": [1, 2]',
    b"\xff\xfe\x00",
    b"[" * 100_000,
    b" " * 300_000,
)


def judged(model: str = "a/b", mode: Mode = "full", ran_clean: bool | None = True) -> Judged:
    return Judged(model=model, mode=mode, confidence=Confidence(signals=Signals(ran_clean=ran_clean)))


def test_the_skill_of_a_model_is_its_share_of_clean_runs_drawn_towards_the_usual_one() -> None:
    skills = Skills(SKILLS)
    assert skills.of("a/b") is None
    for ran_clean in (True, False, True, None):
        skills.emit(judged(ran_clean=ran_clean))
    assert skills.of("a/b") == pytest.approx((3 + 7) / (4 + 10))
    assert skills.of("c/d") is None


def test_only_answers_by_code_count() -> None:
    skills = Skills(SKILLS)
    skills.emit(judged(mode="direct"))
    skills.emit(judged(mode="plan"))
    skills.emit(Noted(message="x"))
    assert skills.of("a/b") is None
    assert not SKILLS.exists()
    skills.emit(judged(mode="repl"))
    assert skills.of("a/b") is not None


def test_skills_survive_and_runs_at_the_same_time_add_up() -> None:
    first, second = Skills(SKILLS), Skills(SKILLS)
    for _ in range(50):
        first.emit(judged("good"))
        second.emit(judged("bad", ran_clean=False))
    again = Skills(SKILLS)
    assert again.of("good") == pytest.approx(57 / 60)
    assert again.of("bad") == pytest.approx(7 / 60)


def test_broken_and_foreign_files_count_as_empty_and_are_replaced() -> None:
    SKILLS.parent.mkdir(parents=True)
    for data in BROKEN:
        SKILLS.write_bytes(data)
        RATINGS.write_bytes(data)
        skills = Skills(SKILLS)
        assert skills.of("m") is None, data[:20]
        assert ratings_in(RATINGS) == {}, data[:20]
        skills.emit(judged("m"))
        rated(RATINGS, "corpus", "plan", is_good=True, before=None)
        assert Skills(SKILLS).of("m") is not None, data[:20]
        assert ratings_in(RATINGS) == {"corpus": {"plan": (1, 0)}}, data[:20]


def test_a_folder_in_the_place_of_a_file_counts_as_empty() -> None:
    SKILLS.mkdir(parents=True)
    RATINGS.mkdir()
    skills = Skills(SKILLS)
    skills.emit(judged())
    assert ratings_in(RATINGS) == {}
    with pytest.raises(ConfigError, match=r"ratings\.json.*set HARLM_HOME to a writable folder"):
        rated(RATINGS, "corpus", "plan", is_good=True, before=None)


def test_a_home_that_cannot_be_written_costs_no_run_and_no_rating_is_lost_in_silence() -> None:
    Path("home").write_text("a file", encoding="utf-8")
    skills = Skills(SKILLS)
    skills.emit(judged())
    assert skills.of("a/b") is not None  # it is known until the end of this process
    assert Skills(SKILLS).of("a/b") is None
    with pytest.raises(ConfigError, match=r"the rating cannot be kept in .*ratings\.json.*HARLM_HOME"):
        rated(RATINGS, "corpus", "plan", is_good=True, before=None)


def test_nothing_unfinished_is_left() -> None:
    Skills(SKILLS).emit(judged())
    rated(RATINGS, "corpus", "plan", is_good=True, before=None)
    assert sorted(each.name for each in SKILLS.parent.iterdir()) == ["ratings.json", "skills.json"]


def test_the_files_keep_the_newest_two_thousand() -> None:
    SKILLS.parent.mkdir(parents=True)
    SKILLS.write_text(json.dumps({f"m{at}": [1, 2] for at in range(2_000)}), encoding="utf-8")
    RATINGS.write_text(json.dumps({f"{at:016x}": {"plan": [1, 2]} for at in range(2_000)}), encoding="utf-8")
    skills = Skills(SKILLS)
    skills.emit(judged("m0"))
    skills.emit(judged("new"))
    rated(RATINGS, "new", "full", is_good=False, before=None)
    models, corpora = json.loads(SKILLS.read_bytes()), ratings_in(RATINGS)
    assert (len(models), len(corpora)) == (2_000, 2_000)
    assert models["m0"] == [2, 3]
    assert "m1" not in models
    assert list(models)[-1] == "new"
    assert f"{0:016x}" not in corpora
    assert corpora["new"] == {"full": (0, 1)}


def test_full_files_of_long_names_are_read_again() -> None:
    """A file that grows beyond what is read would lose all that it holds."""
    RATINGS.parent.mkdir(parents=True)
    modes = {mode: [999, 999] for mode in MODES}
    RATINGS.write_text(
        json.dumps({f"{at:016x}": modes for at in range(2_000)}, separators=(",", ":")), encoding="utf-8"
    )
    rated(RATINGS, "new", "full", is_good=True, before=None)
    assert len(ratings_in(RATINGS)) == 2_000


def test_ratings_are_counted_by_corpus_and_mode() -> None:
    for corpus, mode, is_good in (
        ("a", "plan", True),
        ("a", "plan", True),
        ("a", "full", False),
        ("b", "plan", False),
    ):
        rated(RATINGS, corpus, mode, is_good=is_good, before=None)  # type: ignore[arg-type] # a mode
    assert ratings_in(RATINGS) == {"a": {"plan": (2, 0), "full": (0, 1)}, "b": {"plan": (0, 1)}}


def test_a_run_that_is_rated_again_counts_once() -> None:
    rated(RATINGS, "a", "plan", is_good=True, before=None)
    rated(RATINGS, "a", "plan", is_good=False, before=True)
    assert ratings_in(RATINGS) == {"a": {"plan": (0, 1)}}
    rated(RATINGS, "a", "plan", is_good=False, before=False)
    assert ratings_in(RATINGS) == {"a": {"plan": (0, 1)}}
    rated(RATINGS, "a", "plan", is_good=True, before=False)
    assert ratings_in(RATINGS) == {"a": {"plan": (1, 0)}}


def test_an_earlier_rating_that_was_lost_takes_nothing_away() -> None:
    rated(RATINGS, "a", "plan", is_good=True, before=False)
    assert ratings_in(RATINGS) == {"a": {"plan": (1, 0)}}


@given(st.lists(st.tuples(st.sampled_from("abc"), st.booleans()), max_size=6))
def test_counts_are_those_of_the_last_rating_of_each_run(given_: list[tuple[str, bool]]) -> None:
    RATINGS.unlink(missing_ok=True)
    last: dict[str, bool] = {}
    for run, is_good in given_:
        rated(RATINGS, "corpus", "repl", is_good=is_good, before=last.get(run))
        last[run] = is_good
    good = sum(last.values())
    expected = {"corpus": {"repl": (good, len(last) - good)}} if last else {}
    assert ratings_in(RATINGS) == expected
