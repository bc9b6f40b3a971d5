"""A run that has all that the viewer shows: nodes at several depths, calls made early, some of them in vain, failures, and a quote."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from pathlib import Path

from harlm import HARLM, Answer, Budget
from harlm.testing import ChatServer, Request

SERVICES = ("billing", "search", "mail", "login", "media", "reports")
QUESTION = "Which services still use TLS 1.1, and who owns them?"

_FIRST = """notes = []
for name in ('billing', 'search', 'mail', 'login', 'media', 'reports'):
    notes.append(llm_query(f'Which TLS version does {name} use? ' + name))
for each in notes:
    print(each)
"""
_SECOND = """for name in ('mail', 'login', 'billing', 'media', 'reports'):
    found = llm_query('Is this old? ' + name)
    if '1.1' in found:
        break
plan = llm_query('Write a plan: ' + found)
print(llm_query('Check this plan: ' + plan))
hits = context.search('TLS 1.1', k=3)
"""
_THIRD = """owners = rlm_query_batched(['Who owns billing?', 'Who owns media?'], ['billing is owned by Ada', 'media is owned by Grace'])
print(owners)
"""
_LAST = """FINAL('Billing (Ada) and media (Grace) still use TLS 1.1 [services/billing.md:3 "billing still uses TLS 1.1"]')"""
CELLS = (_FIRST, _SECOND, _THIRD, _LAST)


def reply(request: Request) -> str:
    """The model: a root that writes the cells one after the other, children that finish at once, and a leaf."""
    if request.model == "sub":
        name = request.prompt.split()[-1]
        version = "1.1" if name in ("billing", "media") else "1.3"
        return f"{name} still uses TLS {version}"
    turn = sum(role == "assistant" for role, _ in request.messages)
    if found := re.search(r"Who owns (\w+)\?", request.messages[1][1]):
        return f"```repl\nFINAL(llm_query('Name the owner of {found[1]}'))\n```"
    return f"I look at the services.\n```repl\n{CELLS[min(turn, len(CELLS) - 1)]}\n```"


def latency(request: Request) -> float:
    """Between 30 and 120 ms, the same for the same prompt."""
    drawn = hashlib.sha256(request.prompt.encode()).digest()[0]
    return 0.03 + 0.09 * drawn / 255


def documents(folder: Path) -> Path:
    """The files that the run is asked over."""
    (folder / "services").mkdir(parents=True, exist_ok=True)
    for name in SERVICES:
        version = "1.1" if name in ("billing", "media") else "1.3"
        text = f"# {name}\n\n{name} still uses TLS {version}\n" + "".join(
            f"line {at} of {name}\n" for at in range(40)
        )
        (folder / "services" / f"{name}.md").write_text(text, encoding="utf-8")
    return folder / "services"


def viewed_run(
    folder: Path, *, model: Callable[[Request], str] = reply, question: str = QUESTION, slow: float = 1.0
) -> Answer:
    """Ask over ``documents(folder)``, with ``HARLM_HOME`` as it is.

    Args:
        folder: where the documents are made.
        model: what replies.
        question: what is asked.
        slow: by what the time of each reply is multiplied.
    """
    with ChatServer(model, latency_s=lambda request: slow * latency(request)) as server:
        client = HARLM(
            model=f"openai/root@{server.base_url}",
            sub_model=f"openai/sub@{server.base_url}",
            mode="full",
            budget=Budget(tokens=200_000, calls=100, seconds=300),
            cache=False,
            speculation="eager",
        )
        return client.ask(question, documents(folder))
