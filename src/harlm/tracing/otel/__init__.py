"""Telemetry of runs for OpenTelemetry. Off by default; ``tracing.otel`` turns it on. Nothing is sent to anyone but the collector that
the user names.
"""

from __future__ import annotations

from collections.abc import Sequence

from harlm.config import Config
from harlm.errors import ConfigError
from harlm.protocols import TraceSink
from harlm.redact import Redactor


def telemetry_of(config: Config, redactor: Redactor, sinks: Sequence[TraceSink]) -> tuple[TraceSink, ...]:
    """The sinks that make spans and metrics of a run: none, unless the user has turned telemetry on.

    Args:
        config: the settings of the run.
        redactor: applied to all that is sent.
        sinks: get a note if a collector cannot be reached.

    Raises:
        ConfigError: the packages are not installed, or a variable of the environment cannot be used.
    """
    if not config.tracing.otel:
        return ()
    try:
        from harlm.tracing.otel.telemetry import (
            Telemetry,
        )  # here: an optional package, and most runs have none
    except ImportError as error:
        raise ConfigError(
            f"tracing.otel needs OpenTelemetry ({error.name} is missing): pip install 'harlm[otel]'"
        ) from error
    return (Telemetry.of(config.tracing, redactor, sinks),)
