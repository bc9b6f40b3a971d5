"""Exact token counters, where a tokenizer is installed (``harlm[tokens]``). Knows which vocabulary a model has; refuses to
fetch one over the network: one that tiktoken has not fetched before is done without.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from functools import lru_cache
from pathlib import Path

from harlm.protocols import TokenCounter

_VOCABULARIES = "https://openaipublic.blob.core.windows.net/encodings/"
_ENCODINGS = (
    ("o200k_base", ("gpt-5", "gpt-4.1", "gpt-4o", "o1", "o3", "o4", "chatgpt")),
    ("cl100k_base", ("gpt-4", "gpt-3.5")),
)


def tokenizer_of(model: str) -> TokenCounter | None:
    """The counter of a model by its full name; None where its tokenizer is not public, not installed, or not on this
    machine.
    """
    provider, _, name = model.partition("/")
    if provider != "openai":
        return None
    encoding = next((each for each, names in _ENCODINGS if name.startswith(names)), None)
    return None if encoding is None or not _is_here(encoding) else _loaded(encoding)


def _is_here(encoding: str) -> bool:
    """Whether tiktoken has fetched a vocabulary before: it keeps each under the SHA-1 of its address."""
    default = str(Path(tempfile.gettempdir()) / "data-gym-cache")
    folder = os.environ.get("TIKTOKEN_CACHE_DIR", os.environ.get("DATA_GYM_CACHE_DIR", default))
    if not folder:  # tiktoken then keeps nothing, and would fetch it each time
        return False
    name = hashlib.sha1(f"{_VOCABULARIES}{encoding}.tiktoken".encode(), usedforsecurity=False).hexdigest()
    try:
        return (Path(folder) / name).is_file()
    except OSError:
        return False


@lru_cache(maxsize=4)
def _loaded(encoding: str) -> TokenCounter | None:
    try:
        import tiktoken
    except ImportError:
        return None
    try:
        return _Tiktoken(tiktoken.get_encoding(encoding))
    except (OSError, ValueError):  # a damaged file: it would fetch another
        return None


class _Tiktoken:
    """Counts with one of OpenAI's vocabularies."""

    def __init__(self, encoding: object) -> None:
        self._encode = encoding.encode_ordinary  # type: ignore[attr-defined] # an optional package without a socket of ours

    def count(self, text: str) -> int:
        """The tokens of ``text``; marks such as ``<|endoftext|>`` are taken for text, as a provider takes them."""
        return len(self._encode(text))
