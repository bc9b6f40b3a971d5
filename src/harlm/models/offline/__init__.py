"""The model ``offline/extractive``: no weights, no key, no network. It finds, quotes and counts; it does not
reason.
"""

from harlm.models.offline.extractive import ExtractiveModel

__all__ = ["ExtractiveModel"]
