"""Asks with every number of descriptors, from the fewest to enough, and prints the result of each: run with a tier.

Each line is JSON: ``limit``, ``error`` (the class, empty for an answer), ``message`` and ``left``, what is held
afterwards.
"""

from __future__ import annotations

import json
import resource
import sys
import tempfile
from collections.abc import Sequence

from harlm import HARLM
from harlm.config import Config, EngineSettings, SandboxSettings, TracingSettings
from harlm.errors import HarlmError
from harlm.sandbox import tiers
from harlm.sandbox.process.zygote import HostZygote
from tests.support.holdings import held, left_at_last

_FEWEST = 6  # with fewer, asyncio itself complains while it makes an event loop
_IN_A_ROW = 3  # answers, after which the limit is enough


async def _root(messages: Sequence[dict[str, str]]) -> str:
    if len(messages) < 4:
        return "```repl\nprint(llm_query('x'))\n```"
    return "```repl\nFINAL('ok')\n```"


async def _sub(prompt: str) -> str:
    return "reply"


def _cool_down() -> None:
    """Forget what this process has started and found out, so that the next run begins with nothing."""
    tiers._found.clear()
    for zygote in HostZygote._current.values():
        zygote.close()
    HostZygote._current.clear()


def _outcome(client: HARLM, limit: int) -> dict[str, object]:
    before, (usual, most) = held(), resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (limit, most))
    error, message = "", ""
    try:
        client.ask("q", "some text")
    except HarlmError as failure:
        error, message = type(failure).__name__, str(failure)
    except BaseException as failure:  # noqa: BLE001 - this is what is looked for
        error, message = f"bare {type(failure).__name__}", str(failure)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (usual, most))
    _cool_down()
    return {"limit": limit, "error": error, "message": message, "left": left_at_last(before)}


def main() -> None:
    """Ask with ever more descriptors."""
    client = HARLM(
        model=_root,
        sub_model=_sub,
        settings=Config(
            engine=EngineSettings(mode="full"),
            sandbox=SandboxSettings(tier=sys.argv[1], allow_unsafe=True),  # type: ignore[arg-type] # a tier
            tracing=TracingSettings(home=tempfile.mkdtemp(prefix="home-")),
        ),
    )
    client.ask("q", "some text")
    _cool_down()
    limit, answers = _FEWEST, 0
    while answers < _IN_A_ROW:
        found = _outcome(client, limit)
        answers = 0 if found["error"] else answers + 1
        limit += 1
        sys.stdout.write(f"{json.dumps(found)}\n")


if __name__ == "__main__":
    main()
