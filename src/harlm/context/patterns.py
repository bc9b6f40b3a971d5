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

if TYPE_CHECKING:
    from pathspec import GitIgnoreSpec

LONGEST = 512  # characters of a pattern
_STAR, _FIRST, _BETWEEN = "[^/]*", "^(?:.+/)?", "(?:/.+)?/"
_SEGMENT_END = re.compile(r"/|\(\?:/\.\+\)\?/|\(\?:\(\?P<ps_d>/\)\|\$\)|\(\?P<ps_d>/\)")


def spec_of(patterns: Iterable[str]) -> GitIgnoreSpec | None:
    """The rules that patterns stand for; ``None`` if there are no patterns.

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
            regex, include = super().pattern_to_regex(pattern)
            return (None if regex is None else linear(regex)), include

    try:
        return GitIgnoreSpec.from_lines(lines, LinearPattern, backend="simple")
    except (ValueError, re.error, RecursionError, OverflowError) as error:
        raise ContextError(
            f"invalid pattern in {lines!r}: {error}; use the syntax of .gitignore files"
        ) from error


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
