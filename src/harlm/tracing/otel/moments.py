"""What happens at one moment of a run: an event of a span, rather than a span."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from harlm import events
from harlm.tracing.otel import names
from harlm.tracing.otel.content import AttributeValue, Content


class Moment(NamedTuple):
    """An event of a span.

    Attributes:
        name: of the event.
        values: its attributes.
        call: the call that it belongs to; 0 if it belongs to the cell or the node.
    """

    name: str
    values: Mapping[str, AttributeValue | None]
    call: int = 0


def moment_of(event: events.Event, content: Content) -> Moment | None:
    """The moment that an event tells of; ``None`` for all others."""
    match event:
        case events.Retried():
            values: dict[str, AttributeValue | None] = {
                names.MODEL: event.model,
                names.ATTEMPT: event.attempt,
                names.WAIT: event.wait_s,
                **content.text(names.ERROR_MESSAGE, event.error),
            }
            return Moment(names.RETRIED, values, event.call)
        case events.Hedged():
            return Moment(names.HEDGED, {names.MODEL: event.model, names.AFTER: event.after_s}, event.call)
        case events.FellBack():
            values = {
                names.MODEL: event.model,
                names.INSTEAD: event.instead,
                **content.text(names.ERROR_MESSAGE, event.error),
            }
            return Moment(names.FELL_BACK, values, event.call)
    return _of_node(event)


def _of_node(event: events.Event) -> Moment | None:
    match event:
        case events.Reused():
            return Moment(
                names.REUSED,
                {
                    names.MODEL: event.model,
                    names.ROLE: event.role,
                    names.RUN_INPUT: event.saved.input_tokens,
                    names.RUN_OUTPUT: event.saved.output_tokens,
                },
            )
        case events.LimitReached():
            return Moment(
                names.LIMIT_REACHED,
                {
                    names.LIMIT: event.limit,
                    names.USED: float(event.used),
                    names.ALLOWED: float(event.allowed),
                },
            )
        case events.Folded():
            return Moment(names.FOLDED, {names.CONTEXT_TOKENS: event.tokens})
    return None
