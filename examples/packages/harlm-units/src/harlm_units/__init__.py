"""A tool that converts units. It changes nothing, so it may be called before code reaches the call."""

from __future__ import annotations

from fractions import Fraction

from harlm import tool

_UNITS: dict[str, tuple[str, Fraction]] = {
    "m": ("length", Fraction(1)),
    "km": ("length", Fraction(1000)),
    "cm": ("length", Fraction(1, 100)),
    "in": ("length", Fraction(254, 10_000)),
    "ft": ("length", Fraction(3048, 10_000)),
    "mi": ("length", Fraction(1_609_344, 1000)),
    "kg": ("weight", Fraction(1)),
    "g": ("weight", Fraction(1, 1000)),
    "lb": ("weight", Fraction(45_359_237, 100_000_000)),
    "oz": ("weight", Fraction(45_359_237, 1_600_000_000)),
    "l": ("volume", Fraction(1)),
    "ml": ("volume", Fraction(1, 1000)),
    "gal": ("volume", Fraction(3_785_411_784, 10**9)),
}


@tool(pure=True, deterministic=True)
def convert(amount: float, unit: str, into: str) -> float:
    """An amount in another unit: m, km, cm, in, ft, mi; kg, g, lb, oz; l, ml, gal."""
    unknown = [each for each in (unit, into) if each not in _UNITS]
    if unknown:
        raise ValueError(f"the unit {unknown[0]!r} is not known; use {', '.join(_UNITS)}")
    (kind, size), (other, other_size) = _UNITS[unit], _UNITS[into]
    if kind != other:
        raise ValueError(f"{unit} is a {kind}, and {into} a {other}")
    return float(Fraction(amount) * size / other_size)
