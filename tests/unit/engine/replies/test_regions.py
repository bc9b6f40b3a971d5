"""Segments and steps are values."""

from __future__ import annotations

import dataclasses

import pytest

from harlm.engine.replies.regions import Segment, Step


def test_segments_and_steps_do_not_change() -> None:
    for value in (Segment("mark", 0, 1), Step(1)):
        with pytest.raises(dataclasses.FrozenInstanceError):
            value.__setattr__(dataclasses.fields(value)[0].name, 2)


def test_code_is_run_for_sure_unless_a_segment_says_otherwise() -> None:
    segment = Segment("cells", 0, 1)
    assert segment.is_sure
    assert segment.is_closed
    assert Step(1).puts_aside is None
