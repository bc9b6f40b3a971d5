"""What others have published, with citations. Never a result of ours, and never in one table with one.

The rows of ``MAIN`` are the main table of the RLM paper; those of ``NEWER`` came after it.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from harlm_bench.labels import Label
from harlm_bench.report.tables import NOTHING, Cell, Row, Table, words

V3 = "Zhang, Kraska and Khattab, Recursive Language Models, arXiv 2512.24601v3, 11 May 2026, main table"

TASKS: Mapping[str, str] = {
    "codeqa": "CodeQA (LongBench-v2)",
    "browse": "BrowseComp+ 1K",
    "oolong": "OOLONG trec_coarse, 131K",
    "pairs": "OOLONG-Pairs, 32K",
}
"""Our families beside the published tasks that they are shaped after. They are not the same questions."""


class Figure(msgspec.Struct, frozen=True, kw_only=True):
    """A published score and cost.

    Attributes:
        score: in points of 100.
        usd, sd: mean cost of a question and its standard deviation, where they are printed.
        is_cut: whether some runs reached the model's limit of context.
    """

    score: float
    usd: float | None = None
    sd: float | None = None
    is_cut: bool = False

    @property
    def cell(self) -> Cell:
        """As it is printed."""
        star = "*" if self.is_cut else ""
        spread = "" if self.sd is None else f" ± {self.sd:.2f}"
        cost = "" if self.usd is None else f" · ${self.usd:.2f}{spread}"
        return Cell(text=f"{self.score:.1f}{star}{cost}", value=self.score)


class Method(msgspec.Struct, frozen=True, kw_only=True):
    """A row of the main table.

    Attributes:
        name: of the method.
        models: that it was run with.
        figures: by task; keys of ``TASKS``.
    """

    name: str
    models: str
    figures: Mapping[str, Figure]


def _f(score: float, usd: float | None = None, sd: float | None = None) -> Figure:
    return Figure(score=score, usd=usd, sd=sd)


def _cut(score: float, usd: float | None = None) -> Figure:
    return Figure(score=score, usd=usd, is_cut=True)


def _method(name: str, models: str, *figures: Figure) -> Method:
    return Method(name=name, models=models, figures=dict(zip(TASKS, figures, strict=True)))


_GPT = "GPT-5, sub-calls GPT-5-mini"
_OPUS = "Claude Opus 4.1"
_QWEN = "Qwen3-Coder-480B-A35B"

MAIN: tuple[Method, ...] = (
    _method("base", _GPT, _cut(24.0, 0.13), _cut(0.0), _f(44.0, 0.14, 0.02), _f(0.1, 0.16)),
    _method("CodeAct + BM25", _GPT, _cut(22.0, 0.06), _f(51.0, 0.71, 1.20), _f(38.0, 0.61, 1.06), _f(24.7, 0.75)),
    _method("CodeAct + sub-calls", _GPT, _cut(24.0, 0.06), _cut(0.0), _f(40.0, 0.85), _f(28.4, 1.11)),
    _method("compaction", _GPT, _f(58.0, 1.31, 1.46), _f(70.5, 0.57, 0.10), _f(46.0, 0.13), _f(0.1, 0.13)),
    _method("OpenCode", _GPT, _cut(18.0), _cut(0.0), _f(32.0), _f(3.1)),
    _method("OpenCode, context in a file", _GPT, _f(64.0), _f(94.0), _f(52.0), _f(4.8)),
    _method("Claude Code", _OPUS, _cut(12.0), _cut(0.0), _f(40.2), _f(0.1)),
    _method("Claude Code, context in a file", _OPUS, _f(62.0, 1.25), _f(84.0, 2.03), _f(48.0, 0.98), _f(6.5, 2.99)),
    _method("RLM, depth 0", _GPT, _f(58.0, 0.18, 0.56), _f(88.0, 0.44, 0.90), _f(36.0, 0.37, 0.42), _f(43.9, 0.69, 1.16)),
    _method("RLM, depth 1", _GPT, _f(62.0, 0.11, 0.10), _f(91.3, 0.99, 1.22), _f(56.0, 0.43, 0.85), _f(58.0, 0.33, 0.20)),
    _method("RLM, depth 2", _GPT, _f(66.0, 0.15, 0.30), _f(92.0, 0.55, 0.69), _f(56.5, 1.10, 3.25), _f(65.5, 0.33, 0.44)),
    _method("RLM, depth 3", _GPT, _f(58.0, 0.15, 0.27), _f(92.0, 0.51, 0.54), _f(58.0, 0.51, 0.54), _f(76.0, 0.39, 0.32)),
    _method("base", _QWEN, _f(20.0), _f(0.0), _f(36.0), _f(0.1)),
    _method("compaction", _QWEN, _f(50.0), _f(38.0), _f(44.1), _f(0.3)),
    _method("RLM, depth 0", _QWEN, _f(66.0), _f(46.0), _f(43.5), _f(17.3)),
    _method("RLM, depth 1", _QWEN, _f(56.0), _f(44.7), _f(48.0), _f(23.1)),
    _method("RLM, depth 2", _QWEN, _f(54.0), _f(68.0), _f(26.0), _f(19.0)),
    _method("RLM, depth 3", _QWEN, _f(44.0), _f(68.7), _f(32.0), _f(21.1)),
)  # fmt: skip


class Newer(msgspec.Struct, frozen=True, kw_only=True):
    """A result that came after the paper, or beside it.

    Attributes:
        source: a citation.
        what: the benchmark and its size.
        figures: in words.
    """

    source: str
    what: str
    figures: str


def _newer(source: str, what: str, figures: str) -> Newer:
    return Newer(source=source, what=what, figures=figures)


NEWER: tuple[Newer, ...] = (
    _newer("droste, repository, 17–18 July 2026; root gpt-5.6-terra, sub luna", "OOLONG 131K, n = 50",
           "64.3 for $10.16 in all, 1,526 s; direct 60.2 for $26.18 (sol), 56.7 for $12.47, 670 s (terra); not significant at 95 %"),
    _newer("droste, as above", "OOLONG-Pairs 32K", "F1 80 ($2.14) against 3.4 direct"),
    _newer("droste, as above", "BrowseComp+, n = 150", "94 judged, 56 exact, $0.16 a question"),
    _newer("droste, as above", "CodeQA, n = 20", "65 ($3.79), below direct 75"),
    _newer("droste, as above", "S-NIAH 32K", "100, as direct"),
    _newer("Informed Recursion, anonymous ICLR submission, autumn 2026; GPT-5.6-Luna", "Pairs 64K", "F1 52.6 (depth 0) → 78.3; hard part 40.5 → 71.2"),
    _newer("LangChain Deep Agents, 1 July 2026, as told by 24-ai.news", "OOLONG 128K", "44 → 79"),
    _newer("spec-ptc, repository, 26 August 2026", "OOLONG 132K, Pairs 32K", "wall time 1.0–1.2× better with calls ahead of the code"),
    _newer("dspy-rlm-hooks, own notes", "micro-benchmark", "383–393 ms with calls ahead, 303–305 ms without: slower"),
    _newer("spec-ptc-jev, 20 September 2026", "browse race", "8.85 s in order, 8.77 spec-ptc, 6.54 parallel, 4.85 with early start"),
    _newer("Graff, ADR 0022, 25 August 2026", "one run", "wall time −16 %, input tokens −48 %"),
    _newer("ABS-RLM, IFIP AIAI 2026", "latency and cost", "tail latency up to 3.1× lower, spread of cost up to −69 %"),
    _newer("RAH, arXiv 2606.13643", "OOLONG-synth, Codex", "71.8 → 81.4 (GPT-5), 89.8 (Sonnet 4.5)"),
    _newer("recursive-llm 0.5, repository", "100,000 characters, n = 3", "GPT-5 mini 0/3 direct ($0.0089) → 3/3 ($0.0048); DeepSeek V4 Flash 0/3 → 2/3"),
    _newer("Rickesh, rlm-oolong-reproduction", "OOLONG 131K, Haiku 4.5", "direct 42.8 (n = 27, $0.17), RLM 26.9 (n = 32, $0.19): an RLM loses"),
    _newer("minRLM, RLM-Bench, March 2026; GPT-5-mini, n = 50", "12 tasks: minRLM / direct / rlms",
           "72.7 / 69.5 / 69.7; OOLONG 92/78/80, S-NIAH 94/100/76, BrowseComp 62/16/66, LongBench-v2 46/56/48, CodeQA 40/46/38; tokens 8.2k/21.0k/29.3k; 25.8/24.2/60.9 s"),
    _newer("minRLM, as above; GPT-5-nano", "12 tasks: minRLM / direct / rlms", "53.7 / 63.2 / 43.3: an RLM loses with a weak root"),
    _newer("SRLM, arXiv 2603.15653", "BrowseComp+, Qwen3-Coder", "37.1 → 59.7 by choosing among trajectories"),
    _newer("lambda-RLM, arXiv 2603.20105", "9 open models, 4 tasks", "better than RLM in 29 of 36 cells; mean 13.8 → 35.7 (8B), 31.6 → 49.9 (32B), 50.1 → 58.9 (235B); latency 229 → 57, 194 → 47, 129 → 39 s"),
    _newer("RLM v3, arXiv 2512.24601v3", "LongCoT-mini, n = 500", "GPT-5.2 38.7, RLM 50.6, with hints 65.6; MATH 26 → 5.6 without hints"),
    _newer("DSPy.RLM, third party", "LongMemEval, Gemini 3 Flash", "87.2 at about $0.01, 58 with the plain package; 89.8 with typed observations"),
    _newer("OOLONG, arXiv 2511.02817", "128K", "GPT-5, Sonnet 4 and Gemini 2.5 Pro below 50; gold labels add 0.8–10.9 points"),
    _newer("BrowseComp-Plus, arXiv 2508.06600", "830 questions, 100,000 documents", "GPT-5 with BM25 55.9, with Qwen3-Embedding-8B 70.1"),
    _newer("LongBench-v2, arXiv 2412.15204", "503 questions", "humans 53.7, o1-preview 57.7"),
    _newer("Press, 2026", "MRCR v2, 8 needles, 1M", "Opus 4.6 76, GPT-5.5 74, GPT-5.4 36.6, Gemini 3 Pro about 25"),
    _newer("RouterArena", "router leader board", "argrouter 76.29 at $0.54 per 1,000 questions; KT 76.28 at $0.27"),
    _newer("Anthropic, tool calls from code", "BrowseComp, DeepSearchQA", "+11 % with −24 % input tokens"),
    _newer("RIT, arXiv 2607.10569", "tool calls from code", "cheaper, pass rates equal"),
)  # fmt: skip


def method(name: str, models: str) -> Method:
    """A row of ``MAIN``; ``models`` is how its models begin.

    Raises:
        KeyError: there is none.
    """
    for each in MAIN:
        if each.name == name and each.models.startswith(models):
            return each
    raise KeyError(name)


def main_table() -> Table:
    """The main table of the RLM paper."""
    label = Label(kind="PUBLISHED", detail=V3)
    return Table(
        id="published-main",
        title="Main table of the RLM paper",
        label=label,
        columns=("method", "models", *TASKS.values()),
        rows=tuple(
            Row(
                label=label,
                head=each.name,
                cells=(
                    words(each.models),
                    *(each.figures[task].cell if task in each.figures else NOTHING for task in TASKS),
                ),
            )
            for each in MAIN
        ),
        notes=(
            f"{V3}. Score in points, mean cost ± standard deviation. * some runs reached the model's limit of context.",
            "n = 50, 150, 50 and 20; the 50 questions of OOLONG are about 2 texts. The paper prints no times.",
        ),
    )


def newer_table() -> Table:
    """Results since the paper."""
    label = Label(kind="PUBLISHED", detail="sources in the first column; not repeated by us")
    return Table(
        id="published-newer",
        title="Results since then",
        label=label,
        columns=("source", "what", "result"),
        rows=tuple(
            Row(
                label=Label(kind="PUBLISHED", detail=each.source),
                head=each.source,
                cells=(words(each.what), words(each.figures)),
            )
            for each in NEWER
        ),
        notes=(
            "Each source has models, questions and rules of its own: the rows cannot be compared with each other.",
        ),
    )
