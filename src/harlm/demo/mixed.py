"""The mixed folder of the demo, which it writes itself: prose, a table, a log and a mail. The questions over it are
checked with the modules of the standard library that read such files, and not with HARLM.
"""

from __future__ import annotations

import csv
import re
from email import message_from_bytes
from email.message import EmailMessage
from pathlib import Path

from harlm.demo.questions import Question, first_number
from harlm.types import Answer

_HANDBOOK = """\
# Handbook of the archive

The archive keeps maps, letters and photographs of the region. Readers are admitted from Tuesday to Saturday, and
need a card, which costs nothing and is valid for two years.

Backups of the catalogue are kept for 35 days. After that they are deleted, except the first backup of each month,
which is kept for five years.
"""
_ROWS = 240
_HALLS = ("North", "South", "East", "West")


def write_mixed_folder(folder: Path) -> None:
    """Write the files into ``folder``, the same on every machine."""
    (folder / "handbook.md").write_text(_HANDBOOK, encoding="utf-8")
    lines = ["order;hall;quantity;price"]
    for number in range(1, _ROWS + 1):
        quantity = number * 37 % 61
        lines.append(f"{1000 + number};{_HALLS[number % 4]};{quantity};{number * 13 % 90 + 10},50")
    (folder / "orders.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    log = []
    for minute in range(120):
        level, said = "INFO", f"worker-{minute % 4} has scanned {minute * 7 % 50 + 3} pages of the catalogue"
        if minute == 77:
            level, said = "ERROR", "worker-2 cannot write: the disk is full on volume /scans"
        log.append(f"2026-03-01T{10 + minute // 60}:{minute % 60:02}:00 {level} {said}")
    (folder / "server.log").write_text("\n".join(log) + "\n", encoding="utf-8")
    mail = EmailMessage()
    mail["From"], mail["To"] = "Ines Brandt <ines@archive.example>", "staff@archive.example"
    mail["Subject"] = "The reading room"
    mail.set_content(
        "Dear all,\n\nThe reading room moves to the second floor on 14 April 2026.\n"
        "Please empty your lockers by the evening before.\n\nInes\n"
    )
    (folder / "notice.eml").write_bytes(mail.as_bytes())


def _large_orders(answer: Answer, folder: Path) -> tuple[bool, str]:
    with (folder / "orders.csv").open(encoding="utf-8", newline="") as file:
        count = sum(int(row["quantity"]) > 50 for row in csv.DictReader(file, delimiter=";"))
    return first_number(answer) == count, f"{count} rows"


def _full_disk(answer: Answer, folder: Path) -> tuple[bool, str]:
    lines = (folder / "server.log").read_text(encoding="utf-8").splitlines()
    number, line = next(
        (number, line) for number, line in enumerate(lines, start=1) if re.search(r"disk is full", line)
    )
    right = line.split()[0] in answer.text and any(
        each.source.endswith("server.log") and each.place.endswith(f":{number}") for each in answer.citations
    )
    return right, f"line {number}, {line.split()[0]}"


def _moving_day(answer: Answer, folder: Path) -> tuple[bool, str]:
    mail = message_from_bytes((folder / "notice.eml").read_bytes())
    said = re.search(r"moves to [^.]{1,80} on (\d+ \w+ \d{4})", str(mail.get_payload()))
    assert said is not None
    right = said[1] in answer.text and any(each.source.endswith("notice.eml") for each in answer.citations)
    return right, said[1]


QUESTIONS = (
    Question("table", "How many rows have quantity > 50?", _large_orders, "csv", is_plain=True),
    Question("log", "When was the disk full?", _full_disk, "re", is_plain=True),
    Question(
        "mail", "When does the reading room move to the second floor?", _moving_day, "email", is_plain=True
    ),
)
"""Over the mixed folder."""
