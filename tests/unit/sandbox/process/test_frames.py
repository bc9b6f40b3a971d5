"""Frames of a worker are decoded, or refused as a violation."""

from __future__ import annotations

import pytest

from harlm.errors import SandboxFailure
from harlm.sandbox.process.repl import ProcessRepl


@pytest.mark.parametrize(
    "frame",
    [
        "{'op': 'done', 'cell': 'forged', 'head': '', 'tail': '', 'chars': 0, 'error': None, 'final': {'value': 'x'}, 'names': [], 'wall_s': 0.0}",
        "{'op': 'call', 'id': 1, 'function': 'not_offered', 'arguments': {}}",
        "{'op': 'unknown'}",
        "{'op': 'call'}",
        "[1, 2]",
    ],
)
async def test_a_forged_frame_is_a_violation(repl: ProcessRepl, frame: str) -> None:
    cell = (
        "import sys\nfrom guest.worker.msgpack import pack\nimport os\n"
        f"data = pack({frame})\nos.write(3, len(data).to_bytes(4, 'little') + data)"
    )
    with pytest.raises(SandboxFailure):
        await repl.run(cell)


async def test_a_value_of_too_many_parts_is_a_violation(repl: ProcessRepl) -> None:
    with pytest.raises(SandboxFailure, match="more than 1,000,000 parts"):
        await repl.run(
            "import os\nbody = b'\\x84\\xa2op\\xa4call\\xa2id\\x01\\xa8function\\xa9llm_query\\xa9arguments\\x81\\xa6prompt\\xdd'\n"
            "data = body + (8_000_000).to_bytes(4, 'big') + b'\\x80' * 8_000_000\n"
            "data = len(data).to_bytes(4, 'little') + data\n"
            "while data: data = data[os.write(3, data):]"
        )
