"""A model server for the benchmark of memory: it writes a tree of nodes, or a run of many turns. What it does is in the question, so
that it needs no state. No model is behind it; its replies are filler of a known length.
"""

from __future__ import annotations

import re

from harlm.testing import ChatServer, Request
from perf.server import fixed_usage, serve

_TREE = re.compile(r"TREE (\d+) wide, level (\d+) of (\d+), at (\S+)")
_TURN = re.compile(r"Turn (\d+) of \d+\.")
_PAIRS = """```repl
handles = [memory.note(f'note {at} says a little') for at in range(30)]
print(sum(memory.expand(one) < memory.expand(other) for one in handles for other in handles if one != other))
FINAL('done')
```"""
_FILLER = "The clerk noted what had come in and what had gone out, and signed the page. " * 40


def reply(request: Request) -> str:
    """What the question says."""
    texts = [text for _, text in request.messages]
    if request.model == "sub":
        return f"reply {texts[-1][:60]}: {_FILLER[:1250]}"  # about 300 tokens
    question = texts[1]
    if "PAIRS" in question:
        return _PAIRS
    if (tree := _TREE.search(question)) is not None:
        return _of_tree(tree, len(texts))
    turn = int(_TURN.findall(texts[-1])[-1])
    if turn == 20:
        if any("KEY is 4711" in text for text in texts):  # it stands in the prompt
            return "```repl\nFINAL('KEY is 4711')\n```"
        return "```repl\nwhole = memory.expand(memory.search('KEY')[0])\nFINAL(whole[whole.index('KEY'):][:11])\n```"
    key = " the KEY is 4711." if turn == 4 else ""
    return f"Looking at part {turn}.\n```repl\nprint('part {turn}: ' + {_FILLER!r} * 3 + {key!r})\n```"


def _of_tree(tree: re.Match[str], messages: int) -> str:
    wide, level, levels, at = int(tree[1]), int(tree[2]), int(tree[3]), tree[4]
    if messages > 2:
        return "```repl\nFINAL(' '.join(parts)[:1250])\n```"
    if level + 1 == levels:
        ask = f"llm_query_batched([f'item {at}.{{i}}' for i in range({wide})])"
    else:
        question = f"TREE {wide} wide, level {level + 1} of {levels}, at {at}.{{i}} "
        ask = f"rlm_query_batched([f'{question}' for i in range({wide})], ['a short text'] * {wide})"
    return f"```repl\nparts = {ask}\nprint(*parts, sep='\\n\\n')\n```"


if __name__ == "__main__":
    serve(ChatServer(reply, usage=fixed_usage, keeps_requests=False))
