"""The flags of ``os.open`` that not every system has: 0 where one is missing, as on Windows."""

from __future__ import annotations

import os

NOFOLLOW: int = getattr(os, "O_NOFOLLOW", 0)
"""Fail if the last part of the path is a link. Windows follows it; making one there takes a privilege."""

NONBLOCK: int = getattr(os, "O_NONBLOCK", 0)
"""Wait for no other end of a named pipe, which Windows does not have among files."""

DIRECTORY: int = getattr(os, "O_DIRECTORY", 0)
"""Fail unless it is a folder. Windows opens no folder at all."""

BINARY: int = getattr(os, "O_BINARY", 0)
"""For every file: Windows changes no line ends. That no child inherits it is Python's own doing, on every system."""
