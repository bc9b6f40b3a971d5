from __future__ import annotations

from harlm.tools.mcp.words import ENDED, ServerWords


def test_the_last_lines_are_shown_where_only_the_server_knows_why_it_ended() -> None:
    words = ServerWords(("secret-word-1",))
    assert str(words) == ""
    for number in range(9):
        words.heard(f"line  {number} secret-word-1")
    words.heard("   ")
    assert str(words).startswith("it wrote: line 5 [redacted] | line 6")
    words.because(f"{ENDED} with exit code 3")
    words.because("a later reason")
    assert str(words).startswith("it has ended with exit code 3; it wrote: line 5 [redacted]")


def test_a_reason_of_ours_is_enough() -> None:
    words = ServerWords()
    words.heard("noise")
    words.because("it sent too much")
    assert str(words) == "it sent too much"


def test_long_words_are_cut_and_secrets_hidden() -> None:
    words = ServerWords(("secret-word-1",))
    words.heard("x" * 10_000)
    assert len(str(words)) < 600
    assert words.clean("a\n secret-word-1 " + "b" * 1000).startswith("a [redacted] bbb")
    assert len(words.clean("b" * 1000)) == 500
