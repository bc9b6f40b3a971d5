"""An encoder of 8 bits: it gives what that of 32 bits gives, and needs no torch."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from harlm.errors import ConfigError
from harlm.router.encoder import load_encoder
from harlm.router.encoder_folder import open_folder
from harlm.router.encoder_forward import forward_of
from harlm_train.export import export
from tests.support.encoders import situation, write_folder, write_weights


def test_a_folder_is_exported_and_then_needs_no_torch(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("torch", "transformers", "safetensors", "tokenizers"):
        pytest.importorskip(name, reason="pip install 'harlm[encoder]'")
    for name in ("onnx", "onnxruntime", "onnxscript"):
        pytest.importorskip(name, reason="pip install 'harlm[int8]'")
    write_weights(write_folder(tmp_path, kind="t5"), "t5")
    before, exact = _odds(tmp_path)
    made = export(tmp_path)
    assert made.file == tmp_path / "model.int8.onnx"
    assert made.size == made.file.stat().st_size
    assert made.apart < 0.2
    for name in ("model.safetensors", "config.json"):
        (tmp_path / name).unlink()
    for name in ("torch", "transformers"):
        monkeypatch.setitem(sys.modules, name, None)
    after, rounded = _odds(tmp_path)
    assert before == after == "encoder"
    assert rounded == pytest.approx(exact, abs=1e-3), "sizes are weighed exactly"
    with pytest.raises(ConfigError, match="has been exported already"):
        export(tmp_path)


def _odds(path: Path) -> tuple[str, list[float]]:
    """What a route of a folder rests on, and what other sizes add to the log odds of a text."""
    route = load_encoder(path).router().route(situation("How many names are in the vault? " * 3))
    rows = [[0.0] * 7, [20.0, -8.0, -6.0, 9.0, 0.7, 4.0, 1.0]]
    plain, large = forward_of(open_folder(path))("how many names", rows)
    return route.basis, [after - before for before, after in zip(plain, large, strict=True)]


def test_a_folder_that_is_none_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="is not the folder of an encoder"):
        export(tmp_path)
