"""Exact token counters, where a tokenizer is installed (``harlm[tokens]``).

Never fetches a vocabulary over the network: only those that tiktoken has fetched before are used.
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
    """The token counter of a model, by its full name such as ``openai/gpt-5``.

    ``None`` if the model's tokenizer is not public, not installed, or its vocabulary is not on this machine.
    """
    provider, _, name = model.partition("/")
    if provider != "openai":
        return None
    encoding = next((encoding for encoding, models in _ENCODINGS if name.startswith(models)), None)
    return None if encoding is None or not _is_cached(encoding) else _loaded(encoding)


def _is_cached(encoding: str) -> bool:
    """Whether tiktoken has fetched a vocabulary before. It stores each under the SHA-1 of its URL."""
    default = str(Path(tempfile.gettempdir()) / "data-gym-cache")
    folder = os.environ.get("TIKTOKEN_CACHE_DIR", os.environ.get("DATA_GYM_CACHE_DIR", default))
    if not folder:  # tiktoken then has no cache, and would fetch the vocabulary each time
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
    except (OSError, ValueError):  # a damaged file, which tiktoken would try to fetch again
        return None


class _Tiktoken:
    """Counts with one of OpenAI's vocabularies."""

    def __init__(self, encoding: object) -> None:
        # mypy cannot check tiktoken, an optional package.
        self._encode = encoding.encode_ordinary  # type: ignore[attr-defined]

    def count(self, text: str) -> int:
        """The tokens of ``text``. Marks such as ``<|endoftext|>`` count as text, as providers count them."""
        return len(self._encode(text))
