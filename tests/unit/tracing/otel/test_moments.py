from __future__ import annotations

import pytest

from harlm import events
from harlm.redact import Redactor
from harlm.tracing.otel import names
from harlm.tracing.otel.content import Content
from harlm.tracing.otel.moments import moment_of
from harlm.types import Usage

PLAIN, WITH_CONTENT = Content(Redactor([])), Content(Redactor([]), is_wanted=True)


@pytest.mark.parametrize(
    ("event", "name", "call"),
    [
        (events.Retried(model="m", attempt=2, error="planted", wait_s=0.5, call=7), names.RETRIED, 7),
        (events.Hedged(model="m", after_s=0.5, call=7), names.HEDGED, 7),
        (events.FellBack(model="m", instead="n", error="planted", call=7), names.FELL_BACK, 7),
        (events.Reused(role="sub", model="m", messages=(), text="planted", saved=Usage()), names.REUSED, 0),
        (events.LimitReached(limit="usd", used=1, allowed=1, message="planted"), names.LIMIT_REACHED, 0),
        (events.Folded(turns=1, tokens=9, view_tokens=1), names.FOLDED, 0),
    ],
    ids=lambda each: getattr(each, "kind", ""),
)
def test_a_moment_is_named_and_belongs_to_its_call(event: events.Event, name: str, call: int) -> None:
    moment = moment_of(event, PLAIN)
    assert moment is not None
    assert (moment.name, moment.call) == (name, call)
    assert "planted" not in str(moment.values)


def test_the_message_of_an_error_is_content() -> None:
    moment = moment_of(events.Retried(model="m", attempt=2, error="planted", wait_s=0.5), WITH_CONTENT)
    assert moment is not None
    assert moment.values[names.ERROR_MESSAGE] == "planted"


def test_other_events_are_no_moments() -> None:
    assert moment_of(events.Noted(message="x"), WITH_CONTENT) is None
