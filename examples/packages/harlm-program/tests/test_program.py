from __future__ import annotations

import sys

import pytest
from harlm_program import ProgramModel, make

from harlm.config import ModelSettings
from harlm.errors import ConfigError, ModelError
from harlm.testing.contracts import LanguageModelContract
from harlm.types import Message, Sampling

COUNTS = "wc -c"  # prints how many bytes it was given
TALK = (Message(role="user", content="Hello"),)


class TestProgramModel(LanguageModelContract):
    @pytest.fixture
    def model(self) -> ProgramModel:
        return make(COUNTS, ModelSettings())


@pytest.mark.asyncio
async def test_the_program_gets_the_conversation() -> None:
    assert (await make(COUNTS, ModelSettings()).complete(TALK, Sampling())).text == "5"


@pytest.mark.asyncio
async def test_a_program_that_fails_is_named_with_what_it_says() -> None:
    model = make(f"{sys.executable} -Ss -c \"raise SystemExit('no model loaded')\"", ModelSettings())
    with pytest.raises(ModelError, match="ended with 1: no model loaded"):
        await model.complete(TALK, Sampling())


def test_a_program_that_is_not_installed_is_an_error_of_settings() -> None:
    with pytest.raises(ConfigError, match="no such program"):
        make("no-such-program-anywhere", ModelSettings())
