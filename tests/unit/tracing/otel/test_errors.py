from __future__ import annotations

import pytest

from harlm.events import CallFailed
from harlm.tracing.otel.errors import call_error, cell_error


@pytest.mark.parametrize(
    ("error", "status", "kind"),
    [
        ("m is rate limited (429): slow down", 429, "429"),
        ("m did not reply within 600 s; raise models.patience_s", None, "timeout"),
        ("a secret of a document", None, "_OTHER"),
    ],
)
def test_a_failed_call_has_a_class(error: str, status: int | None, kind: str) -> None:
    assert call_error(CallFailed(call=1, error=error, status=status)) == kind


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        ("Traceback (most recent call last):\n  File …\nNameError: name 'x' is not defined", "NameError"),
        ("json.decoder.JSONDecodeError: Expecting value", "json.decoder.JSONDecodeError"),
        ("KeyboardInterrupt", "KeyboardInterrupt"),
        ("The run was stopped before the user allowed this cell.", "_OTHER"),
        ("my password: hunter2", "_OTHER"),
        ("", "_OTHER"),
    ],
)
def test_the_class_of_an_exception_holds_no_text(error: str, kind: str) -> None:
    assert cell_error(error) == kind
