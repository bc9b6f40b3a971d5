from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harlm.branching.strategies.named_parts import named_part
from tests.support.asked import asked_of

FILES = {
    "cgi.py": "def parse(): pass\n",
    "http/client.py": "class Client: pass\n",
    "http/server.py": "class Server: pass\n",
    "Lease 2019": "The rent is 5.\n",
}
PAGE = "# Guide\n\nIntro.\n\n## Install\n\nRun it.\n\n### On Linux\n\nUse apt.\n\n## 3.2 Use\n\nCall it.\n"


@pytest.mark.parametrize(
    ("question", "code"),
    [
        ("In cgi.py, what does `parse` do?", "['cgi.py']"),
        ("What is in http/client.py and cgi.py?", "['cgi.py', 'http/client.py']"),
        ("What does server.py define?", "['http/server.py']"),
        ("What is the rent in the lease 2019?", "['Lease 2019']"),
    ],
)
def test_documents_are_known_by_their_names(question: str, code: str) -> None:
    part = named_part(asked_of(question, FILES))
    assert part is not None
    assert part.code == code


@pytest.mark.parametrize(
    "question", ["What is it?", "What is in tls.py?", "What is in xcgi.pyx?", "What is in the lease 20199?"]
)
def test_questions_that_name_no_document(question: str) -> None:
    assert named_part(asked_of(question, FILES)) is None


def test_all_documents_are_not_a_part() -> None:
    two = {"a.py": "1", "b.py": "2"}
    assert named_part(asked_of("What do a.py and b.py say?", two)) is None


@pytest.mark.parametrize(
    ("question", "begins", "ends"),
    [
        ("What does the section 'Install' say?", "## Install", "Use apt.\n\n"),
        ('What does the section called "On Linux" say?', "### On Linux", "Use apt.\n\n"),
        ("What is in section 3.2?", "## 3.2 Use", "Call it.\n"),
    ],
)
def test_a_section_is_known_by_its_heading(question: str, begins: str, ends: str) -> None:
    part = named_part(asked_of(question, PAGE))
    assert part is not None
    found = eval(part.code, {"context": PAGE})
    assert found.startswith(begins)
    assert found.endswith(ends)
    assert len(found) == part.characters


def test_a_heading_that_is_missing_or_there_twice_names_no_part() -> None:
    assert named_part(asked_of("What does the section 'Remove' say?", PAGE)) is None
    assert named_part(asked_of("What does the section 'Install' say?", PAGE + PAGE)) is None


@given(st.text(min_size=1, max_size=200).filter(str.strip))
def test_any_question_is_read(question: str) -> None:
    part = named_part(asked_of(question, FILES))
    assert part is None or part.characters > 0
