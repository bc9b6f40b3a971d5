"""The escape attempts: for each thing that a cell must not be able to do, Python code that tries it in a
harmless way.

An escape attempt runs inside the sandbox (``harlm.guest.worker.escape_attempts``, or a cell of Monty), and
sets ``reached`` to true if it succeeded. If it raises an exception or leaves ``reached`` false, it was
denied. The targets are made for it: a file with a marker, a listening port, and this process.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from harlm.temporary import temporary_folder

MARK = "harlm-canary"
"""The content of the secret file."""

_ATTEMPTS: Mapping[str, str] = {
    "keys and variables of the process that started it": """
import os
reached = any({mark!r} in value for value in os.environ.values())
for pid in ({pid}, os.getppid(), 1):
    try:
        reached = reached or bool(open(f"/proc/{{pid}}/environ", "rb").read(1))
    except OSError:
        pass
""",
    "files of this user": """
reached = {mark!r} in open({file!r}).read()
""",
    "writing anywhere this user may": """
import os
reached = False
for folder in ({folder!r}, "/tmp", "/var/tmp", "/dev/shm"):
    path = f"{{folder}}/{{os.urandom(8).hex()}}"
    try:
        with open(path, "w") as file:
            reached = True
        os.unlink(path)
    except OSError:
        pass
""",
    "network connections": """
import socket
with socket.socket() as s:
    s.settimeout(1)
    s.connect(("127.0.0.1", {port}))
    reached = True
""",
    "starting programs": """
import os
for program in ("/bin/true", "/usr/bin/true"):
    try:
        reached = os.waitpid(os.posix_spawn(program, [program], {{}}), 0)[1] == 0
        break
    except FileNotFoundError:
        pass
""",
    "starting processes": """
import os
pid = os.fork()
if pid == 0:
    os._exit(0)
reached = True
try:
    os.waitpid(pid, 0)
except ChildProcessError:
    pass
""",
    "signals to other processes of this user": """
import os
os.kill({pid}, 0)
reached = True
""",
    "memory of other processes of this user": """
import ctypes
class Vector(ctypes.Structure):
    _fields_ = [("base", ctypes.c_void_p), ("size", ctypes.c_size_t)]
libc = ctypes.CDLL(None, use_errno=True)
here = ctypes.create_string_buffer(8)
ours, theirs = Vector(ctypes.addressof(here), 8), Vector(1, 8)
got = libc.process_vm_readv({pid}, ctypes.byref(ours), 1, ctypes.byref(theirs), 1, 0)
reached = got > 0 or ctypes.get_errno() == 14  # a bad address, but the permission was granted
""",
}

NAMES = tuple(_ATTEMPTS)
"""The names of the attempts, in order."""


@contextmanager
def attempts() -> Iterator[Mapping[str, str]]:
    """The code of each attempt by name. Its targets, a secret file and a listening port, exist until the
    block is left.
    """
    with temporary_folder() as folder, socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        file = Path(folder) / "secret"
        file.write_text(MARK, encoding="utf-8")
        targets = {
            "mark": MARK,
            "pid": os.getpid(),
            "file": str(file),
            "folder": folder,
            "port": listener.getsockname()[1],
        }
        yield {what: code.format(**targets) for what, code in _ATTEMPTS.items()}
