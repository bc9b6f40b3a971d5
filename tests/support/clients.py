"""Where the programs and packages of others are that talk to HARLM in tests: `.venv-clients`, an environment of their own."""

from __future__ import annotations

import sys
from pathlib import Path

from tests.support.started import ROOT

NO_CLIENTS = "programs of others are not installed here: `make clients` installs them where their wheels run"


def clients_folder() -> Path | None:
    """The environment; ``None`` if it is not installed."""
    places = (Path(f"{sys.prefix}-clients"), ROOT / ".venv-clients")
    return next((place for place in places if (place / ".clients").exists()), None)


def clients_python() -> Path | None:
    """Its Python; ``None`` if it is not installed."""
    folder = clients_folder()
    return None if folder is None else folder / "bin" / "python"
