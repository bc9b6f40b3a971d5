"""THE ROOT ROLE of the simulated language model: writes programs, reads their output, finishes or gives up.

It sees the messages alone: which scaffold sent them it learns from the names in the rules, what is asked from the words
of the question. The same question and draw give the same programmer under every scaffold.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from harlm_bench.simulator.draw import Draw
from harlm_bench.simulator.roots import policy as policies
from harlm_bench.simulator.roots.acting import Reader
from harlm_bench.simulator.roots.conversation import read
from harlm_bench.simulator.roots.play import Player, Swayed
from harlm_bench.simulator.roots.policy import MIX, Quality
from harlm_bench.simulator.roots.scaffold import recognise
from harlm_bench.simulator.roots.understanding import understood


def turn(
    messages: Sequence[tuple[str, str]],
    draw: Draw,
    *,
    mix: Mapping[Quality, float] = MIX,
    reader: Reader | None = None,
    swayed: Swayed | None = None,
) -> str | None:
    """The root's next message, or ``None`` if the request is no root's, such as a plain question about a text.

    Args:
        messages: as (role, text), in order.
        draw: of the simulated model, such as its seed; the question is added here.
        mix: the shares of the qualities.
        reader: reads an instruction and a text that the root has in view, as the leaf role of the same model does.
            Without it a root can answer only with what its code printed as a result.
        swayed: tells what a hostile line in what the root was shown last makes it answer. Without it, it obeys none.
    """
    scaffold = recognise(messages)
    if scaffold is None:
        return None
    talk = read(messages, scaffold)
    asked = understood(talk.question or "")
    programmer = policies.drawn(draw.child(asked.question), mix)
    return Player(
        asked=asked, policy=programmer, scaffold=scaffold, talk=talk, reader=reader, swayed=swayed
    ).reply()
