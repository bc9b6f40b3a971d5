"""Answers leave a trail that can be followed, and nothing is answered without evidence."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from harlm.errors import ConfigError
from harlm_bench import tasks
from harlm_bench.items import Question
from harlm_bench.simulator import audit
from harlm_bench.simulator.attacks import attacks
from harlm_bench.simulator.profile import load
from harlm_bench.systems import Limits
from tests.support.simulated import TINY, post, serving


def score(question: Question, answer: str) -> float:
    return float(answer.strip() == question.gold)


def test_each_answer_names_its_items_and_where_they_stand() -> None:
    with serving() as served:
        model = served.gateway.open("q", Limits())
        asked = [f"{served.window.text}\n\nQuestion: {each.text}" for each in served.window.questions]
        for prompt, question in zip(asked, served.window.questions, strict=True):
            assert post(model.base_url, prompt).text == question.gold
        lines = served.log.lines
    texts = {line.request: prompt for line, prompt in zip(lines, asked, strict=True)}
    assert [len(line.used) for line in lines][2:] == [1, 2]
    assert audit.misplaced(lines, lambda line: texts[line.request]) == []
    moved = audit.misplaced(lines, lambda line: "x" + texts[line.request])
    assert len(moved) == sum(len(line.used) for line in lines)
    assert "was not kept" in audit.misplaced(lines, lambda line: None)[0]
    assert audit.by_question(lines) == {"q": lines}


def test_a_right_answer_without_a_trail_is_a_fault() -> None:
    with serving() as served:
        model = served.gateway.open("q", Limits())
        post(model.base_url, f"{served.window.text}\n\nQuestion: {served.window.questions[0].text}")
        model = served.gateway.open("empty", Limits())
        post(model.base_url, "How many lines are glad?")
        assert audit.without_evidence(["q", "empty", "never asked"], served.log.lines) == [
            "empty",
            "never asked",
        ]


def test_a_log_is_read_again_and_a_damaged_one_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "audit.jsonl"
    log = audit.Log(file, keeps=False)
    line = audit.Line(question="q", request="ab", model="m", role="leaf", used=(audit.Use("00", 1, 2),))
    log.add(line)
    log.close()
    assert list(audit.read(file)) == [line]
    assert log.lines == ()
    long = msgspec.structs.replace(line, used=line.used * 50)
    again = audit.Log(file, keeps=False)
    again.add(long)
    assert [len(each.used) for each in audit.read(file)] == [1, 20]  # on the disk before the answer is given
    again.close()
    file.write_bytes(msgspec.json.encode(line) + b"\n{}\n")
    with pytest.raises(ConfigError, match="line 2"):
        list(audit.read(file))
    with pytest.raises(ConfigError, match="cannot be read"):
        list(audit.read(tmp_path / "absent"))


@pytest.mark.parametrize("name", ["gpt-5-like", "local-0.5b", "perfect"])
def test_the_four_attacks_score_as_chance_does(name: str) -> None:
    windows = [TINY.window(seed, 600) for seed in range(1, 7)]
    honest, *four = attacks(windows, load(name), [TINY], score)
    assert [each.name for each in four] == [
        "empty context",
        "question only",
        "wrong store key",
        "shuffled labels",
    ]
    assert all(each.failed for each in four), four
    assert not honest.failed, honest
    assert four[0].questions == 24


def test_rows_without_their_header_are_worth_no_more_than_chance() -> None:
    family = tasks.family("tables")
    windows = [family.window(seed, 3_000, 8) for seed in (1, 2)]
    honest, *_, alone = attacks(windows, load("perfect"), [family], score)
    assert (alone.name, alone.questions) == ("items without their frame", 16)
    assert alone.failed, alone
    assert honest.score == 1.0
