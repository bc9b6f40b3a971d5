"""The contracts of HARLM's sockets as test suites: subclass one, give it the part to test as a fixture, and let pytest collect it.

>>> class TestMine(LanguageModelContract):
...     @pytest.fixture
...     def model(self):
...         return MyModel("acme/small")

They need ``pytest``, ``pytest-asyncio`` and ``hypothesis``.
"""

import pytest

pytest.register_assert_rewrite(
    *(
        f"{__name__}.{each}"
        for each in (
            "call_store",
            "document_reader",
            "embedder",
            "language_model",
            "memory_store",
            "reader",
            "router",
            "strategy",
            "tool",
            "trace_sink",
        )
    )
)

from harlm.testing.contracts.call_store import CallStoreContract
from harlm.testing.contracts.document_reader import DocumentReaderContract
from harlm.testing.contracts.embedder import EmbedderContract
from harlm.testing.contracts.language_model import LanguageModelContract
from harlm.testing.contracts.memory_store import MemoryStoreContract
from harlm.testing.contracts.reader import ReaderContract, ReaderSample
from harlm.testing.contracts.router import RouterContract
from harlm.testing.contracts.strategy import StrategyContract, asked_of
from harlm.testing.contracts.tool import ToolCase, ToolContract
from harlm.testing.contracts.trace_sink import TraceSinkContract

__all__ = [
    "CallStoreContract",
    "DocumentReaderContract",
    "EmbedderContract",
    "LanguageModelContract",
    "MemoryStoreContract",
    "ReaderContract",
    "ReaderSample",
    "RouterContract",
    "StrategyContract",
    "ToolCase",
    "ToolContract",
    "TraceSinkContract",
    "asked_of",
]
