"""The models whose calls can be made in batches."""

from __future__ import annotations

from harlm.models.batches.models import BatchedModels
from harlm.protocols import LanguageModel
from harlm.testing import BatchDesk, ChatServer, EventLog, ScriptedModel
from tests.support.batched import asked, batched_at, texts


async def test_a_model_is_taken_until_its_provider_has_shown_that_it_makes_no_batches() -> None:
    model, other = ScriptedModel(["direct"] * 9), ScriptedModel([])
    metered: list[LanguageModel] = []

    def meter(inner: LanguageModel) -> LanguageModel:
        metered.append(inner)
        return inner

    with ChatServer(lambda request: "in a batch", batches=BatchDesk()) as server:
        async with batched_at(server.base_url) as batched, batched_at(f"{server.url}/none") as missing:
            known = BatchedModels()
            known.add(model, batched)
            assert known.takes(model)
            assert not known.takes(other)
            around = known.around(model, meter, model, on_event=EventLog().emit)
            assert texts(await asked(around, ["one", "two"])) == ["in a batch"] * 2
            assert metered == [batched]
            known.add(other, missing)
            assert known.takes(other)
            around = known.around(other, meter, model, on_event=EventLog().emit)
            assert texts(await asked(around, ["one", "two"])) == ["direct"] * 2
            assert not known.takes(other)
            await known.close()
