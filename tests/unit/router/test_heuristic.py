from __future__ import annotations

import pytest

from harlm.router import HeuristicRouter
from harlm.types import Context, ModelFacts, Profile, Task


def route(question: str, tokens: int, structure: str = "prose", window: int = 128_000) -> str:
    profile = Profile(
        tokens=tokens,
        characters=4 * tokens,
        documents=3,
        kinds=(("text", 3),),
        structure=structure,  # type: ignore[arg-type] # one of the allowed ones
    )
    task = Task(question=question, context=Context.of_text("x"))
    facts = ModelFacts(name="m", window=window)
    return HeuristicRouter().route(task, profile, root=facts, sub=facts).mode


@pytest.mark.parametrize(
    ("question", "tokens", "structure", "mode"),
    [
        ("Who signed the treaty?", 500, "prose", "direct"),
        ("Who signed the treaty?", 5_000_000, "prose", "repl"),
        ("Who signed the treaty?", 60_000, "prose", "repl"),
        ("How many rows have status failed?", 20_000, "records", "repl"),
        ("How many rows have status failed?", 2_000_000, "records", "repl"),
        ("Summarise the main points", 2_000, "prose", "direct"),
        ("Summarise the main points", 2_000_000, "prose", "full"),
        ("Compare the two proposals", 900_000, "prose", "full"),
        ("List all classes", 900_000, "code", "repl"),
    ],
)
def test_modes_follow_size_and_wording(question: str, tokens: int, structure: str, mode: str) -> None:
    assert route(question, tokens, structure) == mode
