"""The whole report: its structure, its labels, and that nothing is loaded from anywhere."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from harlm.errors import ContextError
from harlm_bench.journal import Journal
from harlm_bench.labels import Label
from harlm_bench.report.writing import named, write_report
from tests.unit.bench.made import EMBEDDED, NEAR, SIMULATED, header, journal, result, results

ALL = {**NEAR, "HARLM 0.1.0, always full": 0.8, "HARLM 0.1.0, full, one call at a time": 0.8}
_LOADING = ("src", "href", "srcset", "data", "poster", "action", "xlink:href")


class Page(HTMLParser):
    """What a page would load, run or draw."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.loaded: list[str] = []
        self.tags: list[str] = []
        self.drawings: list[str] = []
        self.headings: list[str] = []
        self._in = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.loaded += [value or "" for name, value in attrs if name in _LOADING]
        values = dict(attrs)
        if tag == "svg" and "aria-label" in values:
            self.drawings.append(values["aria-label"] or "")
        self._in = tag

    def handle_data(self, data: str) -> None:
        if self._in == "h3":
            self.headings.append(data)
            self._in = ""


def whole(label: Label = SIMULATED, name: str = "a.jsonl", scores: dict[str, float] = ALL) -> Journal:
    return journal(Path(name), results(scores), header(label))


def written(*journals: Journal) -> dict[str, str]:
    return {path.name: path.read_text(encoding="utf-8") for path in write_report(journals, Path("out"))}


def test_simulated_stands_in_every_file_name_title_and_plot() -> None:
    files = written(whole())
    assert sorted(files) == ["simulated-report.html", "simulated-report.json", "simulated-report.md"]
    page = Page(files["simulated-report.html"])
    assert len(page.drawings) >= 5
    assert all("SIMULATED" in drawing for drawing in page.drawings)
    assert all("SIMULATED" in heading or "PUBLISHED" in heading for heading in page.headings)
    titles = re.findall(r"^### (.+)$", files["simulated-report.md"], re.MULTILINE)
    assert len(titles) >= 8
    assert all(title.endswith(("SIMULATED", "PUBLISHED")) for title in titles)


def test_real_results_do_not_say_simulated() -> None:
    files = written(whole(EMBEDDED))
    assert "report.html" in files
    assert "SIMULATED" not in files["report.html"]
    assert "SIMULATED" not in files["report.md"]


def test_nothing_is_loaded_and_nothing_runs() -> None:
    text = written(whole())["simulated-report.html"]
    page = Page(text)
    assert all(target.startswith("#") for target in page.loaded), page.loaded
    assert not {"script", "link", "img", "iframe", "object", "embed", "form"} & set(page.tags)
    assert not re.search(r"url\(|@import|javascript:|\son\w+=", text)
    assert set(re.findall(r"https?://[^\s\"<]+", text)) <= {"http://www.w3.org/2000/svg"}
    assert "default-src 'none'" in text


def test_words_of_models_and_of_users_are_never_markup() -> None:
    bad = result("base", status="crashed", score=0.0)
    import msgspec

    bad = msgspec.structs.replace(
        bad, outcome=msgspec.structs.replace(bad.outcome, reason="<script>alert(1)</script> | x *y*")
    )
    files = written(journal(Path("a.jsonl"), [bad, result()]))
    assert "<script" not in files["simulated-report.html"]
    assert (
        "&lt;script&gt;alert(1)&lt;/script&gt; \\| x \\*y\\*".replace("&gt;", ">")
        in files["simulated-report.md"]
    )


def test_two_labels_are_two_chapters_and_no_table_has_both() -> None:
    files = written(whole(), whole(EMBEDDED, "b.jsonl"))
    told = json.loads(files["simulated-report.json"])
    kinds = [chapter["label"]["kind"] for chapter in told["chapters"]]
    assert kinds == ["SIMULATED", "EMBEDDED", "PUBLISHED"]
    for chapter in told["chapters"]:
        for table in chapter["tables"]:
            assert {row["label"]["kind"] for row in table["rows"]} <= {chapter["label"]["kind"]}


def test_the_tables_of_the_paper_are_there() -> None:
    told = json.loads(written(whole())["simulated-report.json"])
    assert [table["id"] for table in told["chapters"][0]["tables"]] == [
        "calibration", "main", "gains", "modes", "ablations", "latency", "memory", "routes", "bills", "endings",
    ]  # fmt: skip
    assert [table["id"] for table in told["chapters"][1]["tables"]] == ["published-main", "published-newer"]
    assert told["headers"][0][0]["command"] == "harlm bench run"


def test_without_calibration_no_comparison_is_printed_but_why() -> None:
    files = written(whole(scores={**ALL, "base": 0.95}))
    told = json.loads(files["simulated-report.json"])["chapters"][0]
    assert [table["id"] for table in told["tables"]] == ["calibration", "bills", "endings"]
    assert any("“base” scores 95.0, published 44.0" in warning for warning in told["warnings"])
    assert Page(files["simulated-report.html"]).drawings == []


def test_an_unfinished_run_says_so_first() -> None:
    half = journal(Path("a.jsonl"), results(NEAR)[:20], header(EMBEDDED))
    told = json.loads(written(half)["report.json"])["chapters"][0]
    assert told["warnings"][0] == "a.jsonl is not finished: it holds 20 of 198 results."


def test_a_rival_that_could_not_be_installed_is_named() -> None:
    none = [result("base", status="not installed", score=0.0)]
    told = json.loads(written(journal(Path("a.jsonl"), [*none, result()], header(EMBEDDED)))["report.json"])
    assert (
        "base could not be installed and is not compared: why not installed"
        in told["chapters"][0]["warnings"]
    )


def test_the_same_journal_gives_the_same_report() -> None:
    first = whole()
    assert written(first) == written(first)


def test_a_folder_that_cannot_be_written_is_named() -> None:
    Path("file").write_text("", encoding="utf-8")
    with pytest.raises(ContextError, match=r"file/simulated-report.*--out"):
        write_report([whole()], Path("file"))


def test_the_name_of_a_file_of_real_results_is_plain() -> None:
    assert named("journal.jsonl", [EMBEDDED]) == "journal.jsonl"
    assert named("journal.jsonl", [EMBEDDED, SIMULATED]) == "simulated-journal.jsonl"
