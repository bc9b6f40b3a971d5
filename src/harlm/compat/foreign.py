"""What adapters to packages of others share: the error for a package that is missing, and usage and citations as plain data."""

from __future__ import annotations

from collections.abc import Mapping

from harlm.errors import ConfigError
from harlm.types import Answer, Citation


def not_installed(module: str, wanted: str) -> ConfigError:
    """The error of an adapter without its package.

    Args:
        module: the adapter, such as ``dspy``.
        wanted: the package, with the versions that fit, as pip takes it.
    """
    return ConfigError(f"harlm.compat.{module} needs a package that is not installed: pip install '{wanted}'")


def refuse_options(adapter: str, options: Mapping[str, object]) -> None:
    """Refuse the options of one call that would change its answer, and that HARLM does not have.

    Raises:
        ConfigError: there are such.
    """
    if named := ", ".join(sorted(name for name, value in options.items() if value is not None)):
        raise ConfigError(
            f"{adapter} has no {named} for one call; the settings of HARLM(...) hold for all calls"
        )


def cited(citation: Citation) -> dict[str, object]:
    """A citation as JSON-like data: its place, and the quote that stands there."""
    return {
        "source": citation.source,
        "place": citation.place,
        "quote": citation.quote,
        "start": citation.start,
        "end": citation.end,
        "line": citation.line,
        "page": citation.page,
    }


def facts_of(answer: Answer) -> dict[str, object]:
    """What is known of an answer besides its text and citations, as JSON-like data; ``cost_usd`` is in dollars."""
    return {
        "model_name": "harlm",
        "run": answer.run_id,
        "status": answer.status,
        "mode": answer.mode,
        "calls": answer.usage.calls,
        "cost_usd": answer.usage.cost_usd,
        "confidence": answer.confidence,
        "seconds": answer.latency.wall_s,
    }
