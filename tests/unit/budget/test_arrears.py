"""What earlier attempts have paid is counted once, whichever of it comes back as replies."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from harlm.budget.arrears import Arrears
from harlm.types import Usage, summed

usages = st.builds(
    Usage,
    calls=st.just(1),
    input_tokens=st.integers(0, 3),
    output_tokens=st.integers(0, 3),
    cost_micros=st.none() | st.integers(0, 3),
)


@given(st.lists(usages, max_size=12), st.data())
def test_what_is_counted_is_what_was_billed(bills: list[Usage], data: st.DataObject) -> None:
    replies = [each for each in data.draw(st.permutations(bills)) if data.draw(st.booleans())]
    arrears = Arrears([("a/b", each) for each in bills])
    for each in replies:
        arrears.take(each)
    counted = summed([*replies, *(usage for _, usage in arrears.rest())])
    assert counted == summed(bills)


@given(st.lists(usages, max_size=5), st.lists(usages, max_size=5))
def test_a_reply_that_was_not_billed_takes_no_bill_of_other_amounts(
    bills: list[Usage], others: list[Usage]
) -> None:
    arrears = Arrears([("a/b", each) for each in bills])
    strange = [each for each in others if each not in bills]
    for each in strange:
        arrears.take(each)
    assert arrears.rest() == [("a/b", each) for each in bills]


def test_there_are_none_once_the_rest_is_counted() -> None:
    arrears = Arrears([("a/b", Usage(calls=1))])
    assert arrears
    assert arrears.rest() == [("a/b", Usage(calls=1))]
    assert not arrears
    arrears.take(Usage(calls=1))
    assert arrears.rest() == []
    assert not Arrears()
