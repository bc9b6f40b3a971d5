"""Counting tokens: an estimate, an upper bound for reservations, and an exact count with a tokenizer."""

from harlm.tokens.bound import Counting
from harlm.tokens.estimate import estimate_tokens
from harlm.tokens.exact import tokenizer_of

__all__ = ["Counting", "estimate_tokens", "tokenizer_of"]
