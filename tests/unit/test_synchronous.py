"""A coroutine runs to its end for callers without asyncio, and is cancelled when they leave early."""

from __future__ import annotations

import asyncio
import threading

import pytest

from harlm.synchronous import InThread, run_here


async def where() -> str:
    await asyncio.sleep(0)
    return threading.current_thread().name


def test_without_a_loop_it_runs_in_this_thread() -> None:
    assert run_here(where()) == threading.current_thread().name


async def test_in_a_running_loop_it_runs_in_a_thread_of_its_own() -> None:
    assert run_here(where()) == "harlm-run"


async def fails() -> None:
    raise LookupError("as it was raised")


def test_an_error_reaches_the_caller() -> None:
    with pytest.raises(LookupError, match="as it was raised"):
        run_here(fails())


def test_an_error_in_a_thread_reaches_the_caller() -> None:
    with InThread(fails()) as running, pytest.raises(LookupError, match="as it was raised"):
        running.result()


def test_leaving_early_cancels_it_and_waits_for_its_clean_up() -> None:
    steps = []
    began = threading.Event()

    async def endless() -> None:
        began.set()
        try:
            await asyncio.sleep(1_000)
        finally:
            await asyncio.sleep(0.01)
            steps.append("cleaned up")

    with InThread(endless()):
        assert began.wait(10)
    assert steps == ["cleaned up"]
