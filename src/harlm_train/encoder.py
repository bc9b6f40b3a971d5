"""From examples to the folder of an encoder: two thirds of the texts are fitted, one third calibrates."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from pathlib import Path

from harlm.errors import ConfigError
from harlm.isotonic import Knot, fewer, fit_knots
from harlm.router.encoder import Encoder, load_encoder
from harlm.router.encoder_folder import (
    CONFIG,
    DESCRIPTION,
    ROUTER,
    TOKENIZER,
    WEIGHTS,
    Description,
    write_description,
)
from harlm.router.encoder_forward import required
from harlm.router.model import RouterModel, save
from harlm.types import MODES, Mode
from harlm_train.backbones import open_backbone
from harlm_train.boosting import DIGITS, KNOTS
from harlm_train.examples import Example, Examples
from harlm_train.fitting import LEAST, is_held_out
from harlm_train.tuning import Recipe, Tuner, rows_of, sizes_of

_HELD_OUT = 3  # one text of so many calibrates


def train(
    examples: Examples,
    router: RouterModel,
    path: Path,
    recipe: Recipe,
    *,
    on: date | None = None,
    report: Callable[[int, float], None] | None = None,
) -> Encoder:
    """Train an encoder and write its folder.

    Args:
        examples: of all modes.
        router: trees of the same examples, whose costs, checks and bounds stay in use.
        path: the folder; new, empty, or that of another encoder, which is replaced.
        recipe: how.
        on: the date; today by default.
        report: is told each epoch and its mean loss.

    Raises:
        ConfigError: a mode lacks examples, a package is missing, the backbone cannot be read, or the folder cannot be written.
    """
    held = [is_held_out(each.text, _HELD_OUT, recipe.seed) for each in examples.all]
    fitted, calibrating = examples.where(not each for each in held), examples.where(held)
    modes = _learned(fitted, calibrating)
    torch = required("torch")
    _check_folder(path)
    with torch.random.fork_rng():
        torch.manual_seed(recipe.seed)
        backbone = open_backbone(recipe.backbone, [each.prompt for each in fitted.all])
        tuner = Tuner(torch, backbone, recipe)
        tuner.fit(rows_of(fitted.all), report)
        about = Description(
            kind=backbone.kind,
            backbone=f"{backbone.name} ({recipe.tuning})",
            date=(on or date.today()).isoformat(),
            width=backbone.width,
            most_tokens=tuner.most_tokens,
            knots=_knots(tuner, calibrating, modes),
            origins=examples.origins,
        )
        _write(path, tuner, about, router)
    return load_encoder(path)


def judge(encoder: Encoder) -> Callable[[Example], float]:
    """What an encoder says of examples: how probable a right answer was. Texts that it has read are not read again."""
    known: dict[tuple[str, tuple[float, ...]], Mapping[Mode, float]] = {}

    def right(example: Example) -> float:
        key = example.prompt, sizes_of(example)
        if key not in known:
            chances = encoder.chances_of(
                [example.prompt] * len(MODES), MODES, [example.features] * len(MODES)
            )
            known[key] = dict(zip(MODES, chances, strict=True))
        return known[key][example.mode]

    return right


def _learned(fitted: Examples, calibrating: Examples) -> list[Mode]:
    """The modes that have enough examples.

    Raises:
        ConfigError: none has.
    """
    least = LEAST // (_HELD_OUT - 1)  # of those that calibrate
    found = [mode for mode in MODES if len(fitted.of(mode)) >= LEAST and len(calibrating.of(mode)) >= least]
    if not found:
        counts = ", ".join(
            f"{mode}: {len(fitted.of(mode)):,} and {len(calibrating.of(mode)):,}" for mode in MODES
        )
        raise ConfigError(
            f"no mode has {LEAST} examples to fit and {least} of other texts to calibrate ({counts}); run more questions in every mode"
        )
    return found


def _knots(tuner: Tuner, calibrating: Examples, modes: Sequence[Mode]) -> dict[Mode, tuple[Knot, ...]]:
    """The calibration of each mode, with few steps."""
    odds = tuner.odds(calibrating.all)
    made: dict[Mode, tuple[Knot, ...]] = {}
    for mode in modes:
        own = [
            (row[MODES.index(mode)], each.score)
            for row, each in zip(odds, calibrating.all, strict=True)
            if each.mode == mode
        ]
        made[mode] = fewer(fit_knots([score for score, _ in own], [right for _, right in own]), KNOTS, DIGITS)
    return made


def _check_folder(path: Path) -> None:
    if path.exists() and not path.is_dir():
        raise ConfigError(f"{str(path)!r} is a file; name a folder for the encoder")
    if path.is_dir() and any(path.iterdir()) and not (path / DESCRIPTION).is_file():
        raise ConfigError(f"{str(path)!r} holds other files; name a new folder for the encoder")


def _write(path: Path, tuner: Tuner, about: Description, router: RouterModel) -> None:
    writing = required("safetensors.torch")
    weights = tuner.weights()
    config = json.loads(tuner.backbone.model.config.to_json_string())
    config.pop("_name_or_path", None)  # a path of this machine
    tokenizer = tuner.backbone.tokenizer
    tokenizer.no_padding()
    tokenizer.no_truncation()
    try:
        path.mkdir(parents=True, exist_ok=True)
        (path / DESCRIPTION).unlink(missing_ok=True)  # half a folder is none
        writing.save_file(weights, path / WEIGHTS)
        (path / CONFIG).write_text(json.dumps(config, indent=2) + "\n", encoding="utf-8")
        tokenizer.save(str(path / TOKENIZER))
        save(router, path / ROUTER)
        write_description(path, about)
    except OSError as error:
        raise ConfigError(
            f"{str(path)!r} cannot be written ({error.strerror}); name another folder for the encoder"
        ) from error
