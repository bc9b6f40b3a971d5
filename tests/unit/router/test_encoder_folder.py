"""The folder of an encoder: what is refused, and what the error says. Needs no torch."""

from __future__ import annotations

import json
import struct
from pathlib import Path
from typing import Any

import pytest

from harlm.errors import ConfigError
from harlm.router.encoder_folder import open_folder, shapes_in
from tests.support.encoders import STEPS, described, write_folder


def test_a_folder_gives_its_description_its_trees_and_its_configuration(tmp_path: Path) -> None:
    folder = open_folder(write_folder(tmp_path))
    assert folder.about.knots["direct"] == STEPS
    assert folder.router.heads.keys() == {"direct"}
    assert folder.config == {"model_type": "t5"}


def test_a_path_that_is_no_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"nothing' is no folder; name one"):
        open_folder(tmp_path / "nothing")
    with pytest.raises(
        ConfigError, match=r"encoder\.json' does not exist .* is not the folder of an encoder"
    ):
        open_folder(tmp_path)


@pytest.mark.parametrize("name", ["router.json", "tokenizer.json", "config.json", "model.safetensors"])
def test_a_missing_file_is_named(tmp_path: Path, name: str) -> None:
    (write_folder(tmp_path) / name).unlink()
    with pytest.raises(ConfigError, match=rf"{name}' does not exist.*"):
        open_folder(tmp_path)


def test_with_onnxruntime_the_network_is_needed_and_no_weights_of_torch(tmp_path: Path) -> None:
    write_folder(tmp_path, runtime="onnx")
    for name in ("config.json", "model.safetensors"):
        (tmp_path / name).unlink()
    with pytest.raises(ConfigError, match=r"model\.int8\.onnx' does not exist"):
        open_folder(tmp_path)
    (tmp_path / "model.int8.onnx").write_bytes(b"")
    assert open_folder(tmp_path).about.runtime == "onnx"


def test_a_format_of_a_later_version_says_so_even_if_it_has_other_fields(tmp_path: Path) -> None:
    write_folder(tmp_path)
    (tmp_path / "encoder.json").write_text('{"format": 2, "layers": "?"}', encoding="utf-8")
    with pytest.raises(ConfigError, match=r"has format 2, this version of HARLM reads 1: update HARLM"):
        open_folder(tmp_path)


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"kind": "pickle"}, "Invalid enum value"),
        ({"command": "rm"}, "unknown field"),
        ({"sizes": ["log_tokens"]}, "other features"),
        ({"knots": {}}, "no head for a mode"),
        ({"modes": ["direct"]}, "no head for a mode"),
        ({"modes": ["direct", "plan", "repl", "repl"]}, "no head for a mode"),
        ({"knots": {"direct": []}}, "mode direct is not calibrated"),
        (
            {"knots": {"direct": [{"least": 0, "value": 1.5}]}},
            "mode direct: a step is not finite, or not between 0 and 1",
        ),
        (
            {"knots": {"plan": [{"least": 0, "value": 0.5}, {"least": 1, "value": 0.4}]}},
            "mode plan: the steps do not rise",
        ),
        ({"width": 0}, ">= 1"),
        ({"most_tokens": 10**9}, "<= 8192"),
    ],
)
def test_a_description_that_no_training_writes_is_refused(
    tmp_path: Path, changes: dict[str, Any], why: str
) -> None:
    write_folder(tmp_path)
    (tmp_path / "encoder.json").write_text(json.dumps(described() | changes), encoding="utf-8")
    with pytest.raises(
        ConfigError, match=rf"encoder\.json' does not describe an encoder \(.*{why}.*train it again"
    ):
        open_folder(tmp_path)


@pytest.mark.parametrize("data", [b"", b"{", b"[]", b"\xff", b"[" * 100_000])
def test_a_description_that_is_no_json_is_refused(tmp_path: Path, data: bytes) -> None:
    write_folder(tmp_path)
    (tmp_path / "encoder.json").write_bytes(data)
    with pytest.raises(ConfigError, match="does not describe an encoder"):
        open_folder(tmp_path)


@pytest.mark.parametrize(
    ("config", "why"),
    [
        ("{", "truncated"),
        (
            '{"model_type": "t5", "auto_map": {"AutoModel": "evil.Model"}}',
            "code of its own, which is never run",
        ),
        ('{"model_type": "bert"}', "model_type is 'bert', and encoder.json says kind 't5'"),
        ("{}", "model_type is None"),
    ],
)
def test_a_configuration_that_is_foreign_is_refused(tmp_path: Path, config: str, why: str) -> None:
    (write_folder(tmp_path) / "config.json").write_text(config, encoding="utf-8")
    with pytest.raises(ConfigError, match=rf"config\.json' cannot be used: .*{why}"):
        open_folder(tmp_path)


def weights(header: object, data: bytes = b"") -> bytes:
    """A file of weights with any header."""
    written = json.dumps(header).encode()
    return struct.pack("<Q", len(written)) + written + data


def test_the_shapes_of_weights_are_read_from_their_list(tmp_path: Path) -> None:
    file = tmp_path / "model.safetensors"
    tensor = {"dtype": "F32", "shape": [2, 3], "data_offsets": [0, 24]}
    file.write_bytes(weights({"__metadata__": {"format": "pt"}, "a": tensor}, b"\0" * 24))
    assert shapes_in(file) == {"a": (2, 3)}


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x80\x04K\x01.",  # a pickle
        struct.pack("<Q", 2**60) + b"{}",
        weights([]),
        weights({"a": {"dtype": "F16", "shape": [1], "data_offsets": [0, 2]}}),
        weights({"a": {"dtype": "F32"}}),
        weights({"a": {"dtype": "F32", "shape": None}}),
    ],
)
def test_what_is_no_file_of_weights_is_refused(tmp_path: Path, data: bytes) -> None:
    file = tmp_path / "model.safetensors"
    file.write_bytes(data)
    with pytest.raises(
        ConfigError, match=r"model\.safetensors' is no file of weights \(.*\); train it again"
    ):
        shapes_in(file)
