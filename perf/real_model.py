"""Answers of a real model of half a billion parameters, in *direct* mode: 30 passages with a question each.

The passages are our own (perf/data/passages): about 130 words each, of invented places, people, machines and rules, with
the gold answers to one question. An answer is right if it contains one of them, word for word; a quote is verbatim if
the citation that HARLM checked has its exact characters from the passage, and holds the answer if it contains a gold one.

``--weights FOLDER`` keeps the weights (470 MB) there; without it they are downloaded into a temporary folder.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import re
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.support.real_servers import HOW, servers_python

from harlm import HARLM
from harlm.config import Config, ModelSettings
from harlm.context import load
from harlm.engine.prompts import direct_messages
from harlm.errors import HarlmError
from harlm.models.access import Endpoint
from harlm.models.http import Transport
from harlm.models.local.fetching import fetch
from harlm.models.local.known import KNOWN
from harlm.models.local.server import LocalServer, serving
from harlm.models.openai import OpenAIChat
from harlm.types import Message, Sampling, Task
from perf.measure import Table, report

DATA = Path(__file__).parent / "data" / "passages" / "passages.jsonl"
_KNOWN = KNOWN["qwen2.5-coder-0.5b"]
_WINDOW = 8_192
_LONGEST = 200
_WORD = re.compile(r"\w+(?:[.:]\w+)*")
_QUOTED = re.compile(r'"([^"\n]{4,})"')


_ABOUT = (
    f"{_KNOWN.title} (SHA-256 {_KNOWN.sha256[:12]}…) in llama.cpp (the package xllamacpp), as HARLM serves it, with a "
    f"window of {_WINDOW:,} tokens. Each question is about a passage of our own of about 130 words."
)


@dataclass(frozen=True)
class Passage:
    """A text with one question about it."""

    name: str
    text: str
    question: str
    answers: tuple[str, ...]


@dataclass(frozen=True)
class Score:
    """The result of one question."""

    right: bool
    verbatim: bool
    supported: bool
    seconds: float


def passages() -> list[Passage]:
    """All passages."""
    lines = DATA.read_text(encoding="utf-8").splitlines()
    return [
        Passage(raw["name"], raw["text"], raw["question"], tuple(raw["answers"]))
        for raw in map(json.loads, lines)
    ]


def is_right(answer: str, golds: Sequence[str]) -> bool:
    """Whether an answer contains one of the gold answers, word for word."""
    return any(_words(gold) in _words(answer) for gold in golds)


def _words(text: str) -> str:
    return f" {' '.join(_WORD.findall(text.casefold()))} "


def with_harlm(server: LocalServer, asked: Sequence[Passage]) -> Iterator[Score]:
    """HARLM in *direct* mode, through its public door."""
    with tempfile.TemporaryDirectory() as home:
        client = HARLM(
            model=f"{server.base_url}#{server.plan.alias}", mode="direct", home=home, settings=Config()
        )
        for passage in asked:
            started = time.perf_counter()
            answer = client.ask(passage.question, {passage.name: passage.text})
            seconds = time.perf_counter() - started
            yield _score(passage, answer.text, [each.quote for each in answer.citations], seconds)


def with_long_rules(server: LocalServer, asked: Sequence[Passage]) -> Iterator[Score]:
    """The same model under the rules that HARLM gives to large models, without a form."""
    for passage in asked:
        started = time.perf_counter()
        task = Task(question=passage.question, context=load({passage.name: passage.text}))
        text = asyncio.run(_complete(server, direct_messages(task)))
        yield _score(passage, text, _QUOTED.findall(text), time.perf_counter() - started)


def _score(passage: Passage, text: str, quotes: Sequence[str], seconds: float) -> Score:
    verbatim = [quote for quote in quotes if quote and quote in passage.text]
    return Score(
        right=is_right(text, passage.answers),
        verbatim=bool(verbatim),
        supported=any(is_right(quote, passage.answers) for quote in verbatim),
        seconds=seconds,
    )


async def _complete(server: LocalServer, messages: Sequence[Message]) -> str:
    async with Transport(ModelSettings()) as transport:
        endpoint = Endpoint(
            name=f"openai/{server.plan.alias}",
            model=server.plan.alias,
            base_url=server.base_url,
            key=None,
            key_hint="",
            transport=transport,
        )
        sampling = Sampling(temperature=0, max_tokens=_LONGEST)
        return (await OpenAIChat(endpoint, _WINDOW).complete(messages, sampling)).text


_WAYS: dict[str, Callable[[LocalServer, Sequence[Passage]], Iterator[Score]]] = {
    "HARLM, direct": with_harlm,
    "the same model under the rules for large models": with_long_rules,
}


def _table(server: LocalServer) -> Table:
    asked = passages()
    rows = []
    for name, way in _WAYS.items():
        scores = list(way(server, asked))
        rows.append(
            (
                name,
                f"{sum(each.right for each in scores)} of {len(scores)}",
                f"{sum(each.verbatim for each in scores)} of {len(scores)}",
                f"{sum(each.supported for each in scores)} of {len(scores)}",
                statistics.median(each.seconds for each in scores),
            )
        )
    header = ("", "right", "quote verbatim", "quote holds the answer", "median time of a question, s")
    return Table("30 passages, one question each, temperature 0", header, rows)


def main() -> int:
    """Measure, or say why not."""
    parser = argparse.ArgumentParser(description="answers of a real model in direct mode")
    parser.add_argument("--weights", type=Path, help="a folder that keeps the weights")
    given: Path | None = parser.parse_args().weights
    python = servers_python()
    if python is None:
        print(f"skipped: {HOW}")
        return 0
    with tempfile.TemporaryDirectory() as scratch:
        try:
            file = fetch(_KNOWN, given or Path(scratch), print)
        except HarlmError as error:
            print(f"skipped: {error}")
            return 0
        with serving(file, window=_WINDOW, python=python) as server:
            table = _table(server)
    report("real_model", "Answers of a small real model", _ABOUT, [table])
    return 0


if __name__ == "__main__":
    sys.exit(main())
