"""No hostile cell gets anywhere, on any tier that this machine can build. They run in handfuls, since most of them only end
at a limit; when something is touched, each cell of the handful runs again alone, so that the culprit has a name.
"""

from __future__ import annotations

import os

import pytest

from harlm.sandbox.process.zygote import HostZygote
from tests.support.canaries import canaries, descendants
from tests.support.judging import CELLS, judge
from tests.support.sandboxes import interpreter_for, skip_unless_built

_HANDFUL = 25
_READS_OF_S1 = (
    "devices_opened dotdot_by_descriptor dotdot_by_path_descriptor dotdot_walk folders_listed kernel_symbols "
    "other_work_folders outside_file_mapped outside_file_seen proc_command_lines proc_self_root project_folder_read "
    "read_passwd read_secret_file sys_listed"
)
KNOWN = {
    "s3": frozenset[str](),
    # Landlock keeps cells from opening files, not from asking whether one is there and how large it is.
    "s2": frozenset({"outside_file_seen"}),
    # What every user may read, a cell may read too.
    "s1": frozenset(_READS_OF_S1.split()),
}
"""What a tier does not stop, as ``docs/concepts/sandbox.md`` says."""

_HANDFULS = [CELLS[at : at + _HANDFUL] for at in range(0, len(CELLS), _HANDFUL)]


def test_there_are_more_cells_than_were_asked_for() -> None:
    assert len(CELLS) >= 86


@pytest.mark.timeout(300)
@pytest.mark.parametrize("number", range(len(_HANDFULS)))
@pytest.mark.parametrize("tier", ["s3", "s2", "s1"])
async def test_no_cell_escapes_and_nothing_is_left(tier: str, number: int) -> None:
    with interpreter_for(tier):
        await skip_unless_built(tier)
        HostZygote.current()
        with canaries() as standing:
            own = descendants(os.getpid())
            cells = _HANDFULS[number]
            cells = [cell for cell in cells if cell.stem not in KNOWN[tier]]
            wrong = await judge(tier, cells, standing, own)
            for cell in cells if wrong else ():
                own = descendants(os.getpid())
                wrong += await judge(tier, [cell], standing, own)
    assert wrong == []


@pytest.mark.parametrize("tier", ["s2", "s1"])
async def test_what_a_tier_is_known_not_to_stop_is_still_so(tier: str) -> None:
    with interpreter_for(tier):
        await skip_unless_built(tier)
        with canaries() as standing:
            cells = [cell for cell in CELLS if cell.stem in KNOWN[tier]]
            wrong = await judge(tier, cells, standing, descendants(os.getpid()))
    stopped = {name for name in KNOWN[tier] if not any(each.startswith(name) for each in wrong)}
    stopped -= {"proc_command_lines"}  # only when other processes run as the same user
    assert stopped == set(), "stopped by now: take it off the list, and out of the documentation"


async def test_the_judge_sees_what_an_open_tier_lets_through() -> None:
    reaching = ["read_secret_file", "fork_one", "tcp_connect_loopback", "write_outside", "kill_decoy"]
    cells = [cell for cell in CELLS if cell.stem in reaching]
    assert len(cells) == len(reaching)
    with canaries() as standing:
        wrong = await judge("s0", cells, standing, descendants(os.getpid()))
    assert {name for name in reaching if any(each.startswith(name) for each in wrong)} == set(reaching)
    assert any("a connection to port" in each for each in wrong)
