"""A language model of 440 kB for llama.cpp, made by hand: its output matrix is a table of which token follows which.

It has a llama's layers (attention and feed-forward are zero), a vocabulary of bytes and a ChatML template, so a server
counts its tokens, streams, constrains and refuses as for any model. At temperature 0 it gives the replies below. At the
0.8 that llama.cpp chooses by itself, the words of an answer come out as noise, and cells stay as they are.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path

from tests.support.gguf import Fact, Tensor, gguf, ones, sparse

ANSWER = "Mira"
"""The reply to a plain prompt, and each field of a form."""

AGAIN = "again and again"
"""A question with these words makes a root model write the same cell in every turn."""

RAMBLE = "ramble"
"""A question with this word makes a root model write prose in every turn."""

_END = "<|im_end|>"
_CELLS: Mapping[str, Sequence[str]] = {
    "<|look|>": (
        "```repl\n",
        "hits = context.search(",
        "'clerk of district 3', k=2)\n",
        "print(hits)\n",
        "```",
    ),
    "<|finish|>": (
        "```repl\nhit = hits[0]\n",
        f"FINAL(f'{ANSWER} ",
        '[{hit.place} "{hit.quote}"]\')',
        "\n```",
    ),
    "<|ask|>": (
        "```repl\nname = llm_query(",
        "'Who is the clerk of district 3?\\n' + hits[0].text)\n",
        "FINAL(name)\n```",
    ),
    "<|ramble|>": ("I wonder ", "whether anyone ", "has written ", "that down."),
}
"""Pieces of replies by the token that starts them. Each piece is a token of its own and stands in one reply only."""

_TEMPLATE = """\
{%- for message in messages -%}
{{- '<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>\n' -}}
{%- endfor -%}
{%- if add_generation_prompt -%}
{{- '<|im_start|>assistant\n' -}}
{%- if 'FINAL(' in messages[0]['content'] -%}
{%- if 'ramble' in messages[1]['content'] -%}
{{- '<|ramble|>' -}}
{%- elif messages|length == 2 or 'again and again' in messages[1]['content'] -%}
{{- '<|look|>' -}}
{%- elif 'llm_query' in messages[0]['content'] -%}
{{- '<|ask|>' -}}
{%- else -%}
{{- '<|finish|>' -}}
{%- endif -%}
{%- endif -%}
{%- endif -%}
"""
"""ChatML. The rules of a REPL in the first message choose the reply that begins there."""

_FIRM, _FAINT, _FAINTER = 1.0, 0.15, 0.01
_NORMAL, _CONTROL = 1, 3
_HEAD = 32
_WINDOW = 32_768


def write_tiny_model(path: Path) -> None:
    """Write the model to a file."""
    vocabulary = [*map(_letter, range(256)), "<|im_start|>", _END, *_CELLS]
    kinds = [_NORMAL] * 256 + [_CONTROL] * (len(vocabulary) - 256)
    pieces = [_spelled(piece) for cell in _CELLS.values() for piece in cell]
    vocabulary += pieces
    kinds += [_NORMAL] * len(pieces)
    path.write_bytes(gguf(_facts(vocabulary, kinds), _tensors(vocabulary)))


def _follows() -> dict[tuple[str, str], float]:
    """How firmly one token follows another. Tokens without a follower are followed by any."""
    table: dict[tuple[str, str], float] = {}
    for start, cell in _CELLS.items():
        tokens = [start, *map(_spelled, cell), _END]
        table.update(((before, after), _FIRM) for before, after in pairwise(tokens))
    answer = [_spelled("\n"), *ANSWER, _END]
    table.update(((before, after), _FAINT) for before, after in pairwise(answer))
    # Where a grammar demands JSON, each string of it is the answer, and nothing is longer than it must be.
    begins = [(before, '"') for before in (ANSWER[-1], *":,{[")]
    ends = [("}", _END), ("]", _END), (_END, _END)]
    table.update(dict.fromkeys((*begins, *ends, ('"', ANSWER[0])), _FAINT - _FAINTER))
    for rank, after in enumerate("}],:", start=2):
        table['"', after] = _FAINT - rank * _FAINTER
    return table


def _tensors(vocabulary: Sequence[str]) -> dict[str, Tensor]:
    """One layer. Embeddings are unit vectors, so that a column of the output holds the followers of a token."""
    size = len(vocabulary)
    width = size + -size % 32
    index = {token: number for number, token in enumerate(vocabulary)}
    assert len(index) == size, "a piece of a reply is not unique"
    follows = {(index[before], index[after]): firm for (before, after), firm in _follows().items()}
    down, up = sparse((width, _HEAD), {}), sparse((_HEAD, width), {})
    return {
        "token_embd.weight": sparse((width, size), {(number, number): 1.0 for number in range(size)}),
        "blk.0.attn_norm.weight": ones(width),
        **{f"blk.0.{name}.weight": down for name in ("attn_q", "attn_k", "attn_v", "ffn_gate", "ffn_up")},
        **{f"blk.0.{name}.weight": up for name in ("attn_output", "ffn_down")},
        "blk.0.ffn_norm.weight": ones(width),
        "output_norm.weight": ones(width),
        "output.weight": sparse((width, size), follows),
    }


def _facts(vocabulary: list[str], kinds: list[int]) -> dict[str, Fact]:
    end = vocabulary.index(_END)
    return {
        "general.architecture": "llama",
        "general.name": "tiny",
        "llama.block_count": 1,
        "llama.context_length": _WINDOW,
        "llama.embedding_length": len(vocabulary) + -len(vocabulary) % 32,
        "llama.feed_forward_length": _HEAD,
        "llama.attention.head_count": 1,
        "llama.attention.head_count_kv": 1,
        "llama.attention.key_length": _HEAD,
        "llama.attention.value_length": _HEAD,
        "llama.attention.layer_norm_rms_epsilon": 1e-5,
        "llama.rope.dimension_count": _HEAD,
        "tokenizer.ggml.model": "gpt2",
        "tokenizer.ggml.pre": "gpt-2",
        "tokenizer.ggml.tokens": vocabulary,
        "tokenizer.ggml.token_type": kinds,
        "tokenizer.ggml.merges": list[str](),
        "tokenizer.ggml.eos_token_id": end,
        "tokenizer.ggml.padding_token_id": end,
        "tokenizer.ggml.add_bos_token": False,
        "tokenizer.chat_template": _TEMPLATE,
    }


def _letter(byte: int) -> str:
    """The character that stands for a byte in a vocabulary of GPT-2's kind: itself if it is visible."""
    if 33 <= byte <= 126 or 161 <= byte <= 172 or 174 <= byte <= 255:
        return chr(byte)
    return chr(256 + byte - (0 if byte < 33 else 94 if byte < 161 else 106))


def _spelled(text: str) -> str:
    return "".join(map(_letter, text.encode()))
