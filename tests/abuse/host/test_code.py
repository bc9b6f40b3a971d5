"""Cells that are cheap to run and expensive to look at: what the host works out about a cell holds up nothing."""

from __future__ import annotations

import random

import pytest

from tests.abuse.host import code
from tests.support.host import FUZZ, Host, cells

pytestmark = pytest.mark.timeout(600)
_CHANCE = random.Random(15)
_MANY = 200 if FUZZ else 3


def test_nested_comprehensions_do_not_hold_the_loop(host: Host) -> None:
    """F1."""
    host.hold(
        *(cells(f"{n} comprehensions", code.expressions("lists of comprehensions", n)) for n in (12, 24))
    )


def test_nested_loops_do_not_hold_the_loop(host: Host) -> None:
    """F1."""
    host.hold(*(cells(f"{depth} loops", code.blocks("loops", depth)) for depth in (18, 90)))


def test_no_construct_in_itself_holds_the_loop(host: Host) -> None:
    """F1."""
    depths = (24, 80) if FUZZ else (24,)
    host.hold(
        *(
            cells(f"{depth} {kind}", code.expressions(kind, depth))
            for kind in code.expression_kinds()
            for depth in depths
        )
    )
    host.hold(
        *(
            cells(f"{depth} {kind}", code.blocks(kind, depth))
            for kind in code.block_kinds()
            for depth in depths
        )
    )


def test_constructs_of_any_kinds_in_one_another_do_not_hold_the_loop(host: Host) -> None:
    """F1."""
    host.hold(
        *(cells(f"mixed {number}", code.mixed(_CHANCE, _CHANCE.randrange(4, 40))) for number in range(_MANY))
    )


@pytest.mark.parametrize("kind", code.wide(4))
def test_long_code_does_not_hold_the_loop(host: Host, kind: str) -> None:
    """F1."""
    host.hold(cells(f"long: {kind}", code.wide(20_000 if FUZZ else 4_000)[kind]))
