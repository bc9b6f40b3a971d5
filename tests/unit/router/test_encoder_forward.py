"""The forward pass: the message where a package is missing, and with torch, which weights are refused and what the rest gives."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from harlm.errors import ConfigError
from harlm.router.encoder import load_encoder
from harlm.router.encoder_folder import Kind, open_folder
from harlm.router.encoder_forward import forward_of, required
from tests.support.encoders import WIDTH, situation, write_folder, write_tensors, write_weights

SIZES = [9.0, -3.0, -2.0, 1.0, 0.7, 2.0, 0.5]


@pytest.mark.parametrize("name", ["tokenizers", "torch", "transformers", "safetensors.torch"])
def test_a_missing_package_is_an_error_with_the_command_that_installs_it(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(
        ConfigError, match=rf"needs {name.split('.')[0]} \(.*\); pip install 'harlm\[encoder\]'"
    ):
        required(name)


def test_a_folder_without_its_package_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "tokenizers", None)
    with pytest.raises(ConfigError, match=r"pip install 'harlm\[encoder\]'"):
        load_encoder(write_folder(tmp_path))


@pytest.fixture
def folder(tmp_path: Path) -> Callable[[Kind], Path]:
    """Makes a folder with random weights."""
    for name in ("torch", "transformers", "safetensors", "tokenizers"):
        pytest.importorskip(name, reason="pip install 'harlm[encoder]'")

    def made(kind: Kind) -> Path:
        path = write_folder(tmp_path, kind=kind)
        write_weights(path, kind)
        return path

    return made


@pytest.mark.parametrize("kind", ["t5", "auto"])
def test_a_text_gives_log_odds_that_depend_on_its_words_and_on_sizes(
    folder: Callable[[Kind], Path], kind: Kind
) -> None:
    forward = forward_of(open_folder(folder(kind)))
    (first, second), again = forward("how many names", [SIZES, [0.0] * 7]), forward("how many names", [SIZES])
    assert again[0] == pytest.approx(first, abs=1e-5)
    assert len(first) == 4
    assert first != pytest.approx(second)
    assert forward("there are names in a vault", [SIZES])[0] != pytest.approx(first)
    assert forward("", [SIZES])
    assert forward("a \ud800 list", [SIZES])
    assert forward("names " * 64, [SIZES])[0] == pytest.approx(forward("names " * 9_000, [SIZES])[0])


def test_a_folder_routes(folder: Callable[[Kind], Path]) -> None:
    route = load_encoder(folder("t5")).router().route(situation())
    assert route.basis == "encoder"
    assert set(route.probabilities.values()) <= {0.25, 0.5, 0.75}


def changed(tensors: dict[str, Any], how: str) -> dict[str, Any]:
    import torch

    if how == "shape":
        return tensors | {"head.weight": torch.zeros(4, WIDTH)}
    if how == "missing":
        return {name: each for name, each in tensors.items() if name != "backbone.shared.weight"}
    if how == "foreign":
        return tensors | {"lm_head.weight": torch.zeros(2)}
    if how == "half":
        return tensors | {"head.bias": torch.zeros(4, dtype=torch.float16)}
    return tensors | {"head.bias": torch.tensor([0.0, float("nan"), 0.0, 0.0])}


@pytest.mark.parametrize(
    ("how", "why"),
    [
        ("shape", r"tensor 'head.weight' has the shape \(4, 16\), and config.json needs \(4, 23\)"),
        ("missing", r"lacks the tensor 'backbone.shared.weight'"),
        ("foreign", r"has the tensor 'lm_head.weight', which config.json does not name"),
        ("half", r"tensor 'head.bias' is not of 32-bit floats"),
        ("nan", r"tensor 'head.bias' holds a number that is not finite"),
    ],
)
def test_weights_that_do_not_fit_are_refused(folder: Callable[[Kind], Path], how: str, why: str) -> None:
    from safetensors.torch import load_file

    path = folder("t5")
    write_tensors(path, changed(load_file(path / "model.safetensors"), how))
    with pytest.raises(ConfigError, match=rf"model\.safetensors' .*{why}.*; train it again"):
        load_encoder(path)


def test_weights_that_are_cut_off_are_refused(folder: Callable[[Kind], Path]) -> None:
    file = folder("t5") / "model.safetensors"
    file.write_bytes(file.read_bytes()[:-100])
    with pytest.raises(ConfigError, match=r"model\.safetensors' cannot be used: .*; train it again"):
        load_encoder(file.parent)


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"model_type": "no_such_type"}, "knows no model_type 'no_such_type'"),
        ({"model_type": "bart"}, "has a decoder, and only an encoder can be used"),
        ({"num_attention_heads": "many"}, "num_attention_heads"),
    ],
)
def test_a_configuration_of_no_encoder_is_refused(
    folder: Callable[[Kind], Path], changes: dict[str, Any], why: str
) -> None:
    file = folder("auto") / "config.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | changes), encoding="utf-8")
    with pytest.raises(ConfigError, match=rf"(?s)config\.json' cannot be used: .*{why}"):
        load_encoder(file.parent)


def test_a_tokenizer_that_is_broken_or_larger_than_the_weights_is_refused(
    folder: Callable[[Kind], Path],
) -> None:
    file = folder("t5") / "tokenizer.json"
    written = json.loads(file.read_text())
    written["model"]["vocab"]["strange"] = 999
    file.write_text(json.dumps(written), encoding="utf-8")
    with pytest.raises(
        ConfigError, match=r"tokenizer\.json' cannot be used: it has a token 999, and the weights know"
    ):
        load_encoder(file.parent)
    file.write_text("{}", encoding="utf-8")
    with pytest.raises(ConfigError, match=r"tokenizer\.json' cannot be used"):
        load_encoder(file.parent)


def test_a_network_that_is_none_is_refused(folder: Callable[[Kind], Path]) -> None:
    pytest.importorskip("onnxruntime", reason="pip install 'harlm[int8]'")
    path = folder("t5")
    about = json.loads((path / "encoder.json").read_text()) | {"runtime": "onnx"}
    (path / "encoder.json").write_text(json.dumps(about), encoding="utf-8")
    (path / "model.int8.onnx").write_bytes(b"no network")
    with pytest.raises(ConfigError, match=r"model\.int8\.onnx' cannot be used"):
        load_encoder(path)
