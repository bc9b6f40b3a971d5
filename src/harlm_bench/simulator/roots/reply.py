"""Writes a root's reply as its scaffold wants it: what it says, its code block, and the finish. Decides nothing."""

from __future__ import annotations

from harlm_bench.simulator.roots.policy import Misuse
from harlm_bench.simulator.roots.scaffold import Scaffold


def laid_out(says: str, code: str, scaffold: Scaffold) -> str:
    """A reply with one code block."""
    if scaffold.has_fields:
        return (
            f"[[ ## reasoning ## ]]\n{says}\n\n[[ ## code ## ]]\n```{scaffold.fence}\n{code}\n```\n\n"
            "[[ ## completed ## ]]"
        )
    if scaffold.is_one_block:
        return f"```{scaffold.fence}\n{code}\n```"
    return f"{says}\n\n```{scaffold.fence}\n{code}\n```"


def answered_in_prose(answer: str, scaffold: Scaffold) -> str:
    """An answer where no code is wanted any more."""
    if scaffold.has_fields:
        return f"[[ ## answer ## ]]\n{answer}\n\n[[ ## completed ## ]]"
    return answer


def finish(scaffold: Scaffold, value: str) -> str:
    """The code that finishes with the value of an expression."""
    if scaffold.ending == "answer":
        return f'answer["content"] = {value}\nanswer["ready"] = True'
    return f"{scaffold.ending}({value})"


def finished(says: str, scaffold: Scaffold, *, value: str, shown: str, misuse: Misuse | None = None) -> str:
    """A reply that finishes.

    Args:
        says: what it says before.
        scaffold: as recognised.
        value: the expression whose value is the answer.
        shown: the answer as the root has seen it, for an answer in prose.
        misuse: how the finish is misused.
    """
    if scaffold.ends_outside:
        return f"{says}\n\n{_outside(scaffold, value, shown, misuse)}"
    if misuse == "prose" and scaffold.has_fields:  # where all code is run, it forgets to finish
        return laid_out(says, f"print({value})", scaffold)
    if misuse == "prose":
        return f"{says}\n\n{_in_prose(scaffold, shown)}"
    if misuse == "name" and scaffold.final_var is not None:
        return laid_out(says, f"{scaffold.final_var}({value})", scaffold)
    if misuse is not None:
        return laid_out(says, finish(scaffold, repr("result")), scaffold)
    return laid_out(says, finish(scaffold, value), scaffold)


def _in_prose(scaffold: Scaffold, shown: str) -> str:
    return f"answer: {shown}" if scaffold.ending == "answer" else f"{scaffold.ending}({shown})"


def _outside(scaffold: Scaffold, value: str, shown: str, misuse: Misuse | None) -> str:
    """The finish of a scaffold that reads it outside code: a variable if there is one, else the answer as it was seen."""
    if misuse == "prose":
        return f"{scaffold.ending}(result)"
    if scaffold.final_var is None or not value.isidentifier():
        return f"{scaffold.ending}({shown})"
    return f"{scaffold.final_var}({'final_answer' if misuse == 'name' else value})"
