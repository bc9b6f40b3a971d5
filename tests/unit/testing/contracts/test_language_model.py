"""The suite finds what is wrong with a model."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import pytest

from harlm.testing import ScriptedModel
from harlm.testing.contracts import LanguageModelContract
from harlm.types import Completion, Message, Sampling, Usage

SUITE = LanguageModelContract()
GOOD = Usage(calls=1, input_tokens=60, output_tokens=5, cost_micros=None)


@dataclass
class Broken:
    """A model with one fault."""

    name: str = "broken/model"
    window: int = 8_000
    usage: Usage = GOOD
    said_by: str = "broken/model"
    text: Callable[[], str] = lambda: "In 1883."
    loses_its_way: bool = False
    _lost: list[int] = field(default_factory=list)

    async def complete(self, messages: Sequence[Message], sampling: Sampling) -> Completion:
        if self._lost:
            raise RuntimeError("still cancelled")
        try:
            await asyncio.sleep(0.001)
        except asyncio.CancelledError:
            if self.loses_its_way:
                self._lost.append(1)
            raise
        return Completion(text=self.text(), model=self.said_by, usage=self.usage)


def numbered() -> Callable[[], str]:
    numbers = itertools.count()
    return lambda: f"reply {next(numbers)}"


async def test_a_good_one_passes() -> None:
    good = ScriptedModel(lambda messages: f"I was told {len(messages)} things.")
    await SUITE.test_a_reply_is_text_with_the_name_of_the_model(good)
    await SUITE.test_many_calls_can_run_at_once(Broken())
    await SUITE.test_usage_counts_one_call_and_all_tokens(Broken())


async def test_faults_are_found() -> None:
    with pytest.raises(AssertionError):
        await SUITE.test_it_has_a_name_and_a_window(Broken(name="no-provider"))
    with pytest.raises(AssertionError):
        await SUITE.test_it_has_a_name_and_a_window(Broken(window=10))
    with pytest.raises(AssertionError):
        await SUITE.test_a_reply_is_text_with_the_name_of_the_model(Broken(said_by="other/model"))
    with pytest.raises(AssertionError):
        await SUITE.test_sampling_is_accepted(Broken(text=lambda: ""))
    with pytest.raises(AssertionError):
        await SUITE.test_many_calls_can_run_at_once(Broken(text=numbered()))
    with pytest.raises(RuntimeError, match="still cancelled"):
        await SUITE.test_a_call_can_be_cancelled_and_the_next_one_is_answered(Broken(loses_its_way=True))


@pytest.mark.parametrize(
    "usage",
    [
        Usage(calls=2, input_tokens=60, output_tokens=5, cost_micros=None),
        Usage(calls=1, input_tokens=0, output_tokens=5, cost_micros=None),
        Usage(calls=1, input_tokens=60, output_tokens=0, cost_micros=None),
        Usage(calls=1, input_tokens=60, output_tokens=5, cached_tokens=61, cost_micros=None),
        Usage(calls=1, input_tokens=60, output_tokens=5),
    ],
    ids=["calls", "input", "output", "cached", "free by mistake"],
)
async def test_wrong_counts_are_found(usage: Usage) -> None:
    with pytest.raises(AssertionError):
        await SUITE.test_usage_counts_one_call_and_all_tokens(Broken(usage=usage))
