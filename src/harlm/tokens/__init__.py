"""Tokens of a text: an estimate without a tokenizer, a bound that a reservation rests on, and the exact count where a tokenizer is
installed.
"""

from harlm.tokens.bound import Counting
from harlm.tokens.estimate import estimate_tokens
from harlm.tokens.exact import tokenizer_of

__all__ = ["Counting", "estimate_tokens", "tokenizer_of"]
