"""Prices of the models that the benches of the budget ask."""

from __future__ import annotations

from fractions import Fraction

from harlm.types import Price

SUB = Price(input=0.27, output=1.13, cached=0.027)
PRICES = {"openai/root": Price(input=1.25, output=10.0, cached=0.125), "openai/sub": SUB}


def bill(model: str, prompt: int, cached: int, completion: int) -> Fraction:
    """What tokens of a model cost, in micro-dollars."""
    price = PRICES[f"openai/{model}"]
    full, less, out = (Fraction(str(each)) for each in (price.input, price.cached, price.output))
    return (prompt - cached) * full + cached * less + completion * out
