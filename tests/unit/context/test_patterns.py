"""Patterns mean what git means, and no pattern takes long on any path."""

from __future__ import annotations

import os
import posixpath
import subprocess
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harlm.context.patterns import LONGEST, as_git_reads, is_valid, plain_sets, spec_of
from harlm.errors import ContextError

_SEGMENT = st.lists(
    st.sampled_from(["a", "b", ".", "*", "?", "[ab]", "[!a]", "**", "\\*"]), min_size=1, max_size=5
).map("".join)
PATTERNS = st.builds(
    lambda start, segments, end: start + "/".join(segments) + end,
    st.sampled_from(["", "", "/", "!", "**/"]),
    st.lists(st.one_of(_SEGMENT, st.just("**")), min_size=1, max_size=5),
    st.sampled_from(["", "", "/", "/**"]),
)
PATHS = st.lists(st.text("ab.*", min_size=1, max_size=4), min_size=1, max_size=6).map("/".join)


@settings(max_examples=5000 if os.environ.get("HARLM_FUZZ") else 80)
@given(PATTERNS, st.lists(PATHS, min_size=8, max_size=8))
def test_a_pattern_matches_what_pathspec_says_it_matches(pattern: str, paths: list[str]) -> None:
    from pathspec import GitIgnoreSpec

    try:
        theirs = GitIgnoreSpec.from_lines([pattern], backend="simple")
    except ValueError:
        assert not is_valid(pattern)
        return
    ours = spec_of([pattern])
    assert ours is not None
    for path in (*paths, *(f"{path}/" for path in paths)):
        if ours.check_file(path).include != theirs.check_file(path).include:
            assert _is_ignored_by_git(pattern, path) in (None, bool(ours.check_file(path).include)), path


def _is_ignored_by_git(pattern: str, path: str) -> bool | None:
    """What git itself says where pathspec differs: it lets no bracket match a slash, and pathspec lets a negated one. ``None`` for a
    path that no folder can hold.
    """
    inside = posixpath.normpath(path)
    if inside.split("/")[0] in (".", ".."):
        return None
    with TemporaryDirectory() as folder:
        asked = Path(folder, inside)
        (asked if path.endswith("/") else asked.parent).mkdir(parents=True, exist_ok=True)
        Path(folder, ".gitignore").write_text(pattern + "\n", encoding="utf-8")
        subprocess.run(["git", "init", "-q", folder], check=True)
        ran = subprocess.run(
            ["git", "-C", folder, "check-ignore", "-q", "--no-index", "--", inside], check=False
        )
        return ran.returncode == 0


HOSTILE = [
    "a/" + "**/b/" * 30 + "c",
    "*a" * 12 + "b",
    "**/" + "*a" * 40 + "b",
    ("*a" * 20 + "b/") * 6 + "x",
    "**/" + "a/**/" * 40 + "b",
    "**/".join(["*a*a*a*b"] * 8),
    "a*" * 80,
    "*" * 400,
    "?*" * 120,
    "[ab]*" * 80 + "c",
    "**/*/" * 60 + "x",
    "*/" * 100 + "b",
    "**/" + "a/" * 100 + "b",
    ("a" * 100 + "/**/") * 4 + "b",
    "*[ab]a" * 60 + "c",
    "/".join(["a*"] * 120),
    "***/" * 80 + "a",
]
NAMES = [
    "a" * 255,
    ("a" * 200 + "/") * 20 + "a" * 200,
    "a/" * 2000 + "a",
    "a/b/" * 900 + "b",
    ("ab" * 100 + "/") * 20,
    "a/" * 1000 + "a" * 255,
    ("a" * 15 + "/") * 250 + "c",
]


@pytest.mark.parametrize("exact", [False, True])
@pytest.mark.parametrize("pattern", HOSTILE, ids=lambda pattern: pattern[:24])
def test_no_pattern_takes_long_on_any_path(pattern: str, exact: bool) -> None:
    spec = spec_of([pattern], exact=exact)
    assert spec is not None
    assert len(pattern) <= LONGEST
    for name in NAMES:
        began = time.process_time()
        spec.check_file(name)
        assert time.process_time() - began < 0.25, name[:20]


def test_no_patterns_are_no_rules_and_invalid_ones_say_so() -> None:
    assert spec_of([]) is None
    assert is_valid("*.py")
    assert not is_valid("a\\")
    with pytest.raises(ContextError, match=r"invalid pattern .*; use the syntax of .gitignore files"):
        spec_of(["a\\"])


@pytest.mark.parametrize(
    ("pattern", "path", "is_match"),
    [
        ("a", "a", True), ("a", "a/", True), ("a", "a/b", None), ("a", "b/a", True), ("a", "a\n", None), ("a/", "a", None),
        ("a/", "a/", True), ("a/", "a/b", None), ("a/**", "a/", None), ("a/**", "a/b", True), ("a/**", "a/b/c", True),
        ("a/**/", "a/", None), ("a/**/", "a/b", None), ("a/**/", "a/b/", True), ("**/a", "b/a", True), ("*/", "a/b", None),
        ("*", "a/b", True), ("a/*", "a/b/c", None), ("!a", "a", False),
    ],
)  # fmt: skip
def test_an_exact_pattern_matches_a_whole_path(pattern: str, path: str, is_match: bool | None) -> None:
    spec = spec_of([pattern], exact=True)
    assert spec is not None
    assert spec.check_file(path).include == is_match


@pytest.mark.parametrize(
    ("pattern", "read"),
    [
        ("a", "a"), ("a ", "a "), ("a\t", "a[\t]"), ("[[:digit:]]", "[0-9]"), ("[![:alpha:]_]", "[!a-zA-Z_]"),
        ("[:digit:]", "[:digit:]"), (":digit:", ":digit:"), ("[a][:digit:", "[a][:digit:"), ("[a\t", "[a\t"),
    ],
)  # fmt: skip
def test_what_git_reads_differently_is_written_out(pattern: str, read: str) -> None:
    assert as_git_reads(pattern) == read


@given(st.text("[]!^-&|~ab\\:", max_size=12))
def test_no_set_of_letters_makes_a_warning(pattern: str) -> None:
    is_valid(pattern)  # warnings are errors here
    assert plain_sets("[a-c]x") == "[a-c]x"
