"""What every reader of a format must do: a function ``read(name, data) -> ReadResult``, from bytes to documents."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pytest

from harlm.errors import ContextError
from harlm.testing.contracts.missing import missing
from harlm.types import ReadResult

Read = Callable[[str, bytes], ReadResult]
"""A reader of a format."""


@dataclass(frozen=True, kw_only=True)
class ReaderSample:
    """A file that a reader reads.

    Attributes:
        name: of the file, with its suffix.
        data: its bytes.
        words: some that the text has.
        broken: bytes of a file that cannot be read; ``None`` if the format has none.
    """

    name: str
    data: bytes
    words: tuple[str, ...]
    broken: bytes | None = None


class ReaderContract:
    """The laws of a reader of a format, as ``harlm.readers`` takes it."""

    @pytest.fixture
    def read(self) -> Read:
        """The reader to test; override it."""
        raise missing(self, "read")

    @pytest.fixture
    def sample(self) -> ReaderSample:
        """A file that it reads; override it."""
        raise missing(self, "sample")

    def test_a_file_is_a_document_with_its_name_and_its_words(self, read: Read, sample: ReaderSample) -> None:
        result = read(sample.name, sample.data)
        assert isinstance(result, ReadResult)
        assert result.documents
        assert all(
            each.name == sample.name or each.name.startswith((f"{sample.name}/", f"{sample.name}:"))
            for each in result.documents
        )
        text = "\n".join(each.text for each in result.documents)
        assert [each for each in sample.words if each not in text] == []

    def test_every_character_has_a_place(self, read: Read, sample: ReaderSample) -> None:
        for document in read(sample.name, sample.data).documents:
            assert all(document.place(at).label for at in range(len(document.text) + 1))

    def test_equal_bytes_give_equal_texts(self, read: Read, sample: ReaderSample) -> None:
        one, other = (
            [(each.name, each.text, each.kind) for each in read(sample.name, sample.data).documents]
            for _ in range(2)
        )
        assert one == other

    def test_a_broken_file_is_an_error_that_says_so(self, read: Read, sample: ReaderSample) -> None:
        if sample.broken is not None:
            with pytest.raises(ContextError, match=r"\w"):
                read(sample.name, sample.broken)

    def test_a_file_that_was_cut_is_read_in_part_or_is_an_error(
        self, read: Read, sample: ReaderSample
    ) -> None:
        for end in range(1, len(sample.data), max(1, len(sample.data) // 50)):
            try:
                result = read(sample.name, sample.data[:end])
            except Exception:  # noqa: BLE001, S112 - the reading process tells any error as a broken file
                continue
            assert isinstance(result, ReadResult)
