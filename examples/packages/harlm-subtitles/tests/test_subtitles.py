from __future__ import annotations

import pytest
from harlm_subtitles import read

from harlm.testing.contracts import ReaderContract, ReaderSample
from harlm.testing.contracts.reader import Read

TALK = b"""\
1
00:00:01,000 --> 00:00:04,000
The bridge was <i>opened</i>
in 1883.

2
00:01:05,500 --> 00:01:09,000
It cost 15 million dollars.
"""


class TestSubtitles(ReaderContract):
    @pytest.fixture
    def read(self) -> Read:
        return read

    @pytest.fixture
    def sample(self) -> ReaderSample:
        return ReaderSample(
            name="talk.srt", data=TALK, words=("opened in 1883", "00:01:05"), broken=b"no times here"
        )


def test_a_place_is_the_number_of_a_subtitle() -> None:
    (document,) = read("talk.srt", TALK).documents
    assert (
        document.text == "[00:00:01] The bridge was opened in 1883.\n\n[00:01:05] It cost 15 million dollars."
    )
    assert document.place(document.text.index("cost")).label == "paragraph 2"
