"""Which tier is chosen, and what is said if none can be."""

from __future__ import annotations

import errno
import sys

import pytest

from harlm.config import SandboxSettings
from harlm.errors import SandboxFailure
from harlm.protocols import ReplSetup
from harlm.sandbox import tiers
from harlm.sandbox.escape_attempts import NAMES
from harlm.sandbox.process import zygote_socket as control
from harlm.sandbox.process.zygote_socket import ZygoteSocket
from harlm.sandbox.tiers import ChosenSandbox, TierCheck, choose, refusal
from harlm.types import Context
from tests.support.sandboxes import Host


@pytest.fixture
def buildable(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """The tiers that appear to be buildable."""
    able: set[str] = set()

    async def find(tier: str) -> TierCheck:
        return TierCheck(tier=tier, why_not="" if tier in able else f"no {tier} today")

    monkeypatch.setattr(tiers, "find", find)
    monkeypatch.setattr(sys, "platform", "linux")
    return able


@pytest.mark.parametrize(
    ("able", "chosen", "higher"),
    [
        ({"s3", "s2", "monty"}, "s3", []),
        ({"s2", "s1"}, "s2", ["s3"]),
        ({"monty", "s0"}, "monty", ["s3", "s2", "s1"]),
        ({"s0"}, None, ["s3", "s2", "s1", "monty"]),
    ],
)
async def test_auto_takes_the_strongest_tier_and_never_s0(
    buildable: set[str], able: set[str], chosen: str | None, higher: list[str]
) -> None:
    buildable |= able
    choice = await choose("auto", allow_unsafe=False)
    assert (choice.found and choice.found.tier) == chosen
    assert [each.tier for each in choice.higher] == higher


async def test_auto_takes_s0_last_and_only_if_it_is_allowed(buildable: set[str]) -> None:
    buildable.add("s0")
    choice = await choose("auto", allow_unsafe=True)
    assert choice.found is not None
    assert choice.found.tier == "s0"


async def test_a_tier_that_was_asked_for_is_not_replaced(buildable: set[str]) -> None:
    buildable.update(["s3", "s2", "monty"])
    choice = await choose("s1", allow_unsafe=True)
    assert choice.found is None
    said = refusal("s1", choice)
    assert said.startswith("tier s1 cannot be built here. s1: no s1 today (run as root")


async def test_a_refusal_names_every_tier_and_what_to_do(buildable: set[str]) -> None:
    sandbox = ChosenSandbox(SandboxSettings())
    assert sandbox.tier == "auto"
    with pytest.raises(SandboxFailure) as raised:
        await sandbox.open(ReplSetup(context=Context.of_text("x")), Host())
    for part in (
        "s3: no s3 today",
        "s2: no s2",
        "s1: no s1",
        "pip install 'harlm[monty]'",
        "--allow-unsafe-sandbox",
    ):
        assert part in str(raised.value)
    await sandbox.close()


@pytest.mark.parametrize("system", ["darwin", "win32"])
async def test_on_macos_and_windows_monty_is_used(
    buildable: set[str], monkeypatch: pytest.MonkeyPatch, system: str
) -> None:
    buildable.update(["monty", "seatbelt"])
    monkeypatch.setattr(sys, "platform", system)
    choice = await choose("auto", allow_unsafe=True)
    assert choice.found is not None
    assert (choice.found.tier, choice.higher) == ("monty", ())


async def test_on_macos_without_monty_seatbelt_is_tried(
    buildable: set[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    buildable.add("seatbelt")
    monkeypatch.setattr(sys, "platform", "darwin")
    choice = await choose("auto", allow_unsafe=False)
    assert (choice.found and choice.found.tier) == "seatbelt"
    assert [each.tier for each in choice.higher] == ["monty"]


async def test_on_windows_nothing_is_left_without_monty(
    buildable: set[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    buildable.add("s0")
    monkeypatch.setattr(sys, "platform", "win32")
    choice = await choose("auto", allow_unsafe=True)
    assert choice.found is None
    said = refusal("auto", choice)
    assert "pip install 'harlm[monty]'" in said
    assert "--allow-unsafe-sandbox" not in said


@pytest.mark.parametrize(("system", "said"), [("darwin", "--sandbox seatbelt"), ("win32", "in WSL")])
async def test_monty_says_why_it_is_used_where_it_is_the_usual_tier(
    monkeypatch: pytest.MonkeyPatch, system: str, said: str
) -> None:
    pytest.importorskip("pydantic_monty", reason="pip install 'harlm[monty]'")
    monkeypatch.setattr(tiers, "_found", {})
    assert (await tiers.find("monty")).note == ""
    monkeypatch.setattr(tiers, "_found", {})
    monkeypatch.setattr(sys, "platform", system)
    assert said in (await tiers._try_monty()).note


@pytest.mark.parametrize("system", ["darwin", "win32"])
async def test_what_is_missing_for_a_tier_of_linux_elsewhere(
    monkeypatch: pytest.MonkeyPatch, system: str
) -> None:
    monkeypatch.setattr(sys, "platform", system)
    monkeypatch.setattr(tiers, "_found", {})
    found = await tiers.find("s2")
    assert system in found.why_not
    assert "--sandbox monty" in found.how


async def test_a_chosen_sandbox_names_its_tier() -> None:
    sandbox = ChosenSandbox(SandboxSettings())
    repl = await sandbox.open(ReplSetup(context=Context.of_text("x")), Host())
    assert sandbox.tier in ("s3", "s2", "s1", "monty")
    assert (await repl.run("print(context)")).output == "x\n"
    await sandbox.close()


@pytest.mark.parametrize(
    ("tier", "reached", "is_built"),
    [
        ("s2", [], True),
        ("s2", ["files of this user"], False),
        ("seatbelt", ["starting processes"], True),
        ("seatbelt", ["starting processes", "network connections"], False),
        ("monty", ["network connections"], False),
        ("s0", ["network connections"], True),
    ],
)
def test_a_tier_in_which_an_escape_attempt_succeeds_is_not_used(
    tier: str, reached: list[str], is_built: bool
) -> None:
    assert (tiers._why_not_safe(tier, reached) == "") is is_built


async def test_every_escape_attempt_is_denied_in_monty() -> None:
    pytest.importorskip("pydantic_monty", reason="pip install 'harlm[monty]'")
    found = await tiers.find("monty")
    assert (found.is_built, found.denied, found.reached) == (True, NAMES, ())


@pytest.mark.skipif(sys.platform != "linux", reason="the tiers of the kernel are those of Linux")
@pytest.mark.parametrize("number", [errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.EAGAIN])
async def test_what_runs_out_while_a_tier_is_built_is_no_reason_to_use_a_weaker_one(
    number: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def receive(_: ZygoteSocket) -> tuple[control.News, list[int]]:
        return control.Refused(step="a mount", why="a mount: none is left", errno=number), []

    monkeypatch.setattr(tiers, "_found", {})
    monkeypatch.setattr(ZygoteSocket, "receive", receive)
    with pytest.raises(SandboxFailure, match="no sandbox can be built now"):
        await choose("auto", allow_unsafe=False)
    assert tiers._found == {}


async def test_a_sandbox_that_is_closed_opens_nothing() -> None:
    sandbox = ChosenSandbox(SandboxSettings(tier="s0", allow_unsafe=True))
    await sandbox.close()
    with pytest.raises(SandboxFailure, match="closed"):
        await sandbox.open(ReplSetup(context=Context.of_text("x")), Host())
