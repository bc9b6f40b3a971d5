from __future__ import annotations

from harlm.types import Answer, Citation


def test_an_answer_in_a_notebook_escapes_what_came_from_a_model() -> None:
    cited = Citation(source="s", start=0, end=1, line=1, page=None, place="<s>:1", quote="<img>")
    html = Answer(text="<script>alert(1)</script>", citations=(cited,), run_id="R")._repr_html_()
    assert "<script>" not in html
    assert "<img>" not in html
    assert "&lt;script&gt;" in html
    assert Answer(text="x").response == "x" == str(Answer(text="x"))
