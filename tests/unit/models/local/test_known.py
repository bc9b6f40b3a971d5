"""The table of known files: each is pinned by hash, piece by piece and as a whole."""

from __future__ import annotations

import re

import pytest

from harlm.models.local.known import KNOWN, KnownModel

EACH = pytest.mark.parametrize("known", KNOWN.values(), ids=list(KNOWN))


@EACH
def test_every_piece_has_a_version_and_a_hash(known: KnownModel) -> None:
    pins = known.pins()
    assert pins
    assert len(set(pins)) == len(pins)
    for pin in pins:
        assert re.fullmatch(r"[a-z0-9-]+==[\d.]+ --hash=sha256:[0-9a-f]{64}", pin), pin


@EACH
def test_the_pieces_are_in_the_order_of_the_file(known: KnownModel) -> None:
    numbers = [int(found[1]) for pin in known.pins() if (found := re.search(r"part(\d+)==", pin))]
    assert numbers == list(range(1, len(numbers) + 1))


@EACH
def test_a_file_is_known_by_its_hash_size_and_licence(known: KnownModel) -> None:
    assert re.fullmatch(r"[0-9a-f]{64}", known.sha256)
    assert known.file.endswith(".gguf")
    assert known.size > 1 << 20
    assert known.licence == "Apache-2.0"
