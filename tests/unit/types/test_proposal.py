"""``harlm.types.proposal``."""

from __future__ import annotations

import msgspec
import pytest

from harlm.testing.contracts.situations import proposal_of
from harlm.types import STRATEGIES, Proposal


@pytest.mark.parametrize("name", [*STRATEGIES, "of-a-package"])
def test_a_proposal_is_stored_under_any_name_of_a_strategy(name: str) -> None:
    made = proposal_of(name)
    assert msgspec.json.decode(msgspec.json.encode(made), type=Proposal) == made


def test_a_name_of_any_length_is_refused() -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(msgspec.json.encode(proposal_of("x" * 201)), type=Proposal)
