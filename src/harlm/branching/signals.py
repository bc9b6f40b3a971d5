"""Signals about an answer, as parts of a run report them one after another: checked, joined, and written as numbers.

A report may come from a sandbox, so nothing in it is trusted: names, types, counts and bounds are checked, and an
acceptance by a deterministic acceptor counts only if the caller says that this acceptor was run by the host.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from typing import Any, Literal, NamedTuple, TypeGuard

from harlm.config.values import in_short
from harlm.types import ACCEPTORS, Acceptor, Share, Signals, Verdict

SHARES: tuple[Literal["agreement", "coverage", "quotes", "audit"], ...] = (
    "agreement",
    "coverage",
    "quotes",
    "audit",
)
"""The signals that are shares: reported as ``[part, whole]``."""

FLAGS: tuple[Literal["has_type", "ran_clean", "is_found"], ...] = ("has_type", "ran_clean", "is_found")
"""The signals that are ``True`` or ``False``."""

NAMES: tuple[str, ...] = (*SHARES, *FLAGS, "logprob", "acceptor")
"""What can be reported. ``logprob`` is a number from 0 to 1; ``acceptor`` is ``[name, accepted]``."""

_MOST = 1_000_000_000  # items that a share counts
_LONGEST = 80  # characters of a value that a message shows
_MOST_AGREEING = 100  # decompositions of one task


class Report(NamedTuple):
    """One signal with its value, checked: a ``Share``, a flag, a probability or a ``Verdict``."""

    name: str
    value: Share | Verdict | bool | float


def read_report(name: object, value: object) -> Report:
    """A report that came from outside.

    Raises:
        ValueError: there is no such signal, or the value is not one of it; the message says what to report instead.
    """
    if name in SHARES:
        return Report(str(name), _share(str(name), value))
    if name in FLAGS:
        if not isinstance(value, bool):
            raise ValueError(f"{name} is {_shown(value)}: report True or False")
        return Report(str(name), value)
    if name == "logprob":
        if not isinstance(value, int | float) or isinstance(value, bool) or not 0 <= value <= 1:
            raise ValueError(f"logprob is {_shown(value)}: report a probability from 0 to 1")
        return Report("logprob", float(value))
    if name == "acceptor":
        return Report("acceptor", _verdict(value))
    raise ValueError(f"signal {_shown(name)} does not exist: report one of {', '.join(NAMES)}")


def joined(signals: Signals, reports: Iterable[Report], *, accepted_by: Collection[Acceptor] = ()) -> Signals:
    """Signals with what was reported about the steps of the same answer.

    Counts of coverage, quotes and audits are added up. Of agreements and probabilities the lowest counts, and of flags
    ``False``, since an answer is as sure as its least sure step. A rejection outranks an acceptance.

    Args:
        signals: what is known already.
        reports: in any order.
        accepted_by: the acceptors that the host itself ran. An acceptance by any other is left out: code in a sandbox
            can report what it likes. A rejection always counts.
    """
    for report in reports:
        match report.value:
            case Verdict() as verdict:
                if not verdict.accepted or verdict.acceptor in accepted_by:
                    signals = replace(signals, verdict=_stricter(signals.verdict, verdict))
            case Share() as share:
                signals = _with_share(signals, report.name, share)
            case bool() as flag:
                signals = _with(signals, report.name, flag and getattr(signals, report.name) is not False)
            case float() as probability:
                known = signals.logprob
                signals = replace(signals, logprob=probability if known is None else min(known, probability))
    return signals


def as_numbers(signals: Signals) -> dict[str, float]:
    """The signals as numbers by name, without those that were not measured: the form in which journals keep them.

    A share takes two, ``NAME`` and ``NAME_of``; an acceptor's verdict is ``acceptor_NAME``.
    """
    numbers: dict[str, float] = {}
    for name in SHARES:
        share = getattr(signals, name)
        if share is not None:
            numbers |= {name: share.part, f"{name}_of": share.whole}
    for flag in FLAGS:
        if getattr(signals, flag) is not None:
            numbers[flag] = int(getattr(signals, flag))
    if signals.logprob is not None:
        numbers["logprob"] = signals.logprob
    if signals.verdict is not None:
        numbers[f"acceptor_{signals.verdict.acceptor}"] = int(signals.verdict.accepted)
    return numbers


def from_numbers(numbers: Mapping[str, object]) -> Signals:
    """Signals that ``as_numbers`` has written.

    Raises:
        ValueError: a number is missing or out of its bounds.
    """
    reports = [
        read_report(name, [numbers[name], numbers.get(f"{name}_of")]) for name in SHARES if name in numbers
    ]
    reports += [read_report(flag, _flag(numbers[flag])) for flag in FLAGS if flag in numbers]
    if "logprob" in numbers:
        reports.append(read_report("logprob", numbers["logprob"]))
    for each in ACCEPTORS:
        if (said := numbers.get(f"acceptor_{each}")) is not None:
            reports.append(read_report("acceptor", [each, _flag(said)]))
    return joined(Signals(), reports, accepted_by=ACCEPTORS)


def _share(name: str, value: object) -> Share:
    match value:
        case [part, whole] if not isinstance(value, str) and _is_count(part) and _is_count(whole):
            most = _MOST_AGREEING if name == "agreement" else _MOST
            if part <= whole <= most:
                return Share(part, whole)
    raise ValueError(
        f"{name} is {_shown(value)}: report [part, whole], two whole numbers with 0 <= part <= whole"
    )


def _verdict(value: object) -> Verdict:
    match value:
        case [acceptor, bool() as accepted] if isinstance(acceptor, str) and acceptor in ACCEPTORS:
            return Verdict(next(each for each in ACCEPTORS if each == acceptor), accepted)
    raise ValueError(
        f"acceptor is {_shown(value)}: report [name, accepted], with a name of {', '.join(ACCEPTORS)} and True or False"
    )


def _with_share(signals: Signals, name: str, share: Share) -> Signals:
    known: Share | None = getattr(signals, name)
    if known is None:
        return _with(signals, name, share)
    if name == "agreement":
        # a whole of 0 says nothing, so any other counts instead
        weaker = min(
            known, share, key=lambda each: (each.whole == 0, each.part / max(1, each.whole), each.whole)
        )
        return replace(signals, agreement=weaker)
    return _with(signals, name, Share(known.part + share.part, known.whole + share.whole))


def _with(signals: Signals, name: str, value: Any) -> Signals:
    return replace(signals, **{name: value})


def _stricter(known: Verdict | None, said: Verdict) -> Verdict:
    return said if known is None or (known.accepted and not said.accepted) else known


def _flag(number: object) -> object:
    return bool(number) if number in (0, 1) else number


def _is_count(value: object) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _shown(value: object) -> str:
    """A value on one short line. What is long or nested comes from outside and is not written out before it is cut."""
    match value:
        case str():
            return in_short(value[:_LONGEST])
        case [str() | int() | float() | None, str() | int() | float() | None] | int() | float() | None:
            return in_short(value)
    return f"a value of type {type(value).__name__}"
