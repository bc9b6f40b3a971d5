"""The words in which the baselines put a question to a model, and the sizes that follow from its window."""

from __future__ import annotations

from harlm.tokens import estimate_tokens

_LONGEST_REPLY = 16_384  # tokens


def reply_tokens(window: int) -> int:
    """The tokens kept free for a reply: an eighth of the window, at most 16,384."""
    return max(64, min(_LONGEST_REPLY, window // 8))


def room_for_text(window: int, question: str) -> int:
    """The estimated tokens of text that fit beside a question and its reply, with 3 % to spare."""
    return max(0, int(0.97 * window) - reply_tokens(window) - estimate_tokens(question) - 128)


def asked_of(text: str, question: str) -> str:
    """A prompt with the text first, so that a server's prefix cache serves further questions about it."""
    return f"Text:\n\n{text}\n\nEnd of the text.\n\n{question}\nReply with the answer only."


def head_and_tail(text: str, tokens: int) -> str:
    """The beginning and the end of a text, about ``tokens`` in all, with a mark between them; the text itself if it fits."""
    whole = estimate_tokens(text)
    if whole <= tokens:
        return text
    half = int(len(text) * tokens / whole) // 2
    return f"{text[:half]}\n[… {len(text) - 2 * half:,} characters left out …]\n{text[len(text) - half :]}"


def parts_of(text: str, tokens: int) -> list[str]:
    """A text in parts of at most about ``tokens`` each, cut between lines where there are any."""
    size = max(200, int(len(text) * tokens / max(1, estimate_tokens(text))))
    parts, start = [], 0
    while start < len(text):
        end = min(start + size, len(text))
        if end < len(text) and (line := text.rfind("\n", start + size // 2, end)) > 0:
            end = line + 1
        parts.append(text[start:end])
        start = end
    return parts
