"""COMBINATORS: typed steps of a decomposition, which cells and strategies share. Each sends many small questions to the
sub-model, checks that every item came back once, asks again for what is missing, and returns ordinary values.
"""

from .functions import Combinators

__all__ = ["Combinators"]
