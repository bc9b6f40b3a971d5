"""Tunes an encoder with a head on top: one pass over a text trains the heads of all modes that have an example of it.

Knows rows of texts, sizes and scores, and nothing of folders or calibration.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

from harlm.errors import ConfigError
from harlm.router.encoder_forward import (
    BACKBONE,
    HEAD_BIAS,
    HEAD_WEIGHT,
    log_odds_of,
    pooled,
    quiet,
    required,
)
from harlm.router.encoder_text import SIZES
from harlm.types import MODES
from harlm_train.backbones import Backbone
from harlm_train.examples import Example

Tuning = Literal["lora", "full", "frozen"]
"""Which weights of the backbone change: small matrices beside its attention (LoRA), all of them, or none."""

_RANK = 16
_PROJECTIONS = (("q", "v"), ("query", "value"), ("Wqkv",), ("q_lin", "v_lin"), ("q_proj", "v_proj"))
_EPOCHS: Mapping[Tuning, int] = {"lora": 4, "full": 3, "frozen": 60}
_RATES: Mapping[Tuning, float] = {"lora": 5e-4, "full": 3e-5, "frozen": 0.0}
_HEAD_RATE, _DECAY = 3e-3, 0.01
_LEAST_SPREAD = 1e-3  # of a size, as a standard deviation
_WARM = 0.1  # the share of the steps in which the rate rises; then it falls to zero


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """How an encoder is trained.

    Attributes:
        backbone: its name, see ``harlm_train.backbones.open_backbone``.
        tuning: which of its weights change.
        epochs: passes over the examples; ``None`` for as many as suit the tuning.
        rate: of the backbone's weights; ``None`` for one that suits the tuning.
        batch: rows of one step.
        most_tokens: of a text; the rest is cut off.
        seed: of the parting, of the weights of the head, and of the order.
    """

    backbone: str
    tuning: Tuning = "lora"
    epochs: int | None = None
    rate: float | None = None
    batch: int = 16
    most_tokens: int = 512
    seed: int = 0


class Row(NamedTuple):
    """A text with its sizes, the mean score in each mode, and the weight of the examples behind it."""

    prompt: str
    sizes: tuple[float, ...]
    scores: tuple[float, ...]
    weights: tuple[float, ...]


class Tuner:
    """A backbone with a head, while it is trained."""

    def __init__(self, torch: Any, backbone: Backbone, recipe: Recipe) -> None:
        self._torch, self._recipe = torch, recipe
        self.backbone = backbone
        self.most_tokens = min(recipe.most_tokens, backbone.most_tokens)
        self._device = "cuda" if torch.cuda.is_available() else "cpu"
        self._head = torch.nn.Linear(backbone.width + len(SIZES), len(MODES)).to(self._device)
        self.tuned = _with_lora(backbone.model, recipe.tuning).to(self._device)
        backbone.tokenizer.enable_truncation(self.most_tokens)
        backbone.tokenizer.enable_padding(pad_id=backbone.model.config.pad_token_id or 0)
        self._means, self._spreads = torch.zeros(len(SIZES)), torch.ones(len(SIZES))
        self._frozen: dict[str, Any] = {}

    def fit(self, rows: Sequence[Row], report: Callable[[int, float], None] | None) -> None:
        """Train on rows, in an order that the seed draws."""
        torch, recipe = self._torch, self._recipe
        sizes = torch.tensor([row.sizes for row in rows])
        spreads = sizes.std(0, correction=0)
        self._means = sizes.mean(0)
        self._spreads = torch.where(
            spreads > _LEAST_SPREAD, spreads, torch.inf
        )  # what never differs says nothing
        epochs = _EPOCHS[recipe.tuning] if recipe.epochs is None else recipe.epochs
        rate = _RATES[recipe.tuning] if recipe.rate is None else recipe.rate
        steps = math.ceil(len(rows) / recipe.batch) * epochs
        changing = [each for each in self.tuned.parameters() if each.requires_grad]
        groups = [{"params": list(self._head.parameters()), "lr": _HEAD_RATE}]
        groups += [{"params": changing, "lr": rate}] if changing else []
        optimizer = torch.optim.AdamW(groups, weight_decay=_DECAY)
        schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: _slope(step, steps))
        order = torch.Generator().manual_seed(recipe.seed)
        for epoch in range(epochs):
            self.tuned.train(bool(changing))
            shuffled = torch.randperm(len(rows), generator=order).tolist()
            losses = []
            for at in range(0, len(rows), recipe.batch):
                loss = self._loss([rows[each] for each in shuffled[at : at + recipe.batch]])
                optimizer.zero_grad()
                loss.backward()
                torch.nn.utils.clip_grad_norm_(changing, 1.0)
                optimizer.step()
                schedule.step()
                losses.append(float(loss.detach()))
            if report is not None:
                report(epoch + 1, sum(losses) / len(losses))

    def odds(self, examples: Sequence[Example]) -> list[tuple[float, ...]]:
        """The log odds of all modes for each of several examples."""
        rows = rows_of(examples)
        found: dict[tuple[str, tuple[float, ...]], tuple[float, ...]] = {}
        self.tuned.eval()
        with self._torch.inference_mode():
            for at in range(0, len(rows), self._recipe.batch):
                some = rows[at : at + self._recipe.batch]
                odds = self._odds(some).tolist()
                found |= {(row.prompt, row.sizes): tuple(each) for row, each in zip(some, odds, strict=True)}
        return [found[each.prompt, sizes_of(each)] for each in examples]

    def weights(self) -> dict[str, Any]:
        """All tensors by name, with what LoRA learned added to the weights beside it."""
        model = self.tuned.merge_and_unload() if self._recipe.tuning == "lora" else self.tuned
        named = {f"{BACKBONE}{name}": each for name, each in model.named_parameters()}
        weight, width = self._head.weight.detach().cpu().clone(), self.backbone.width
        weight[:, width:] /= self._spreads
        bias = self._head.bias.detach().cpu() - weight[:, width:] @ self._means
        named |= {HEAD_WEIGHT: weight, HEAD_BIAS: bias}
        return {name: each.detach().float().cpu().contiguous() for name, each in named.items()}

    def _loss(self, rows: Sequence[Row]) -> Any:
        """The cross entropy of the scores that are known, each by its weight."""
        torch = self._torch
        wanted = torch.tensor([row.scores for row in rows], device=self._device)
        weights = torch.tensor([row.weights for row in rows], device=self._device)
        losses = torch.nn.functional.binary_cross_entropy_with_logits(
            self._odds(rows), wanted, weight=weights, reduction="sum"
        )
        return losses / weights.sum()

    def _odds(self, rows: Sequence[Row]) -> Any:
        sizes = (self._torch.tensor([row.sizes for row in rows]) - self._means) / self._spreads
        texts = self._texts([row.prompt for row in rows])
        return log_odds_of(self._torch, texts, sizes.to(self._device), self._head.weight, self._head.bias)

    def _texts(self, prompts: Sequence[str]) -> Any:
        """The pooled texts. A frozen backbone reads each once."""
        torch = self._torch
        if self._recipe.tuning != "frozen":
            return self._pooled(prompts)
        with torch.no_grad():
            for prompt in prompts:
                if prompt not in self._frozen:
                    self._frozen[prompt] = self._pooled([prompt])[0]
        return torch.stack([self._frozen[prompt] for prompt in prompts])

    def _pooled(self, prompts: Sequence[str]) -> Any:
        encoded = self.backbone.tokenizer.encode_batch(list(prompts))
        ids = self._torch.tensor([each.ids for each in encoded], device=self._device)
        mask = self._torch.tensor([each.attention_mask for each in encoded], device=self._device)
        return pooled(self.tuned, ids, mask)


def _with_lora(model: Any, tuning: Tuning) -> Any:
    for each in model.parameters():
        each.requires_grad_(tuning == "full")
    if tuning != "lora":
        return model
    peft = required("peft")
    known = {name.rpartition(".")[2] for name, _ in model.named_modules()}
    targets = next((each for each in _PROJECTIONS if known.issuperset(each)), None)
    if targets is None:
        raise ConfigError(
            f"LoRA finds no known projections of attention in a model of type {model.config.model_type!r}; use tuning 'full'"
        )
    wanted = peft.LoraConfig(r=_RANK, lora_alpha=2 * _RANK, lora_dropout=0.05, target_modules=list(targets))
    with quiet(required("transformers")):
        return peft.get_peft_model(model, wanted)


def rows_of(examples: Sequence[Example]) -> list[Row]:
    """Examples of one text with equal sizes as one row."""
    together: dict[tuple[str, tuple[float, ...]], list[Example]] = defaultdict(list)
    for each in examples:
        together[each.prompt, sizes_of(each)].append(each)
    made = []
    for (prompt, sizes), some in together.items():
        weights = [sum(each.weight for each in some if each.mode == mode) for mode in MODES]
        sums = [sum(each.weight * each.score for each in some if each.mode == mode) for mode in MODES]
        scores = tuple(total / weight if weight else 0.0 for total, weight in zip(sums, weights, strict=True))
        made.append(Row(prompt, sizes, scores, tuple(map(float, weights))))
    return made


def sizes_of(example: Example) -> tuple[float, ...]:
    """What the heads see beside the text."""
    return tuple(example.features[name] for name in SIZES)


def _slope(step: int, steps: int) -> float:
    """The rate of a step as a share of the highest."""
    warm = max(1, round(_WARM * steps))
    return (step + 1) / warm if step < warm else max(0.0, (steps - step) / max(1, steps - warm))
