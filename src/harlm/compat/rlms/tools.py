"""The ``custom_tools`` of the reference package ``rlms`` as tools of HARLM."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from typing import Any

from harlm.errors import ConfigError


def tools_for(
    options_tools: Mapping[str, Any] | None, sub_tools: Mapping[str, Any] | None, max_depth: int
) -> list[Callable[..., Any]]:
    """The functions, by the names under which cells call them.

    Raises:
        ConfigError: one is no function, or children would have other tools than the root.
    """
    tools = options_tools or {}
    if sub_tools is not None and max_depth > 1 and dict(sub_tools) != dict(tools):
        raise ConfigError(
            "custom_sub_tools: children have the tools of the root; leave it out, or set max_depth=1"
        )
    return [_described(name, entry) for name, entry in tools.items()]


def _described(name: str, entry: object) -> Callable[..., Any]:
    """A function under its name, with its description as its docstring."""
    is_pair = isinstance(entry, dict) and "tool" in entry
    tool, text = (
        (entry["tool"], entry.get("description")) if isinstance(entry, dict) and is_pair else (entry, None)
    )
    if not callable(tool):
        raise ConfigError(
            f"custom_tools[{name!r}] is no function; put values into the prompt, which may be a dict"
        )
    function: Callable[..., Any] = tool

    @functools.wraps(function)
    def described(*values: Any, **named: Any) -> Any:
        return function(*values, **named)

    described.__name__, described.__doc__ = name, str(text) if text else function.__doc__
    return described
