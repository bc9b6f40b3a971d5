"""The forward pass of an encoder: a text and the sizes of several options to the log odds of each mode, by torch or by onnxruntime.

Both are imported when a folder is opened, never before, and only from installed packages. Weights are arrays of numbers.
"""

from __future__ import annotations

import importlib
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from harlm.errors import ConfigError
from harlm.router.encoder_folder import (
    CONFIG,
    INT8,
    TOKENIZER,
    WEIGHTS,
    EncoderFolder,
    Kind,
    shapes_in,
    unusable,
)

Forward = Callable[[str, Sequence[Sequence[float]]], list[list[float]]]
"""The log odds of all modes for each row of sizes that goes with a text."""

BACKBONE, HEAD_WEIGHT, HEAD_BIAS = "backbone.", "head.weight", "head.bias"
"""Names in a file of weights: what those of the backbone begin with, and the two tensors of the head."""


def required(name: str, extra: str = "encoder") -> Any:
    """An optional package.

    Raises:
        ConfigError: it is not installed; the message says how to install it.
    """
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise ConfigError(
            f"an encoder as a router needs {name.partition('.')[0]} ({error}); pip install 'harlm[{extra}]'"
        ) from error


def forward_of(folder: EncoderFolder) -> Forward:
    """The forward pass of a folder.

    Raises:
        ConfigError: a package is missing, or a file is broken or does not fit the others.
    """
    about = folder.about
    tokenizer = read_tokenizer(folder.path / TOKENIZER)
    tokenizer.no_padding()
    tokenizer.enable_truncation(about.most_tokens)
    if about.runtime == "onnx":
        return _by_onnx(folder, tokenizer)
    return _by_torch(folder, tokenizer)


def read_tokenizer(file: Path) -> Any:
    """The tokenizer in a ``tokenizer.json``.

    Raises:
        ConfigError: the package is missing, or the file is broken.
    """
    tokenizers = required("tokenizers")
    try:
        return tokenizers.Tokenizer.from_file(str(file))
    except Exception as error:  # the package raises nothing more exact
        raise unusable(file, error) from error


def config_of(transformers: Any, written: Mapping[str, Any]) -> Any:
    """The configuration that a ``config.json`` holds.

    Raises:
        ValueError: transformers knows no such model, or it is no encoder.
    """
    kind = written.get("model_type")
    if kind not in transformers.CONFIG_MAPPING:
        raise ValueError(f"transformers {transformers.__version__} knows no model_type {kind!r}")
    made = transformers.CONFIG_MAPPING[kind].from_dict(
        {
            name: each
            for name, each in written.items()
            if not name.startswith(("attn_", "_attn_", "quantization"))
        }
    )
    if kind != "t5" and getattr(made, "is_encoder_decoder", False):
        raise ValueError(f"model_type {kind!r} has a decoder, and only an encoder can be used")
    return made


def backbone_class(transformers: Any, kind: Kind, config: Any) -> Any:
    """The class of a backbone: of a T5 the encoder alone, which is half of its weights."""
    return transformers.T5EncoderModel if kind == "t5" else transformers.MODEL_MAPPING[type(config)]


def pooled(backbone: Any, ids: Any, mask: Any) -> Any:
    """The mean of the last hidden states over the tokens of each text, texts x width."""
    hidden = backbone(input_ids=ids, attention_mask=mask).last_hidden_state
    counted = mask.unsqueeze(-1).to(hidden.dtype)
    return (hidden * counted).sum(1) / counted.sum(1).clamp(min=1.0)


def log_odds_of(torch: Any, texts: Any, sizes: Any, weight: Any, bias: Any) -> Any:
    """Log odds, rows x modes, of pooled texts (one for all rows, or one each) and their sizes."""
    seen = torch.cat([texts.expand(sizes.shape[0], -1), sizes], dim=1)
    return torch.nn.functional.linear(seen, weight, bias)


def read_torch(folder: EncoderFolder) -> tuple[Any, Any, Any]:
    """The backbone, and the weight and the bias of the head. No weight is made that the file does not hold.

    Raises:
        ConfigError: as for ``forward_of``.
    """
    torch, transformers = required("torch"), required("transformers")
    reading = required("safetensors.torch")
    about, file = folder.about, folder.path / WEIGHTS
    try:
        config = config_of(transformers, folder.config)
        made = backbone_class(transformers, about.kind, config)
        with quiet(transformers), torch.device("meta"):
            empty = made(config)
    except Exception as error:  # transformers has as many errors as files
        raise unusable(folder.path / CONFIG, error) from error
    wanted = {f"{BACKBONE}{name}": tuple(each.shape) for name, each in empty.named_parameters()}
    wanted[HEAD_WEIGHT] = (len(about.modes), about.width + len(about.sizes))
    wanted[HEAD_BIAS] = (len(about.modes),)
    if fault := _difference(wanted, shapes_in(file)):
        raise unusable(file, fault)
    try:
        weights = reading.load_file(file)
        with quiet(transformers):
            named = {
                name.removeprefix(BACKBONE): each
                for name, each in weights.items()
                if name.startswith(BACKBONE)
            }
            backbone = made.from_pretrained(None, config=config, state_dict=named, dtype=torch.float32)
    except Exception as error:  # safetensors has an error of its own
        raise unusable(file, error) from error
    if broken := next((name for name, each in weights.items() if not torch.isfinite(each).all()), None):
        raise unusable(file, f"tensor {broken!r} holds a number that is not finite")
    return backbone.eval(), weights[HEAD_WEIGHT], weights[HEAD_BIAS]


@contextmanager
def quiet(transformers: Any) -> Iterator[None]:
    """Without the progress bars and the advice of transformers."""
    logging = transformers.utils.logging
    level, bars = logging.get_verbosity(), logging.is_progress_bar_enabled()
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.set_verbosity(level)
        if bars:
            logging.enable_progress_bar()


def _by_torch(folder: EncoderFolder, tokenizer: Any) -> Forward:
    torch = required("torch")
    backbone, weight, bias = read_torch(folder)
    known = backbone.get_input_embeddings().num_embeddings
    places = getattr(backbone.config, "max_position_embeddings", None) or folder.about.most_tokens
    last = max(tokenizer.get_vocab().values(), default=0)
    if last >= known:
        raise unusable(
            folder.path / TOKENIZER, f"it has a token {last:,}, and the weights know {known:,} tokens"
        )
    if folder.about.most_tokens > places and folder.about.kind != "t5":
        raise unusable(
            folder.path / CONFIG, f"it has room for {places:,} tokens, not for {folder.about.most_tokens:,}"
        )

    def forward(text: str, sizes: Sequence[Sequence[float]]) -> list[list[float]]:
        with torch.inference_mode():
            ids = torch.tensor([_ids(tokenizer, text)])
            texts = pooled(backbone, ids, torch.ones_like(ids))
            found: list[list[float]] = log_odds_of(
                torch, texts, torch.tensor([list(each) for each in sizes]), weight, bias
            ).tolist()
        return found

    return forward


def _by_onnx(folder: EncoderFolder, tokenizer: Any) -> Forward:
    numpy, runtime = required("numpy", "int8"), required("onnxruntime", "int8")
    file = folder.path / INT8
    try:
        options = runtime.SessionOptions()
        options.add_session_config_entry(
            "session.intra_op.allow_spinning", "0"
        )  # between two questions lie seconds
        session = runtime.InferenceSession(str(file), options, providers=["CPUExecutionProvider"])
        taken = {each.name: each.shape for each in session.get_inputs()}
        if taken.keys() != {"ids", "mask", "sizes"} or taken["sizes"][1] != len(folder.about.sizes):
            raise ValueError("it takes other inputs than ids, mask and sizes")
    except Exception as error:  # onnxruntime has a dozen errors of its own
        raise unusable(file, error) from error

    def forward(text: str, sizes: Sequence[Sequence[float]]) -> list[list[float]]:
        ids = numpy.array([_ids(tokenizer, text)], numpy.int64)
        given = {"ids": ids, "mask": numpy.ones_like(ids), "sizes": numpy.array(sizes, numpy.float32)}
        found: list[list[float]] = session.run(["odds"], given)[0].tolist()
        return found

    return forward


def _ids(tokenizer: Any, text: str) -> list[int]:
    found: list[int] = tokenizer.encode(text.encode("utf-8", "replace").decode()).ids
    return found or [0]


def _difference(wanted: Mapping[str, tuple[int, ...]], found: Mapping[str, tuple[int, ...]]) -> str:
    """How the tensors of a file differ from those that are needed; empty if they do not."""
    for name, shape in wanted.items():
        if name not in found:
            return f"it lacks the tensor {name!r}"
        if found[name] != shape:
            return f"tensor {name!r} has the shape {found[name]}, and {CONFIG} needs {shape}"
    odd = sorted(found.keys() - wanted.keys())
    return f"it has the tensor {odd[0]!r}, which {CONFIG} does not name" if odd else ""
