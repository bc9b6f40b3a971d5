"""Yes and no, where a statement decides it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harlm.models.offline.coverage import NOTHING_HELD, asked_words
from harlm.models.offline.verdicts import verdict


@pytest.mark.parametrize(
    ("question", "sentence", "said"),
    [
        ("Are backups kept for 35 days?", "Backups are kept for 35 days.", "Yes"),
        ("Are backups kept for 90 days?", "Backups are kept for 35 days.", "No"),
        ("Are backups kept for 30 days?", "Backups are kept for at least 35 days.", None),
        ("Was the lease signed in September?", "The lease was signed on 2 October.", "No"),
        ("Was the lease signed in September?", "The invoice is due in September.", None),
        ("Was it revised in 2023?", "The policy was last revised in 2024.", None),
        ("Was the policy revised in 2023?", "The policy was last revised in 2024.", "No"),
        ("Is tkinter thread-safe?", "Non-thread-safe calls of tkinter raise an error.", None),
        ("Is Windows supported?", "Windows is not supported.", "No"),
        ("Are dogs allowed on e-bikes?", "Dogs are welcome in our trailers, but not on e-bikes.", "No"),
        ("Are dogs allowed in trailers?", "Dogs are welcome in our trailers, but not on e-bikes.", "Yes"),
        ("Is subletting allowed?", "Subletting is allowed only with consent.", None),
        ("Was phosphate low at station 4?", "Phosphate was low everywhere except at station 4.", "No"),
        ("Is spelt bread baked on Mondays?", "Rye bread is baked on Mondays, spelt bread on Fridays.", None),
        ("Does valve V-18 leak?", "Valve V-17 leaks.", None),
        ("Was the fee raised?", "They decided by four votes to none to raise the fee.", "Yes"),
        ("Is the card free?", "The card is not only free, it is blue.", None),
        ("Were members present?", "None of the members were present.", "No"),
        ("Was the light theme designed by Yuki?", "The dark theme was designed by Yuki.", None),
    ],
)
def test_a_verdict_needs_the_same_relation_and_a_rival_value(
    question: str, sentence: str, said: str | None
) -> None:
    assert verdict(question, asked_words(question), sentence, NOTHING_HELD) == said


@given(st.text(max_size=60))
def test_any_sentence_gets_a_verdict_or_none(text: str) -> None:
    question = "Is the gate open on Monday?"
    assert verdict(question, asked_words(question), text, NOTHING_HELD) in ("Yes", "No", None)
