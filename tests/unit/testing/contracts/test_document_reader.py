"""The suite finds what is wrong with a reader of documents."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest

from harlm.context.readers.in_process import InProcessReader
from harlm.errors import ContextError
from harlm.testing.contracts import DocumentReaderContract
from harlm.testing.contracts.document_reader import never
from harlm.types import RawFile, ReadResult, Unread

SUITE = DocumentReaderContract()


class Reverses(InProcessReader):
    def read(self, files: Sequence[RawFile], check: Callable[[], None]) -> Sequence[ReadResult | Unread]:
        return list(reversed(super().read(files, check)))


class Raises(InProcessReader):
    def read(self, files: Sequence[RawFile], check: Callable[[], None]) -> Sequence[ReadResult | Unread]:
        for each in super().read(files, check):
            if isinstance(each, Unread):
                raise ContextError(each.reason)
        return super().read(files, check)


class NeverStops(InProcessReader):
    def read(self, files: Sequence[RawFile], check: Callable[[], None]) -> Sequence[ReadResult | Unread]:
        return super().read(files, never)


def test_a_good_one_passes() -> None:
    SUITE.test_files_are_read_in_order_under_their_names(InProcessReader())


def test_faults_are_found() -> None:
    with pytest.raises(AssertionError):
        SUITE.test_files_are_read_in_order_under_their_names(Reverses())
    with pytest.raises(ContextError):
        SUITE.test_a_file_that_cannot_be_read_is_a_reason_and_does_not_affect_the_others(Raises())
    with pytest.raises(pytest.fail.Exception):
        SUITE.test_a_check_that_raises_ends_the_reading(NeverStops())
