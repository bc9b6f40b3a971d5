"""What every language model must do. Give it a server, a fake or a model whose replies to equal prompts are equal."""

from __future__ import annotations

import asyncio

import pytest

from harlm.protocols import LanguageModel
from harlm.testing.contracts.missing import missing
from harlm.types import Completion, Message, Sampling

TALK = (
    Message(role="system", content="You answer from the documents."),
    Message(role="user", content='<document name="a.txt">\nThe bridge opened in 1883.\n</document>'),
    Message(role="assistant", content="I have read it."),
    Message(role="user", content="<question>\nWhen did the bridge open?\n</question>"),
)
"""A conversation that every model answers."""


class LanguageModelContract:
    """The laws of ``harlm.protocols.LanguageModel``.

    Attributes:
        reports_cost: whether the model itself knows what a call has cost. One that does not gives ``cost_micros=None``, so that the
            price list applies: 0 would mean that the call was free.
    """

    reports_cost = False

    @pytest.fixture
    def model(self) -> LanguageModel:
        """The model to test; override it."""
        raise missing(self, "model")

    @pytest.mark.asyncio
    async def test_it_has_a_name_and_a_window(self, model: LanguageModel) -> None:
        assert "/" in model.name
        assert model.window >= 1000

    @pytest.mark.asyncio
    async def test_a_reply_is_text_with_the_name_of_the_model(self, model: LanguageModel) -> None:
        completion = await model.complete(TALK, Sampling())
        assert completion.text
        assert completion.model == model.name
        assert completion.stop == "end"

    @pytest.mark.asyncio
    async def test_usage_counts_one_call_and_all_tokens(self, model: LanguageModel) -> None:
        usage = (await model.complete(TALK, Sampling())).usage
        assert usage.calls == 1
        assert usage.input_tokens > 10
        assert usage.output_tokens > 0
        assert usage.cached_tokens <= usage.input_tokens
        assert usage.reasoning_tokens <= usage.output_tokens
        assert self.reports_cost or usage.cost_micros is None, "what is not known to be free is not 0"

    @pytest.mark.asyncio
    async def test_many_calls_can_run_at_once(self, model: LanguageModel) -> None:
        replies = await asyncio.gather(*(model.complete(TALK, Sampling()) for _ in range(20)))
        assert len({reply.text for reply in replies}) == 1

    @pytest.mark.asyncio
    async def test_sampling_is_accepted(self, model: LanguageModel) -> None:
        completion = await model.complete(TALK, Sampling(max_tokens=50, temperature=0.0, seed=7))
        assert completion.text

    @pytest.mark.asyncio
    async def test_a_call_can_be_cancelled_and_the_next_one_is_answered(self, model: LanguageModel) -> None:
        calls = [asyncio.create_task(model.complete(TALK, Sampling())) for _ in range(12)]
        await asyncio.sleep(0)
        for each in calls[::2]:
            each.cancel()
        ended = await asyncio.gather(*calls, return_exceptions=True)
        assert all(isinstance(each, (Completion, asyncio.CancelledError)) for each in ended)
        assert all(isinstance(each, Completion) for each in ended[1::2])
        assert (await model.complete(TALK, Sampling())).text
