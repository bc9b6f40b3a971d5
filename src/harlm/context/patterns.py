"""Patterns in .gitignore syntax whose matching takes time in proportion to the path, whatever the pattern.

``pathspec`` translates a pattern as git understands it, to an expression that backtracks. Here the parts between its
wildcards become atomic: the leftmost place of a part is always a right one, since only the last part has to end
somewhere.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

from harlm.errors import ContextError
from harlm.patterns import lazy_pattern

if TYPE_CHECKING:
    from pathspec import GitIgnoreSpec

LONGEST = 512  # characters of a pattern
_STAR, _FIRST, _BETWEEN = "[^/]*", "^(?:.+/)?", "(?:/.+)?/"
_FOLDER, _FILE_OR_FOLDER = "(?P<ps_d>/)", "(?:(?P<ps_d>/)|$)"
_SEGMENT_END = lazy_pattern(r"/|\(\?:/\.\+\)\?/|\(\?:\(\?P<ps_d>/\)\|\$\)|\(\?P<ps_d>/\)")

_NAMED_SETS = {
    "alpha": "a-zA-Z", "digit": "0-9", "alnum": "a-zA-Z0-9", "upper": "A-Z", "lower": "a-z", "xdigit": "0-9A-Fa-f",
    "space": " \t\r\n\v\f", "blank": " \t", "punct": "!-,.:-@^-`{-~", "cntrl": "\x01-\x1f\x7f", "graph": "!-~",
    "print": " -~",
}  # fmt: skip
_NAMED_SET = lazy_pattern(rf"\[:({'|'.join(_NAMED_SETS)}):\]")


def spec_of(patterns: Iterable[str], *, exact: bool = False) -> GitIgnoreSpec | None:
    """The rules that patterns stand for; ``None`` if there are no patterns.

    Args:
        patterns: in .gitignore syntax.
        exact: whether a pattern for a folder stands for the folder alone (with a slash at its end), not for what it
            holds. A walk judges every folder before it enters it, and so does git.

    Raises:
        ContextError: a pattern is invalid.
    """
    lines = list(patterns)
    if not lines:
        return None
    from pathspec import GitIgnoreSpec  # 30 ms to import, so only if there is a pattern
    from pathspec.patterns.gitignore.spec import GitIgnoreSpecPattern

    class LinearPattern(GitIgnoreSpecPattern):
        """A pattern with atomic parts."""

        __slots__ = ()

        @classmethod
        def pattern_to_regex(cls, pattern):  # type: ignore[no-untyped-def] # generic over str and bytes
            """See ``pathspec.RegexPattern.pattern_to_regex``."""
            read = as_git_reads(pattern)
            if exact and read.endswith("/**/"):
                read += "*/"
            regex, include = super().pattern_to_regex(read)
            if regex is not None:
                regex = linear(plain_sets(regex))
            return (alone(regex) if regex is not None and exact else regex), include

    try:
        return GitIgnoreSpec.from_lines(lines, LinearPattern, backend="simple")
    except (ValueError, re.error, RecursionError, OverflowError) as error:
        raise ContextError(
            f"invalid pattern in {lines!r}: {error}; use the syntax of .gitignore files"
        ) from error


def alone(regex: str) -> str:
    """An expression that matches a whole path, never the beginning of a path."""
    if regex.endswith(_FILE_OR_FOLDER):
        return regex.removesuffix(_FILE_OR_FOLDER) + r"/?\Z"
    if regex.endswith(_FOLDER):
        return regex.removesuffix(_FOLDER) + r"/\Z"
    return f"{regex}." if regex.endswith("/") else regex


def as_git_reads(pattern: str) -> str:
    """A pattern with two things written out that ``pathspec`` reads differently: ``[[:alpha:]]``, and blanks other
    than spaces at its end, which belong to it.
    """
    if pattern[-1:].isspace() and pattern[-1] != " " and pattern.rfind("[") <= pattern.rfind("]"):
        kept = pattern.rstrip()
        pattern = kept + "".join(f"[{blank}]" for blank in pattern[len(kept) :])
    return _NAMED_SET.sub(_letters_of, pattern) if "[:" in pattern else pattern


def _letters_of(found: re.Match[str]) -> str:
    before = found.string[: found.start()]
    return _NAMED_SETS[found[1]] if before.rfind("[") > before.rfind("]") else found[0]


def plain_sets(regex: str) -> str:
    """An expression whose sets of letters hold no ``[``, ``&&``, ``||``, ``~~`` or ``--`` that ``re`` warns about."""
    out: list[str] = []
    is_set = False
    at = 0
    while at < len(regex):
        letter = regex[at]
        if letter == "\\":
            out.append(regex[at : at + 2])
            at += 2
            continue
        if is_set and (letter == "[" or (letter in "&|~-" and regex[at - 1] == letter)):
            out.append("\\")
        elif not is_set and letter == "[":
            is_set = True
            first = at + 2 if regex.startswith("^", at + 1) else at + 1
            if regex.startswith("]", first):
                out.append(regex[at:first] + "\\]")
                at = first + 1
                continue
        elif letter == "]":
            is_set = False
        out.append(letter)
        at += 1
    return "".join(out)


def is_valid(pattern: str) -> bool:
    """Whether a line of an ignore file is a pattern that git would apply."""
    try:
        return spec_of([pattern]) is not None
    except ContextError:
        return False


def linear(regex: str) -> str:
    """The expression of ``pathspec`` for one pattern, with atomic parts."""
    groups = regex.split(_BETWEEN)
    first, last = groups[0], len(groups) - 1
    is_floating = first.startswith(_FIRST)
    done = [_with_atomic_stars(first.removeprefix(_FIRST) if is_floating else first)]
    done += [_with_atomic_stars(group) for group in groups[1:]]
    if last and is_floating:
        done[0] = rf"^(?>(?:.+?/)??{done[0]}(?=/))"
    elif is_floating:
        done[0] = _FIRST + done[0]
    for number in range(1, last):
        done[number] = rf"(?>(?:/.+?)??/{done[number]}(?=/))"
    return "".join(done[:last]) + (_BETWEEN if last else "") + done[last]


def _with_atomic_stars(group: str) -> str:
    """The segments of a pattern between two ``**``, in each of which all stars but the last are atomic."""
    out: list[str] = []
    at = 0
    for end in [*_SEGMENT_END.finditer(group.replace("[^/]", "[^\0]")), None]:
        segment = group[at : len(group) if end is None else end.start()]
        first, *rest = segment.split(_STAR)
        out.append(first)
        out += [f"(?>[^/]*?{part})" for part in rest[:-1]]
        out += [_STAR + part for part in rest[-1:]]
        if end is not None:
            out.append(group[end.start() : end.end()])
            at = end.end()
    return "".join(out)
