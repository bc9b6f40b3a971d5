"""A run told in events, as the contract of trace sinks has it."""

from harlm.testing.contracts.story import HOSTILE, STORY

__all__ = ["HOSTILE", "STORY"]
