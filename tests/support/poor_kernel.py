"""``python -m tests.support.poor_kernel NAMES COMMAND…``: run a command as on a kernel that lacks some system
calls, like an old kernel or one under a container's profile. It uses the filters that confine a REPL.
"""

from __future__ import annotations

import os
import sys

from harlm.guest.confine import seccomp
from harlm.guest.confine.kernel import NUMBERS


def without(names: list[str]) -> bytes:
    """A filter under which these calls fail with ENOSYS; ``unotify`` removes only user notification."""
    allow, missing, invalid = (
        seccomp._return(each) for each in (0x7FFF0000, 0x00050000 | 38, 0x00050000 | 22)
    )
    answers = {name: [missing] for name in names if name != "unotify"}
    if "unotify" in names:
        asks_for_a_listener = seccomp._by_argument([[seccomp._Test(1, 8, mask=8)]])[:-2]
        answers["seccomp"] = [*asks_for_a_listener, invalid, allow]
    return seccomp._program(answers, [allow])


if __name__ == "__main__":
    NUMBERS["memfd_create"] = (319, 279)
    seccomp.confine(without(sys.argv[1].split(",")))
    os.execvp(sys.argv[2], sys.argv[2:])
