"""Exports an encoder to ONNX with weights of 8 bits, so that it needs a quarter of the room and no torch.

Only the large matrices are rounded. The head stays exact, since sizes of texts and pooled numbers differ a hundredfold.
"""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from harlm.router.encoder_folder import (
    INT8,
    TOKENIZER,
    EncoderFolder,
    open_folder,
    unusable,
    write_description,
)
from harlm.router.encoder_forward import (
    forward_of,
    log_odds_of,
    pooled,
    quiet,
    read_tokenizer,
    read_torch,
    required,
)

_EXTRA = "int8"
_OPSET = 18
_SAMPLE = "How many of the entries mention a delay? | tokens=12K documents=3 structure=records fill=0.1 strategy=label fit=0.9"


class Exported(NamedTuple):
    """What an export made.

    Attributes:
        file: of the network.
        size: its bytes.
        apart: the greatest difference in log odds from the weights of 32 bits, over the texts that were compared.
    """

    file: Path
    size: int
    apart: float


def export(path: Path, texts: Sequence[str] = ()) -> Exported:
    """Write ``model.int8.onnx`` into the folder of an encoder, which uses it from then on. Its other weights stay, and may be removed.

    Args:
        path: the folder; its weights are those of torch.
        texts: some that are read by both, to compare them; one of our own if there is none.

    Raises:
        ConfigError: a package is missing, the folder is none of an encoder, or its backbone cannot be exported.
    """
    folder = open_folder(path)
    if folder.about.runtime != "torch":
        raise unusable(path, f"it has been exported already: {INT8} is in use")
    exact = forward_of(folder)
    with tempfile.TemporaryDirectory(dir=path) as room:
        plain = Path(room) / "plain.onnx"
        try:
            with _without_advice():
                _write_plain(folder, plain)
                _round(plain, Path(room) / INT8)
        except (RuntimeError, ValueError, TypeError, AttributeError, NotImplementedError) as error:
            first = next(iter(str(error).splitlines()), type(error).__name__)
            raise unusable(path, f"torch cannot export its backbone to ONNX ({first})") from error
        (Path(room) / INT8).replace(path / INT8)
    folder = folder._replace(about=msgspec.structs.replace(folder.about, runtime="onnx"))
    rounded = forward_of(folder)
    rows = [[0.0] * len(folder.about.sizes), [1.0] * len(folder.about.sizes)]
    apart = max(
        abs(one - other)
        for text in texts or (_SAMPLE,)
        for exactly, nearly in zip(exact(text, rows), rounded(text, rows), strict=True)
        for one, other in zip(exactly, nearly, strict=True)
    )
    write_description(path, folder.about)
    return Exported(path / INT8, (path / INT8).stat().st_size, apart)


def _write_plain(folder: EncoderFolder, file: Path) -> None:
    """The network with weights of 32 bits: ids and mask of one text, and the sizes of any number of options, to log odds."""
    torch, transformers = required("torch"), required("transformers")
    required("onnx", _EXTRA), required("onnxscript", _EXTRA)
    backbone, weight, bias = read_torch(folder)

    def forward(_: Any, ids: Any, mask: Any, sizes: Any) -> Any:
        return log_odds_of(torch, pooled(backbone, ids, mask), sizes, weight, bias)

    network = type("Network", (torch.nn.Module,), {"forward": forward})()
    network.backbone = backbone
    ids = torch.tensor([read_tokenizer(folder.path / TOKENIZER).encode(_SAMPLE).ids])
    dim = torch.export.Dim
    with quiet(transformers), torch.inference_mode():
        torch.onnx.export(
            network,
            (ids, torch.ones_like(ids), torch.zeros(3, len(folder.about.sizes))),
            str(file),
            input_names=["ids", "mask", "sizes"],
            output_names=["odds"],
            dynamic_shapes={
                "ids": {1: dim("tokens", min=2, max=folder.about.most_tokens)},
                "mask": {1: dim("tokens", min=2, max=folder.about.most_tokens)},
                "sizes": {0: dim("options", min=1, max=1024)},
            },
            opset_version=_OPSET,
            dynamo=True,
            verbose=False,
        )


def _round(plain: Path, file: Path) -> None:
    """Weights of 8 bits in all matrices but that of the head, the last one of the network."""
    onnx, quantization = required("onnx", _EXTRA), required("onnxruntime.quantization", _EXTRA)
    nodes = onnx.load(str(plain), load_external_data=False).graph.node
    head = [node.name for node in nodes if node.op_type in ("MatMul", "Gemm")][-1]
    quantization.quantize_dynamic(
        plain,
        file,
        weight_type=quantization.QuantType.QInt8,
        per_channel=True,
        nodes_to_exclude=[head, f"{head}_MatMul"],  # a Gemm is renamed before it is rounded
    )


@contextmanager
def _without_advice() -> Iterator[None]:
    """Without the advice that torch and onnxruntime log: on packages that are not needed, on models that run elsewhere."""
    logging.disable(logging.WARNING)
    try:
        yield
    finally:
        logging.disable(logging.NOTSET)
