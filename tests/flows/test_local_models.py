"""Whole runs with models that HARLM serves itself: a tiny one made by hand, and SmolLM2 where its file is here."""

from __future__ import annotations

import subprocess
import sys
import time
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from harlm import HARLM
from harlm.config import ModelSettings
from harlm.errors import ContextOverflow
from harlm.models.access import Access
from harlm.models.choosing import ModelMaker
from harlm.models.local.known import KNOWN
from harlm.models.wrappers import Layers
from harlm.types import Message, Mode, Sampling
from tests.support.cli import harlm
from tests.support.fake_llama import real_llama
from tests.support.processes import descendants, is_running
from tests.support.real_servers import HOW, servers_python
from tests.support.real_weights import how_to_get, real_weights
from tests.support.tiny_model import ANSWER, write_tiny_model
from tests.support.tiny_server import DOCUMENTS, QUESTION

pytestmark = pytest.mark.skipif(servers_python() is None, reason=HOW)

SMOL = "smollm2-135m"
_ALIAS = "smollm2-135m-instruct-q4_1"


@pytest.fixture
def tiny(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The name of the tiny model."""
    real_llama(tmp_path, monkeypatch)
    write_tiny_model(tmp_path / "tiny.gguf")
    return f"local/{tmp_path}/tiny.gguf"


@pytest.mark.parametrize("mode", ["direct", "repl", "full"])
def test_each_mode_answers_with_a_checked_quote_and_costs_nothing(tiny: str, mode: Mode) -> None:
    answer = HARLM(model=tiny, sub_model=tiny, mode=mode, window=8_192, offline=True).ask(QUESTION, DOCUMENTS)
    assert answer.text.split(" [")[0] == ANSWER
    assert (answer.status, answer.usage.cost_usd, answer.usage.estimated) == ("ok", 0.0, False)
    if mode != "full":
        assert answer.citations[0].quote in DOCUMENTS["part3.txt"]


def test_the_command_line_asks_it_and_leaves_no_process(tiny: str, tmp_path: Path) -> None:
    (tmp_path / "text.txt").write_text(DOCUMENTS["part3.txt"], encoding="utf-8")
    ran = harlm("ask", QUESTION, tmp_path / "text.txt", "-m", tiny)
    assert (ran.code, ran.out.split()[0]) == (0, ANSWER), ran.err
    assert "$0.0000" in ran.err
    checked = harlm("doctor", "-m", tiny)
    assert checked.code == 0, checked.err
    assert "window of 16,384 tokens (as the server states)" in checked.out


def test_its_server_ends_with_a_process_that_is_killed(tiny: str) -> None:
    script = (
        "import sys, time; from harlm import HARLM; "
        "HARLM(model=sys.argv[1], mode='direct').ask('Who?', 'Mira.'); print('asked', flush=True); time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", script, tiny], stdout=subprocess.PIPE) as asking:
        assert asking.stdout is not None
        assert asking.stdout.readline() == b"asked\n"
        below = descendants(asking.pid)
        assert below
        asking.kill()
    deadline = time.monotonic() + 20
    while any(map(is_running, below)):
        assert time.monotonic() < deadline
        time.sleep(0.05)


# -- SmolLM2 -----------------------------------------------------------------------------------------------


@pytest.fixture
def smol(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, clean_environment: Path) -> str:
    """The name of a real model, whose file is in the home of the test."""
    file = real_weights(SMOL)
    if file is None:
        pytest.skip(how_to_get(SMOL))
    real_llama(tmp_path, monkeypatch)
    (clean_environment / "models").mkdir()
    (clean_environment / "models" / KNOWN[SMOL].file).symlink_to(file.resolve())
    return f"local/{SMOL}"


HELLO = (Message(role="user", content="Name three colours."),)


async def test_a_real_model_gives_real_tokens(smol: str, clean_environment: Path) -> None:
    """Its usage, stream, form, probabilities, count and overflow. Whether it is right is not asked of 135 M parameters."""
    settings = ModelSettings(window=1_024)
    async with AsyncExitStack() as cleanup:
        maker = ModelMaker(
            settings, Access(settings, {}, cleanup), Layers(), lambda name: None, clean_environment / "models"
        )
        model = await maker.make(smol)
        pieces: list[str] = []
        said = await model.complete(HELLO, Sampling(temperature=0, max_tokens=24, on_text=pieces.append))
        assert len(pieces) > 3
        assert pieces[-1] == said.text
        assert (said.usage.output_tokens, said.usage.estimated, said.served_by) == (24, False, _ALIAS)
        picked = await model.complete(HELLO, Sampling(temperature=0, choices=("red", "green"), logprobs=2))
        assert picked.text in ("red", "green")
        assert picked.logprobs[0].alternatives
        counter = maker.counter_of(smol)
        assert counter is not None
        assert 0 < said.usage.input_tokens - counter.count(HELLO[0].content) < 60  # the template's own
        with pytest.raises(ContextOverflow):
            await model.complete([Message(role="user", content="word " * 2_000)], Sampling())


def test_a_real_model_answers_on_the_command_line(smol: str) -> None:
    text = b"The door is red."
    ran = harlm("ask", "Which colour is the door?", "-", "-m", smol, "--mode", "direct", stdin=text)
    assert ran.code == 0, ran.err
    assert ran.out.strip()
    assert "1 calls" in ran.err
