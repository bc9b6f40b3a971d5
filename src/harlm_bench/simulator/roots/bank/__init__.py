"""THE BANK of root programs: for each family and quality one program here and one in ``bank.untuned``.

The half in ``untuned`` was written before any score of a comparison was measured, and repaired where its programs failed
during development; a digest pins it, and a score is not a reason to change it. The other half may be tuned. Programs are written in terms of ``render`` and
know no scaffold. Typical programs are plain loops with one call each, as models write them; expert ones send batches;
sloppy ones rely on keywords, on parts of the text, or on a model that counts in its head.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib import import_module
from typing import Final, Literal, get_args

from harlm_bench.simulator.roots.policy import Quality

Family = Literal[
    "short",
    "s-niah",
    "oolong",
    "pairs",
    "browse",
    "codeqa",
    "multihop-long",
    "crossdoc",
    "tables",
    "mrcr",
    "graphwalks",
    "counting",
]
FAMILIES: Final[tuple[Family, ...]] = get_args(Family)

VARIANTS_FROM: Final = 3
"""The index in ``programs`` from which on they must not be tuned."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One turn of a program.

    Attributes:
        says: what the root says it will do.
        code: a template. The last step leaves the answer in ``result``, a str, and prints it after ``result:``.
        needs: the value without which the step is left out, such as ``labels``; empty if it is always taken.
    """

    says: str
    code: str
    needs: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """What a root does between its first look and its finish.

    Attributes:
        quality: of the program.
        steps: in order.
        calls: whether it asks the sub-model; one that does not runs where there is none, too.
    """

    quality: Quality
    steps: tuple[Step, ...]
    calls: bool = True


@cache
def programs(family: Family) -> tuple[Program, ...]:
    """All programs of a family: those that may be tuned, then those that must not be."""
    name = family.replace("-", "_")
    found: list[Program] = []
    for package in ("bank", "bank.untuned"):
        module = import_module(f"harlm_bench.simulator.roots.{package}.{name}")
        found.extend(module.PROGRAMS)
    return tuple(found)


def program(family: Family, quality: Quality, variant: int) -> Program:
    """The program of a family and quality: variant 0 may be tuned, variant 1 must not be."""
    return [each for each in programs(family) if each.quality == quality][variant]
