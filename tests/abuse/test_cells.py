"""No hostile cell escapes, on any tier that this machine can build. The cells run in groups, since most of
them end only at a limit. If a canary is touched, each cell of the group runs again alone, so that the message
names the cell.
"""

from __future__ import annotations

import os

import pytest

from harlm.sandbox.process.zygote import HostZygote
from tests.support.canaries import canaries
from tests.support.judging import CELLS, judge
from tests.support.processes import descendants
from tests.support.sandboxes import interpreter_for, skip_unless_built

_GROUP = 25
_READS_OF_S1 = (
    "devices_opened dotdot_by_descriptor dotdot_by_path_descriptor dotdot_walk folders_listed kernel_symbols "
    "other_work_folders outside_file_mapped outside_file_seen proc_command_lines proc_self_root process_ids_seen "
    "project_folder_read "
    "read_passwd read_secret_file sys_listed"
)
KNOWN = {
    "s3": frozenset[str](),
    # Landlock stops cells from opening files, but not from asking whether a path exists and what ``stat`` says of it.
    # In ``/proc`` the paths are the ids of processes.
    "s2": frozenset({"outside_file_seen", "process_ids_seen"}),
    # What every user may read, a cell may read too.
    "s1": frozenset(_READS_OF_S1.split()),
}
"""The cells that a tier does not stop, as ``docs/concepts/sandbox.md`` documents."""

_GROUPS = [CELLS[at : at + _GROUP] for at in range(0, len(CELLS), _GROUP)]


def test_there_are_at_least_86_hostile_cells() -> None:
    assert len(CELLS) >= 86


@pytest.mark.timeout(300)
@pytest.mark.parametrize("number", range(len(_GROUPS)))
@pytest.mark.parametrize("tier", ["s3", "s2", "s1"])
async def test_no_cell_escapes_and_no_process_is_left(tier: str, number: int) -> None:
    with interpreter_for(tier):
        await skip_unless_built(tier)
        HostZygote.current()
        with canaries() as standing:
            own = descendants(os.getpid())
            cells = _GROUPS[number]
            cells = [cell for cell in cells if cell.stem not in KNOWN[tier]]
            wrong = await judge(tier, cells, standing, own)
            for cell in cells if wrong else ():
                own = descendants(os.getpid())
                wrong += await judge(tier, [cell], standing, own)
    assert wrong == []


@pytest.mark.parametrize("tier", ["s2", "s1"])
async def test_a_tier_still_does_not_stop_the_cells_that_it_is_known_not_to_stop(tier: str) -> None:
    with interpreter_for(tier):
        await skip_unless_built(tier)
        with canaries() as standing:
            cells = [cell for cell in CELLS if cell.stem in KNOWN[tier]]
            wrong = await judge(tier, cells, standing, descendants(os.getpid()))
    stopped = {name for name in KNOWN[tier] if not any(each.startswith(name) for each in wrong)}
    stopped -= {"proc_command_lines"}  # works only if other processes run as the same user
    assert stopped == set(), "now stopped: remove it from the list and from the documentation"


async def test_the_judge_notices_escapes_on_an_open_tier() -> None:
    reaching = ["read_secret_file", "fork_one", "tcp_connect_loopback", "write_outside", "kill_decoy"]
    cells = [cell for cell in CELLS if cell.stem in reaching]
    assert len(cells) == len(reaching)
    with canaries() as standing:
        wrong = await judge("s0", cells, standing, descendants(os.getpid()))
    assert {name for name in reaching if any(each.startswith(name) for each in wrong)} == set(reaching)
    assert any("a connection to port" in each for each in wrong)
