"""Packages of others that are not there."""

from __future__ import annotations

import importlib
import sys

import pytest

from harlm.errors import ConfigError


def error_without(package: str, module: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """What the user is told who imports a module of ``harlm.compat`` without the package that it needs."""
    for name in [each for each in sys.modules if each == module or each.split(".")[0] == package]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, package, None)  # Python's own mark for a module that is not there
    with pytest.raises(ConfigError) as raised:
        importlib.import_module(module)
    return str(raised.value)
