from __future__ import annotations

import ast
import re
import sysconfig
from collections import Counter
from pathlib import Path
from random import Random

import pytest

from harlm.errors import ConfigError
from harlm_bench.items import Question, Window
from harlm_bench.scoring import score
from harlm_bench.tasks import code_sources, codeqa
from harlm_bench.tasks.code_asking import askable, facts_of
from harlm_bench.tasks.code_edits import NewNames, changed_module
from harlm_bench.tasks.code_questions import worded
from harlm_bench.tasks.codeqa import FAMILY
from tests.unit.bench.tasks.solving import reference_score, size_error, unfound

_SOURCE = '''
"""A module."""
class Pond(dict):
    pass

class Lake:
    pass

class Basin(object):
    def fill_up(self, litres=4, *, slowly=True, label="tap"):
        self.fill_up_check(litres)
        raise ValueError("no water")

    def fill_up_check(self, litres): return _drain_it(litres)

class Tub(Basin):
    def fill_up(self, litres=4): return _look_in()

def _drain_it(litres, ratio=0.5, name=None):
    raise KeyError

def _look_in():
    return "é", [_x for _x in ()]
'''


@pytest.fixture(scope="module")
def window() -> Window:
    return FAMILY.window(1, 65_536, 24)


def _function(tree: ast.Module, name: str) -> ast.FunctionDef | ast.AsyncFunctionDef:
    owner, _, own = name.rpartition(".")
    body = (
        next(each.body for each in tree.body if isinstance(each, ast.ClassDef) and each.name == owner)
        if owner
        else tree.body
    )
    return next(
        each for each in body if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef) and each.name == own
    )


def _truth(window: Window, question: Question) -> str:
    """The answer by another way than the generator's: names in the text of one module."""
    module = re.search(r"In (\S+), ", question.text)
    assert module
    tree = ast.parse(window.documents[module[1]])
    names = re.findall(r"`([\w.]+)`", question.text.partition("?")[0])
    kind = question.kind.partition(",")[0]
    if kind == "default":
        detail, subject = names
        arguments = _function(tree, subject).args
        pairs = [
            *zip(
                reversed([*arguments.posonlyargs, *arguments.args]),
                reversed(arguments.defaults),
                strict=False,
            )
        ]
        pairs += [
            (each, value)
            for each, value in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)
            if value
        ]
        return next(ast.unparse(value) for each, value in pairs if each.arg == detail)
    if kind == "error":
        source = ast.unparse(_function(tree, names[-1]))
        errors: list[str] = re.findall(r"\braise (\w+)", source)
        assert len(errors) == 1
        return errors[0]
    if kind == "caller":
        callers = []
        for each in ast.walk(tree):
            for child in getattr(each, "body", []) if isinstance(each, ast.Module | ast.ClassDef) else []:
                if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef):
                    body = re.sub(r"'[^'\n]*'|\"[^\"\n]*\"", "''", "\n".join(map(ast.unparse, child.body)))
                    if re.search(rf"\b{names[0]}\(", body):
                        callers.append(
                            f"{each.name}.{child.name}" if isinstance(each, ast.ClassDef) else child.name
                        )
        (caller,) = callers
        return caller
    method, parent = names
    classes = [
        each
        for each in tree.body
        if isinstance(each, ast.ClassDef) and parent in map(ast.unparse, each.bases)
    ]
    (child,) = [
        each.name
        for each in classes
        if re.search(rf"^    (?:async )?def {method}\(", ast.unparse(each), re.MULTILINE)
    ]
    return child


def _said(question: Question) -> str:
    if question.scorer != "choice":
        return question.gold
    choices: list[tuple[str, str]] = re.findall(r"^([A-D])\) (.+)$", question.text, re.MULTILINE)
    return dict(choices)[question.gold]


def test_the_gold_answers_follow_from_the_text_alone(window: Window) -> None:
    for question in window.questions:
        assert _said(question) == _truth(window, question), question.text
    kinds = Counter(each.kind.partition(",")[0] for each in window.questions)
    assert len(kinds) >= 3
    assert sum(each.scorer == "choice" for each in window.questions) == 12


def test_memory_of_the_library_answers_wrongly(window: Window) -> None:
    library = Path(sysconfig.get_path("stdlib"))
    for question in window.questions:
        module = question.text.split()[1].rstrip(",")
        own = window.documents[module]
        assert own != (library / module).read_text(encoding="utf-8")
        names = re.findall(r"`([\w.]+)`", question.text.partition("?")[0])
        published = Window(
            task="",
            version=1,
            seed=0,
            tokens=0,
            documents={module: (library / module).read_text(encoding="utf-8")},
            questions=(),
            facts=(),
        )
        if all(re.search(rf"\b{name.rpartition('.')[2]}\b", published.text) for name in names):
            try:
                known = _truth(published, question)
            except (StopIteration, ValueError):
                continue
            assert known != _said(question), question.text


@pytest.mark.parametrize("tokens", [2_048])
def test_windows_have_their_size_and_a_perfect_reader_solves_them(tokens: int) -> None:
    for seed in range(4):
        window = FAMILY.window(seed, tokens, 8)
        assert size_error(window) <= 0.10
        assert reference_score(FAMILY, window) == 1.0
        assert not unfound(window)
        assert all(
            len(set(re.findall(r"^[A-D]\) (.+)$", each.text, re.MULTILINE))) in (0, 4)
            for each in window.questions
        )


def test_a_wrong_letter_scores_nothing(window: Window) -> None:
    question = next(each for each in window.questions if each.scorer == "choice")
    assert [score(question, letter) for letter in "ABCD"].count(1.0) == 1


def test_a_library_that_is_too_small_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(codeqa, "library_tokens", lambda: 3_100_000)
    with pytest.raises(ConfigError, match=r"3,100,000.*10,000,000.*at most 3,100,000"):
        FAMILY.window(0, 10_000_000, 4)


def test_more_questions_than_the_code_holds_are_refused() -> None:
    with pytest.raises(ConfigError, match="choose fewer questions or more tokens"):
        FAMILY.window(0, 2_048, 500)


def test_a_module_is_changed_in_all_ways_and_stays_python() -> None:
    swapped = 0
    for seed in range(20):
        chance = Random(seed)
        changed = changed_module(_SOURCE, chance, NewNames(chance))
        assert changed is not None
        tree = ast.parse(changed.text)
        functions = {each.name: each for each in tree.body if isinstance(each, ast.FunctionDef)}
        assert len(functions) == 2
        assert len(tree.body) == 7
        assert all(each in changed.text for each in ('"é"', '"no water"', "class ", "(object)"))
        look = list(functions)[1]
        swapped += f"return {look}(" in ast.unparse(tree.body[3])
    assert 5 <= swapped < 20


def test_a_module_is_asked_in_all_ways() -> None:
    kinds: set[str] = set()
    for seed in range(10):
        chance = Random(seed)
        changed = changed_module(_SOURCE, chance, NewNames(chance))
        assert changed is not None
        facts = list(facts_of(changed, "tub.py"))
        assert all(each.text in changed.text for each in facts)
        for asked in askable(changed, "tub.py"):
            kinds.add(asked.kind)
            assert asked.answer not in asked.others
            assert len(asked.others) >= 3
            query = FAMILY.understand(worded(asked))
            assert query is not None
            assert query.answer(facts) == asked.answer
            choices = (*asked.others[:3], asked.answer)
            chosen = FAMILY.understand(worded(asked, choices))
            assert chosen is not None
            assert chosen.answer(facts) == "D"
            assert chosen.answer([each for each in facts if each.attributes["name"] == "nothing"]) is None
    assert kinds == {"default", "error", "caller", "override"}


def test_what_is_no_python_is_left_alone() -> None:
    assert changed_module("def f(:", Random(0), NewNames(Random(0))) is None
    assert code_sources.source_file("no/such/module.py") is None


def test_other_questions_are_not_understood() -> None:
    assert FAMILY.understand("In which file is the class Fraction?") is None
