"""A spoiled block fails when it runs, and is spoiled in the same way each time."""

from __future__ import annotations

import pytest

from harlm_bench.simulator.draw import Draw
from harlm_bench.simulator.roots.mistakes import spoiled

CODE = """import re
text = "one two three"
words = re.findall(r"\\w+", text)
total = 0
for word in words:
    total += len(word)
result = str(total)
print("result:", result)"""


def test_most_spoiled_blocks_fail() -> None:
    failed = 0
    for each in range(200):
        try:
            exec(compile(spoiled(CODE, Draw(f"{each}")), "<cell>", "exec"), {"print": lambda *_: None})
        except (SyntaxError, NameError, IndexError, TypeError):
            failed += 1

    assert failed == 200


@pytest.mark.parametrize("key", ["1", "2", "3"])
def test_the_same_draw_spoils_in_the_same_way(key: str) -> None:
    assert spoiled(CODE, Draw(key)) == spoiled(CODE, Draw(key)) != CODE
