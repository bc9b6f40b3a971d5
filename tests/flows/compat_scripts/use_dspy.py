"""A program that uses DSPy over HARLM, and reports what it gets. Its argument is the address of the model."""

from __future__ import annotations

import asyncio
import json
import sys
import warnings
from typing import Any, Literal

import dspy
from dspy.utils.exceptions import LMError

from harlm import HARLM
from harlm.compat.dspy import HarlmLM

LONG = "A line of the diary.\n" * 400 + "This diary was kept by Ann.\n"


class Judged(dspy.Signature):  # type: ignore[misc] # DSPy is not installed where types are checked
    """Judge the text."""

    context: str = dspy.InputField()
    question: str = dspy.InputField()
    kind: Literal["diary", "letter"] = dspy.OutputField()
    lines: int = dspy.OutputField()


def error_of(lm: HarlmLM, **settings: Any) -> str:
    """What a call with settings of its own raises."""
    try:
        lm("Who?", **settings)
    except LMError as error:
        return f"{type(error).__name__}: {error}"
    return "nothing"


async def later() -> dict[str, Any]:
    """Two calls at once, and one that is streamed."""
    judge = dspy.Predict(Judged)
    first, second = await asyncio.gather(
        *(judge.acall(context=LONG, question=f"What is it, {at}?") for at in "ab")
    )
    streamed = dspy.streamify(dspy.Predict("context, question -> answer"))
    parts = [part async for part in streamed(context=LONG, question="Who streamed it?")]
    return {"async": [first.kind, second.lines], "streamed": parts[-1].answer}


def main(address: str) -> None:
    """Ask, and report."""
    warnings.simplefilter("error", DeprecationWarning)
    lm = HarlmLM(HARLM(f"openai/root@{address}", mode="direct"))
    dspy.configure(lm=lm)
    with dspy.track_usage() as tracker:
        said = dspy.Predict("context, question -> answer")(context=LONG, question="Who kept it?")
    entry = lm.history[-1]
    thought = dspy.ChainOfThought(Judged)(context=LONG, question="What is it?")
    with dspy.context(adapter=dspy.JSONAdapter()):
        as_json = dspy.Predict(Judged)(context=LONG, question="What is it, as JSON?")
    report = {
        "answer": said.answer,
        "usage": entry["usage"],
        "tracked": tracker.get_total_tokens()["harlm/auto"]["prompt_tokens"],
        "facts": entry["response"].provider_data,
        "thought": [thought.reasoning, thought.kind, thought.lines],
        "json": [as_json.kind, as_json.lines],
        "plain": lm("Who is asking?"),
        "history": len(lm.history),
        "refused": error_of(lm, temperature=1.0),
        **asyncio.run(later()),
    }
    sys.stdout.write(f"\n{json.dumps(report)}\n")


main(sys.argv[1])
