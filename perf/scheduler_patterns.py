"""The patterns that the scheduler's benchmark measures: each as a model would write it in a plain way, as it would write it
with the reference RLM's batched call, and as its critical path, worked out by hand.

An oracle is given ``ask(prompt, after) -> (reply, when)``: a call that begins when ``after`` says, however many are under way.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

Ask = Callable[[str, float], tuple[str, float]]


class Pattern(NamedTuple):
    """One pattern.

    Attributes:
        plain, batched: cells over ``chunks``.
        oracle: when the last call ends, at best.
        is_parallel: whether there is anything to be gained.
        may_end: whether a result may end it.
    """

    name: str
    plain: str
    batched: str
    oracle: Callable[[Ask, list[str]], float]
    is_parallel: bool = True
    may_end: bool = False


def _map(ask: Ask, chunks: list[str]) -> float:
    replies = [ask(f"summarise {chunk}", 0) for chunk in chunks]
    return ask("merge " + "\n".join(text for text, _ in replies), max(when for _, when in replies))[1]


def _branch(ask: Ask, chunks: list[str]) -> float:
    hits, last = [], 0.0
    for chunk in chunks:
        reply, when = ask(f"relevant? {chunk}", 0)
        last = max(last, when)
        if "yes" in reply:
            reason, when = ask(f"why? {chunk}", when)
            hits.append(reason)
            last = max(last, when)
    return ask("merge " + str(hits), last)[1]


def _helper(ask: Ask, chunks: list[str]) -> float:
    found, last = [], 0.0
    for chunk in chunks:
        reply, when = ask(f"kind of {chunk}", 0)
        if not reply.startswith("no"):
            reply, when = ask(f"details of {chunk}, {reply}", when)
            found.append(reply)
        last = max(last, when)
    return ask("merge " + str(found), last)[1]


def _two_chains(ask: Ask, chunks: list[str]) -> float:
    (left, a), (right, b) = ("left", 0.0), ("right", 0.0)
    for _ in range(6):
        left, a = ask("refine " + left, a)
        right, b = ask("refine " + right, b)
    return ask(left + right, max(a, b))[1]


def _tree(ask: Ask, chunks: list[str]) -> float:
    level = [ask(f"leaf {chunk}", 0) for chunk in chunks]
    while len(level) > 1:
        pairs = [level[at : at + 2] for at in range(0, len(level), 2)]
        level = [
            ask("join " + "|".join(text for text, _ in pair), max(when for _, when in pair)) for pair in pairs
        ]
    return level[0][1]


def _pairs(ask: Ask, chunks: list[str]) -> float:
    replies = [
        ask(f"compare {chunks[i]} {chunks[j]}", 0)
        for i in range(len(chunks))
        for j in range(i + 1, len(chunks))
    ]
    return ask("merge " + str([text for text, _ in replies]), max(when for _, when in replies))[1]


def _votes(ask: Ask, chunks: list[str]) -> float:
    votes = [[ask(f"vote {turn} {chunk}", 0) for chunk in chunks] for turn in range(3)]
    return ask(
        "merge " + str([[text for text, _ in vote] for vote in votes]),
        max(when for vote in votes for _, when in vote),
    )[1]


def _batch_then(ask: Ask, chunks: list[str]) -> float:
    last, texts = 0.0, []
    for chunk in chunks:
        label, when = ask(f"label {chunk}", 0)
        text, when = ask(f"explain {label}", when)
        texts.append(text)
        last = max(last, when)
    return ask("merge " + str(texts), last)[1]


def _refine(ask: Ask, chunks: list[str]) -> float:
    found, last = [], 0.0
    for chunk in chunks:
        reply, when = ask(f"draft {chunk}", 0)
        tries = 0
        while "yes" not in reply and tries < 3:
            tries += 1
            reply, when = ask(f"again {tries} {chunk} {reply}", when)
        found.append(reply)
        last = max(last, when)
    return ask("merge " + str(found), last)[1]


def _chain(ask: Ask, chunks: list[str]) -> float:
    text, when = "start", 0.0
    for _ in range(8):
        text, when = ask("next " + text, when)
    return when


def _buffer(ask: Ask, chunks: list[str]) -> float:
    text, when = "", 0.0
    for chunk in chunks:
        text, when = ask(f"{text} + {chunk}", when)
    return when


def _search(ask: Ask, chunks: list[str]) -> float:
    last = 0.0
    for chunk in chunks:
        reply, when = ask(f"found in {chunk}?", 0)
        last = max(last, when)
        if reply.startswith("one"):
            break
    return last


_MERGE = "final = llm_query('merge ' + str(found))"

PATTERNS = (
    Pattern(
        "plain loop",
        "out = []\nfor chunk in chunks:\n    out.append(llm_query(f'summarise {chunk}'))\n"
        "final = llm_query('merge ' + '\\n'.join(out))",
        "out = llm_query_batched([f'summarise {chunk}' for chunk in chunks])\nfinal = llm_query('merge ' + '\\n'.join(out))",
        _map,
    ),
    Pattern(
        "dict",
        "found = {}\nfor chunk in chunks:\n    found[chunk] = llm_query(f'summarise {chunk}').strip()\n"
        "final = llm_query('merge ' + '\\n'.join(found.values()))",
        "found = dict(zip(chunks, llm_query_batched([f'summarise {chunk}' for chunk in chunks])))\n"
        "final = llm_query('merge ' + '\\n'.join(found.values()))",
        _map,
    ),
    Pattern(
        "comprehension",
        "out = [llm_query(f'summarise {chunk}') for chunk in chunks]\nfinal = llm_query('merge ' + '\\n'.join(out))",
        "out = llm_query_batched([f'summarise {chunk}' for chunk in chunks])\nfinal = llm_query('merge ' + '\\n'.join(out))",
        _map,
    ),
    Pattern(
        "branch + second call",
        "found = []\nfor chunk in chunks:\n    reply = llm_query(f'relevant? {chunk}')\n    if 'yes' in reply:\n"
        "        found.append(llm_query(f'why? {chunk}'))\n" + _MERGE,
        "replies = llm_query_batched([f'relevant? {chunk}' for chunk in chunks])\n"
        "found = llm_query_batched([f'why? {chunk}' for chunk, reply in zip(chunks, replies) if 'yes' in reply])\n"
        + _MERGE,
        _branch,
    ),
    Pattern(
        "helper, early return",
        "def look(chunk):\n    kind = llm_query(f'kind of {chunk}')\n    if kind.startswith('no'):\n        return None\n"
        "    return llm_query(f'details of {chunk}, {kind}')\n"
        "found = []\nfor chunk in chunks:\n    details = look(chunk)\n    if details is not None:\n"
        "        found.append(details)\n" + _MERGE,
        "kinds = llm_query_batched([f'kind of {chunk}' for chunk in chunks])\n"
        "found = llm_query_batched([f'details of {chunk}, {kind}' for chunk, kind in zip(chunks, kinds) "
        "if not kind.startswith('no')])\n" + _MERGE,
        _helper,
    ),
    Pattern(
        "two chains",
        "left, right = 'left', 'right'\nfor _ in range(6):\n    left = llm_query('refine ' + left)\n"
        "    right = llm_query('refine ' + right)\nfinal = llm_query(left + right)",
        "left, right = 'left', 'right'\nfor _ in range(6):\n"
        "    left, right = llm_query_batched(['refine ' + left, 'refine ' + right])\nfinal = llm_query(left + right)",
        _two_chains,
    ),
    Pattern(
        "tree reduce",
        "level = [llm_query(f'leaf {chunk}') for chunk in chunks]\nwhile len(level) > 1:\n"
        "    level = [llm_query('join ' + '|'.join(level[at:at + 2])) for at in range(0, len(level), 2)]",
        "level = llm_query_batched([f'leaf {chunk}' for chunk in chunks])\nwhile len(level) > 1:\n"
        "    level = llm_query_batched(['join ' + '|'.join(level[at:at + 2]) for at in range(0, len(level), 2)])",
        _tree,
    ),
    Pattern(
        "all pairs",
        "found = []\nfor i in range(len(chunks)):\n    for j in range(i + 1, len(chunks)):\n"
        "        found.append(llm_query(f'compare {chunks[i]} {chunks[j]}'))\n" + _MERGE,
        "found = llm_query_batched([f'compare {chunks[i]} {chunks[j]}' for i in range(len(chunks)) "
        "for j in range(i + 1, len(chunks))])\n" + _MERGE,
        _pairs,
    ),
    Pattern(
        "three batches in a row",
        "found = []\nfor turn in range(3):\n    found.append(llm_query_batched([f'vote {turn} {chunk}' for chunk in chunks]))\n"
        + _MERGE,
        "found = []\nfor turn in range(3):\n    found.append(llm_query_batched([f'vote {turn} {chunk}' for chunk in chunks]))\n"
        + _MERGE,
        _votes,
    ),
    Pattern(
        "batch, then each",
        "labels = llm_query_batched([f'label {chunk}' for chunk in chunks])\n"
        "found = [llm_query(f'explain {label}') for label in labels]\n" + _MERGE,
        "labels = llm_query_batched([f'label {chunk}' for chunk in chunks])\n"
        "found = llm_query_batched([f'explain {label}' for label in labels])\n" + _MERGE,
        _batch_then,
    ),
    Pattern(
        "refine each",
        "found = []\nfor chunk in chunks:\n    reply = llm_query(f'draft {chunk}')\n    tries = 0\n"
        "    while 'yes' not in reply and tries < 3:\n        tries += 1\n"
        "        reply = llm_query(f'again {tries} {chunk} {reply}')\n    found.append(reply)\n" + _MERGE,
        "found = llm_query_batched([f'draft {chunk}' for chunk in chunks])\nfor tries in range(1, 4):\n"
        "    open_ = [at for at, reply in enumerate(found) if 'yes' not in reply]\n    if not open_: break\n"
        "    more = llm_query_batched([f'again {tries} {chunks[at]} {found[at]}' for at in open_])\n"
        "    for at, reply in zip(open_, more): found[at] = reply\n" + _MERGE,
        _refine,
    ),
    Pattern(
        "search",
        "hit = None\nfor chunk in chunks:\n    reply = llm_query(f'found in {chunk}?')\n    if reply.startswith('one'):\n"
        "        hit = chunk\n        break",
        "replies = llm_query_batched([f'found in {chunk}?' for chunk in chunks])\n"
        "hit = next((chunk for chunk, reply in zip(chunks, replies) if reply.startswith('one')), None)",
        _search,
        may_end=True,
    ),
    Pattern(
        "chain",
        "text = 'start'\nfor _ in range(8):\n    text = llm_query('next ' + text)",
        "text = 'start'\nfor _ in range(8):\n    text = llm_query('next ' + text)",
        _chain,
        is_parallel=False,
    ),
    Pattern(
        "growing buffer",
        "text = ''\nfor chunk in chunks:\n    text = llm_query(f'{text} + {chunk}')",
        "text = ''\nfor chunk in chunks:\n    text = llm_query(f'{text} + {chunk}')",
        _buffer,
        is_parallel=False,
    ),
)
