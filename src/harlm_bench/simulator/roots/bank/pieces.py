"""Lines of code that programs of several families begin with. Part of the half of the bank that may be tuned: the untuned
half has its own.
"""

from __future__ import annotations

from typing import Final

TEXT: Final = 'text = $text if isinstance($text, str) else "\\n\\n".join($text)'

LINES: Final = f"""\
{TEXT}
lines = [line.strip() for line in text.splitlines() if line.strip()]"""

DOCS: Final = f"""\
import re
{TEXT}
docs = [$text] if isinstance($text, str) else list($text)
names = [getattr(doc, "name", "") or doc.split("\\n")[0].strip("# ") for doc in docs]
if len(docs) == 1:
    docs = [part for part in re.split(r"(?m)^(?=# )", text) if part.strip()]
    names = [part.split("\\n")[0].strip("# ") for part in docs]"""

PACKED: Final = f"""\
{TEXT}
chunks, size = [[]], 0
for line in text.splitlines():
    if size + len(line) > $characters and chunks[-1]:
        chunks.append([])
        size = 0
    chunks[-1].append(line)
    size += len(line) + 1
chunks = ["\\n".join(chunk) for chunk in chunks]"""
"""``chunks`` of whole lines."""

CUT: Final = f"""\
{TEXT}
chunks = [text[i:i + $characters] for i in range(0, len(text), $characters)]"""
"""``chunks`` that may cut a line in two."""

RANKED: Final = f"""\
import math
import re
{TEXT}
blocks = [block for block in re.split(r"\\n\\s*\\n|(?<=[.!?])\\s+|\\n", text) if block.strip()]
words = $words
lowered = [block.lower() for block in blocks]
weight = {{word: math.log((len(blocks) + 1) / (1 + sum(word in block for block in lowered))) for word in words}}
order = sorted(range(len(blocks)), key=lambda i: -sum(weight[word] for word in words if word in lowered[i]))"""
"""``blocks``, and in ``order`` their indices, the best for the question's words first."""

RECORDS: Final = f"""\
import re
from collections import Counter
from datetime import datetime
{TEXT}
found = re.findall(r"Date: (\\w+ \\d+, \\d{{4}}) \\|\\| User: (\\d+) \\|\\| Instance: (.*)", text)
records = []
for date, user, message in found:
    day = datetime.strptime(date, "%b %d, %Y").date().isoformat()
    records.append({{"date": day, "user": user, "text": message.strip(), "label": ""}})
print(len(records), records[:2])
"""
"""``records``: dicts of the date, the user and the message of each line, without a label yet."""

READ_LABELS: Final = """\
labels = $labels
def read_labels(reply, part):
    for line in reply.splitlines():
        match = re.match(r"\\s*(\\d+)\\s*[:.)-]\\s*\\W*(.+?)\\W*$", line)
        if match and 1 <= int(match[1]) <= len(part):
            named = [label for label in labels if label.lower() in match[2].lower()]
            if named:
                part[int(match[1]) - 1]["label"] = named[0]
"""
"""``read_labels`` writes the labels of a reply into the records that were sent."""

LABEL_IN_BATCHES: Final = """\
for attempt in range(2):
    parts = [todo[i:i + $lines] for i in range(0, len(todo), $lines)]
    texts = ["\\n".join(f"{i}: {row['text']}" for i, row in enumerate(part, 1)) for part in parts]
    replies = $batched(instruction, texts)
    for reply, part in zip(replies, parts):
        read_labels(reply, part)
    todo = [row for row in todo if not row["label"]]
    if not todo:
        break
print(len(todo), "without a label;", Counter(row["label"] for row in records))
"""
"""The labels of the records in ``todo``, after ``READ_LABELS``; what a reply leaves out is asked for once more."""

LABEL_IN_CHUNKS: Final = """\

instruction = $label
for start in range(0, len(records), $lines):
    part = records[start:start + $lines]
    numbered = "\\n".join(f"{i + 1}: {row['text']}" for i, row in enumerate(part))
    reply = $single(instruction, numbered)
    read_labels(reply, part)
print(Counter(row["label"] for row in records))
"""
"""The labels of all records, one chunk after another, after ``READ_LABELS``."""
