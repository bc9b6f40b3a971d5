"""All patterns that are measured, by name."""

from __future__ import annotations

from perf.ahead.basic import BASIC
from perf.ahead.language import LANGUAGE
from perf.ahead.shapes import AWAITED, FOLLOWED, FOLLOWED_WITHOUT_CALLS, SHAPES

PUBLISHED = (*BASIC, *LANGUAGE)
"""Spec-ptc's patterns, without the two that need a tool with side effects: ``nonspec_interleave`` and ``nonspec_only``."""

PATTERNS = {
    pattern.name: pattern for pattern in (*SHAPES, AWAITED, *PUBLISHED, FOLLOWED, FOLLOWED_WITHOUT_CALLS)
}

__all__ = ["AWAITED", "FOLLOWED", "FOLLOWED_WITHOUT_CALLS", "PATTERNS", "PUBLISHED", "SHAPES"]
