"""The confinement on macOS (``sandbox-exec``), which has no namespaces and no seccomp: no network, no
programs, no writing outside temporary folders, no reading of home folders. Memory is not limited.

Apple has marked ``sandbox-exec`` as deprecated since 2017; browsers and coding tools still use it.
"""

from __future__ import annotations

import platform
import sys
import sysconfig
from pathlib import Path

from harlm import guest

_PROGRAM = "/usr/bin/sandbox-exec"


def why_not() -> str:
    """Why it cannot be used here; empty if it can."""
    system = platform.system()
    if system != "Darwin":
        return f"it needs macOS, and this is {system}"
    return "" if Path(_PROGRAM).exists() else f"{_PROGRAM} does not exist"


def command() -> list[str]:
    """The words to put before a command in order to confine it."""
    return [_PROGRAM, "-p", profile()]


def profile() -> str:
    """The rules; later ones win. Reading is allowed for this interpreter and for HARLM's own code."""
    places = {
        sys.prefix,
        sys.base_prefix,
        sys.exec_prefix,
        *guest.__path__,
        str(Path(guest.__path__[0]).parent),
    }
    places |= {sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib")}
    readable = "\n".join(f"(allow file-read* (subpath {_quoted(path)}))" for path in sorted(places))
    return f"""(version 1)
(allow default)
(deny network*)
(deny process-exec)
(allow process-exec (literal {_quoted(str(Path(sys.executable).resolve()))}) (literal {_quoted(sys.executable)}))
(deny signal)
(allow signal (target children) (target self))
(deny process-info*)
(allow process-info* (target self))
(deny mach-priv-task-port)
(deny file-write*)
(allow file-write* (literal "/dev/null") (subpath "/private/var/folders"))
(deny file-read* (subpath "/Users") (subpath "/Volumes") (subpath "/private/etc") (subpath "/private/var/root"))
{readable}
"""


def _quoted(path: str) -> str:
    return '"' + path.replace("\\", "\\\\").replace('"', '\\"') + '"'
