"""What an encoder reads of a task: the question, the profile of the context in words, and the beginning and the end of the text."""

from __future__ import annotations

from collections.abc import Sequence

from harlm.router.features import KNOWN_STRATEGIES, Features
from harlm.types import Situation

SIZES: tuple[str, ...] = (
    "log_tokens",
    "log_fill",
    "log_effective_fill",
    "log_documents",
    "root_skill",
    "log_price",
    "fit",
)
"""The features that heads see beside the pooled text, since an encoder is a bad judge of sizes."""

_QUESTION = 1_200  # characters
_EXCERPT = 300  # characters of each end of the text


def encoder_text(question: str, features: Features, excerpt: str) -> str:
    """The text for an encoder. It fits into 512 tokens of any of the known encoders.

    Args:
        question: as it was asked.
        features: of the task and of an option.
        excerpt: of the text; empty if it is not known.
    """
    structure = next((name for name in ("prose", "code", "records") if features[f"is_{name}"]), "mixed")
    strategy = next((name for name in KNOWN_STRATEGIES if features[f"is_{name}"]), "none")
    profile = (
        f"tokens={_rounded(2 ** features['log_tokens'])} documents={_rounded(2 ** features['log_documents'] - 1)} "
        f"structure={structure} fill={2 ** features['log_fill']:.2g} strategy={strategy} fit={features['fit']:.1f}"
    )
    return f"{' '.join(question[:_QUESTION].split())} | {profile} | {excerpt}"


def excerpt_of(texts: Sequence[str]) -> str:
    """The beginning of the first text and the end of the last one, in one line."""
    if not texts:
        return ""
    return " ".join(f"{texts[0][:_EXCERPT]} … {texts[-1][-_EXCERPT:]}".split())


def text_of(situation: Situation, features: Features) -> str:
    """The text of a task that is being routed."""
    documents = situation.task.context.documents
    ends = (documents[0].text, documents[-1].text) if documents else ()
    return encoder_text(situation.task.question, features, excerpt_of(ends))


def _rounded(number: float) -> str:
    for size, unit in ((1e9, "G"), (1e6, "M"), (1e3, "K")):
        if number >= size:
            return f"{number / size:.2g}{unit}"
    return f"{number:.0f}"
