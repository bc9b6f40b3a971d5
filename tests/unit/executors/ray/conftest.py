"""Actors of one test are gone before the next one begins."""

from __future__ import annotations

from tests.support.ray_cluster import HAS_RAY

if HAS_RAY:
    from tests.support.ray_inside import all_has_ended

    __all__ = ["all_has_ended"]
