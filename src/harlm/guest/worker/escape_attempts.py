"""Runs harmless attempts to escape from the sandbox, and reports which succeeded. The host sends the
attempts.
"""

from __future__ import annotations


def judge(attempts: dict[str, str]) -> tuple[list[str], list[str]]:
    """Run each attempt in this process.

    Args:
        attempts: a name for each attempt, and its code, which sets ``reached`` to true if it succeeds.

    Returns:
        The names of the attempts that were denied, and of those that succeeded.
    """
    denied: list[str] = []
    reached: list[str] = []
    for name, code in attempts.items():
        variables: dict[str, object] = {}
        try:
            exec(code, variables)  # noqa: S102 - the host's own code, sent to be run here
        except BaseException as error:  # noqa: BLE001 - any exception is a denial
            variables.setdefault("denied_by", error)
        (reached if variables.get("reached") else denied).append(name)
    return denied, reached
