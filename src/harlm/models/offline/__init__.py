"""``offline/extractive``: a model without weights, keys or network. It finds, quotes and counts; it does not reason."""

from harlm.models.offline.extractive import ExtractiveModel

__all__ = ["ExtractiveModel"]
