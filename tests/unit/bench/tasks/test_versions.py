"""What a version of a family makes is pinned, so that no change of it, also through the word lists, keeps the version."""

from __future__ import annotations

import pytest

from harlm_bench.tasks import families, family, sizes

_TOKENS, _QUESTIONS, _SEEDS = 4_000, 4, (1, 2)
_LEFT_OUT = {"codeqa"}
"""Its text is made from the standard library of this Python."""

_MADE = {
    ("short", 1): ("beaec807032db8a4", "ae823fafe7451f96"),
    ("s-niah", 1): ("3e9380e3d37e0b88", "6d627ebed3882743"),
    ("oolong", 1): ("251e245c2135bde8", "5b48fd2617da7fc9"),
    ("pairs", 1): ("9edf28fd30f3f5b3", "56586a9e2a78adf0"),
    ("multihop-long", 1): ("75288449cf00afc8", "bfba64b96f522d9d"),
    ("browse", 1): ("63b4397340c6a3a8", "5617a454a4fdf41d"),
    ("crossdoc", 1): ("8dac1985df7e634f", "bf167a2c3f90ea1e"),
    ("tables", 1): ("e275c8c20879a29a", "f10360ec9fb02006"),
    ("mrcr", 1): ("07cb284a6abca8a5", "5f5f1262e45b196f"),
    ("graphwalks", 1): ("cc04fbad96dfd263", "8ab4b45c178b9610"),
    ("chaos", 1): ("bc0b002211def532", "28ad508ebf27c1ef"),
    ("counting", 1): ("feb993dd17d3a3a8", "b2dc022403e84931"),
}
"""The first 16 digits of the digests of two windows, by family and version."""


def test_every_version_of_a_family_is_pinned() -> None:
    assert set(_MADE) == {(each.name, each.version) for each in families() if each.name not in _LEFT_OUT}


@pytest.mark.parametrize(("name", "version"), _MADE)
def test_a_version_makes_the_same_windows_as_ever(name: str, version: int) -> None:
    """If this fails, what is made has changed: count ``version`` up in the family, and pin the new windows here."""
    tokens = max(_TOKENS, sizes(name)[0])
    made = tuple(family(name).window(seed, tokens, _QUESTIONS).digest[:16] for seed in _SEEDS)
    assert made == _MADE[name, version]
