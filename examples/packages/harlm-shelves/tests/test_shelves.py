from __future__ import annotations

from dataclasses import replace

import pytest
from harlm_shelves import ShelfRouter, make

from harlm.config import RouterSettings
from harlm.testing.contracts import RouterContract
from harlm.testing.contracts.situations import situation_of


class TestShelfRouter(RouterContract):
    @pytest.fixture
    def router(self) -> ShelfRouter:
        return make(RouterSettings())


def test_code_is_read_by_code() -> None:
    asked = situation_of("Which functions are never called?", documents=4)
    code = replace(asked, profile=replace(asked.profile, kinds=(("code", 3), ("text", 1))))
    assert make(RouterSettings()).route(code).mode == "full"
    assert make(RouterSettings()).route(code).reasons[0].startswith("75% of the documents are code")
