"""A root model that is a script: it searches, has the sub-model read the passages, and answers with the place it found.

Works from the words of the question only. Shows what HARLM's REPL, scheduler and memory do where no model writes code.
"""

from __future__ import annotations

from collections.abc import Callable

_CELL = """\
```repl
question = {question!r}
hits = context.search(question, k={k})
prompts = [
    "Text:\\n" + hit.text + "\\n\\nQuestion: " + question + "\\nAnswer with the shortest exact words from the text."
    for hit in hits
]
replies = [reply.strip().strip('."') for reply in llm_query_batched(prompts)]
print(replies)
```"""
_FINISH = """\
```repl
found = [
    (reply, hit) for reply, hit in zip(replies, hits) if reply and reply.casefold() in hit.text.casefold()
]
if found:
    reply, hit = found[0]
    FINAL(reply + " [" + hit.place + "]")
else:
    FINAL(replies[0] if replies else "NOT FOUND")
```"""


def scripted_root(question: str, k: int = 3) -> Callable[[list[dict[str, str]]], str]:
    """The root model for one question: read the best ``k`` passages in one turn, answer in the next."""

    def root(messages: list[dict[str, str]]) -> str:
        has_read = any(each["role"] == "assistant" for each in messages)
        return _FINISH if has_read else _CELL.format(question=question, k=k)

    return root
