"""The model ``offline/extractive``, without weights, key or network. It quotes and counts, and does not
reason.
"""

from harlm.models.offline.extractive import ExtractiveModel

__all__ = ["ExtractiveModel"]
