"""Trying to break out, harmlessly. Knows how to judge; what is tried comes from the host."""

from __future__ import annotations


def judge(attempts: dict[str, str]) -> tuple[list[str], list[str]]:
    """Run each attempt in this process.

    Args:
        attempts: what is tried to the code that tries it, which sets ``reached`` to true when it got there.

    Returns:
        what was denied, and what was reached.
    """
    denied: list[str] = []
    reached: list[str] = []
    for what, code in attempts.items():
        names: dict[str, object] = {}
        try:
            exec(code, names)  # noqa: S102 - ours, and it is the point
        except BaseException as error:  # noqa: BLE001 - a denial
            names.setdefault("denied_by", error)
        (reached if names.get("reached") else denied).append(what)
    return denied, reached
