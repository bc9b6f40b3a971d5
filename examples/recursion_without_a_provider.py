"""Full mode with a scripted model: a root that gives each half of its documents to a child, down to the
greatest depth. Code that uses HARLM can be tested in the same way.
"""

from collections.abc import Sequence

from harlm import HARLM, Message
from harlm.testing import EventLog, ScriptedModel

SPLIT = """```repl
if len(context) == 1:
    parts = [llm_query("Who? " + context[0])]
else:
    middle = len(context) // 2
    parts = rlm_query_batched(["Who is named?"] * 2, [context[:middle], context[middle:]])
print(parts)
```"""
JOIN = """```repl
FINAL(", ".join(parts))
```"""


def script(messages: Sequence[Message]) -> str:
    """The reply for a plain call, a root's first turn, or its second, depending on the messages."""
    if messages[0].role != "system":
        return messages[0].content.rsplit("named ", 1)[-1].split(".")[0]
    return SPLIT if len(messages) == 2 else JOIN


log = EventLog()
answer = HARLM(model=ScriptedModel(script), mode="full", max_depth=2).ask(
    "Who is named?",
    [f"The clerk is named {name}." for name in ("Ada", "Grace", "Alan", "Edsger")],
    sinks=[log],
)
print(answer.text)
print(f"{answer.usage.calls} calls, nodes: {sorted({event.node for event in log.events})}")
