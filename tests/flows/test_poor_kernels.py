"""The sandbox on kernels and under profiles that lack system calls, descriptors or disk."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
HARLM = Path(sys.executable).parent / "harlm"
pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="these are features of Linux")


def run(missing: str, *arguments: str, files: int | None = None) -> subprocess.CompletedProcess[str]:
    def few_files() -> None:
        if files is not None:
            resource.setrlimit(resource.RLIMIT_NOFILE, (files, files))

    return subprocess.run(
        [sys.executable, "-m", "tests.support.poor_kernel", missing, *arguments],
        cwd=ROOT, capture_output=True, text=True, check=False, preexec_fn=few_files, timeout=100,
    )  # fmt: skip


def doctor(missing: str, *arguments: str) -> tuple[int, dict[str, Any]]:
    ran = run(missing, str(HARLM), "doctor", "--json", *arguments)
    return ran.returncode, json.loads(ran.stdout)["sandbox"]


def test_without_namespaces_the_tier_is_s2_and_the_way_to_s3_is_shown() -> None:
    code, found = doctor("unshare")
    assert code == 0
    assert found["tier"] == "s2"
    assert found["canaries"] == "8 of 8 denied"
    (higher,) = found["not_higher"]
    assert higher["tier"] == "s3"
    assert "namespaces: Function not implemented" in higher["why"]
    assert "user namespaces" in higher["how"]


def test_without_landlock_no_tier_that_needs_it_is_used() -> None:
    _, found = doctor("landlock_create_ruleset")
    assert found["tier"] not in ("s3", "s2", "s0")
    reasons = {each["tier"]: each["why"] for each in found["not_higher"]}
    assert "it needs Linux 5.13" in reasons["s3"]
    assert "it needs Linux 5.13" in reasons["s2"]


def test_a_tier_that_was_asked_for_is_not_replaced_by_another() -> None:
    code, found = doctor("landlock_create_ruleset", "--sandbox", "s3")
    assert code == 7
    assert found["tier"] is None
    assert "tier s3 cannot be built here" in found["error"]


def test_without_seccomp_no_tier_of_the_kernel_is_used() -> None:
    _, found = doctor("seccomp")
    assert found["tier"] in (None, "monty")
    assert all("seccomp" in each["why"] or "only" in each["why"] for each in found["not_higher"][:2])


CELLS = (
    "import asyncio, sys\nfrom harlm.protocols import ReplSetup\nfrom harlm.types import Context\n"
    "from tests.support.sandboxes import Host, repl_on, sandbox_on\nasync def main():\n"
)


def test_without_user_notification_a_fork_is_a_replay() -> None:
    code = CELLS + (
        "    host = Host()\n"
        "    async with repl_on('s2', host=host) as repl:\n"
        "        await repl.run(\"x = llm_query('once')\")\n"
        "        branch = await repl.fork(host)\n"
        "        print((await branch.run('print(x)')).output, (await repl.run('import os; os.fork()')).error, len(host.asked))\n"
        "asyncio.run(main())"
    )
    ran = run("unotify", sys.executable, "-c", code)
    assert ran.stdout.startswith("reply"), ran.stderr
    assert "PermissionError" in ran.stdout
    assert ran.stdout.rstrip().endswith(" 1")


def test_without_files_in_memory_the_context_is_written_to_disk() -> None:
    code = CELLS + (
        "    async with repl_on('s2', 'from the disk') as repl:\n"
        "        print((await repl.run('print(context)')).output)\nasyncio.run(main())"
    )
    ran = run("memfd_create", sys.executable, "-c", code)
    assert ran.stdout == "from the disk\n\n", ran.stderr


@pytest.mark.parametrize("files", range(60, 66))
def test_too_few_descriptors_are_reported(files: int) -> None:
    code = CELLS + (
        "    async with sandbox_on('s2') as sandbox:\n"
        "        for _ in range(60):\n"
        "            await sandbox.open(ReplSetup(context=Context.of_text('x')), Host())\n"
        "try:\n    asyncio.run(main())\n"
        "except Exception as error:\n    print(type(error).__name__, error)"
    )
    ran = run("unshare", sys.executable, "-c", code, files=files)
    assert ran.stdout.startswith("SandboxFailure"), ran.stderr[-2000:]
    assert "ulimit -n" in ran.stdout


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can make a small file system")
def test_a_full_disk_is_reported(tmp_path: Path) -> None:
    code = CELLS + (
        "    async with repl_on('s2', 'x' * 4_000_000) as repl:\n        pass\n"
        "try:\n    asyncio.run(main())\nexcept Exception as error:\n    print(type(error).__name__, error)"
    )
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", tmp_path], check=False)
    if mounted.returncode != 0:
        pytest.skip("nothing can be mounted here")
    try:
        ran = subprocess.run(
            [sys.executable, "-m", "tests.support.poor_kernel", "memfd_create", sys.executable, "-c", code],
            cwd=ROOT, capture_output=True, text=True, check=False, env={**os.environ, "TMPDIR": str(tmp_path)},
        )  # fmt: skip
    finally:
        subprocess.run(["umount", tmp_path], check=True)
    assert ran.stdout.startswith("SandboxFailure"), ran.stderr[-2000:]
    assert "No space left on device" in ran.stdout
    assert "disk" in ran.stdout


@pytest.mark.parametrize(
    "cell",
    ["x = 1\n" * 300_000, "x = '" + "y" * 5_000_000 + "'", "#" * 5_000_000],
    ids=["lines", "text", "comment"],
)
async def test_a_cell_of_megabytes_runs(cell: str) -> None:
    from tests.support.sandboxes import repl_on

    async with repl_on("s0", "line\n" * 1_000_000, cell_seconds=50) as repl:
        seen = await repl.run(cell)
        assert seen.error is None
        assert (await repl.run("print(context.count('\\n'))")).output == "1000000\n"
