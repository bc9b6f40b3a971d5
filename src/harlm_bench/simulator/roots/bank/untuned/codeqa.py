"""Untuned programs for questions about code."""

from __future__ import annotations

from typing import Final

from harlm_bench.simulator.roots.bank import Program, Step

_CODE: Final = "code = $text if isinstance($text, str) else \"\\n\\n\".join(f\"# {getattr(doc, 'name', '')}\\n{doc}\" for doc in $text)\n"

PROGRAMS: Final = (
    Program(
        quality="expert",
        steps=(
            Step(
                says="collect every top-level definition in which the name occurs",
                code="import re\n"
                + _CODE
                + """
at = code.find("# " + $module + "\\n")
end = code.find("\\n\\n# ", at + 1) if at < 0 else len(code)
for match in re.finditer(r"\\n\\n# [\\w./-]+\\.py\\n", code):
    if match.start() > at >= 0:
        end = match.start()
        break
module = code[max(0, at):end]
name = $subject.split(".")[-1]
units = re.split(r"\\n(?=(?:async )?def |class |@)", module)
units = [unit for unit in units if re.search(rf"\\b{name}\\b", unit)]
print(len(module), len(units), [unit[:60] for unit in units[:10]])
""",
            ),
            Step(
                says="ask about these definitions together",
                code="""
prompt = $ask
joined = "\\n".join(units)[:$characters * 2]
result = $single(prompt, joined).strip()
print("result:", result)
""",
            ),
        ),
    ),
    Program(
        quality="typical",
        steps=(
            Step(
                says="read the module chunk by chunk",
                code=_CODE
                + """
prompt = $ask
start = max(0, code.find($module))
module = code[start:start + 200000]
result = "NOT FOUND"
for i in range(0, len(module), $characters):
    piece = module[i:i + $characters]
    reply = $single(prompt, piece)
    if "NOT FOUND" not in reply.upper():
        result = reply.strip()
        break
print("result:", result)
""",
            ),
        ),
    ),
    Program(
        quality="sloppy",
        steps=(
            Step(
                says="look at the definition only",
                code=_CODE
                + """
name = $subject.split(".")[-1]
at = code.find("def " + name)
if at < 0:
    at = code.find(name)
piece = code[max(0, at):at + 1500]
print(piece[:400])
prompt = $ask
result = $single(prompt, piece).strip()
print("result:", result)
""",
            ),
        ),
    ),
)
