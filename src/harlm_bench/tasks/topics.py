"""Short lines about five topics that are told apart at once, each with blanks, so that no two lines of a window are alike."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

SENTENCES: Mapping[str, Sequence[str]] = {
    "food": """
        {p} added {n} cloves of garlic to the {c} soup and let it simmer in {l}.
        The bakery in {l} sells {n} kinds of bread, and {p} likes the one with {c} seeds.
        For supper {p} fried {n} eggs and a handful of {c} onions.
        {p} from {l} stirred {n} spoons of sugar into the {c} pudding.
        The cook in {l} grilled {n} fish for {p} and served them on {c} plates.
        A bowl of noodles with {c} beans costs {n} coins in {l}, says {p}.
        {p} baked a cake with {n} layers and {c} icing for the guests from {l}.
        At breakfast {p} ate {n} pancakes with {c} jam from {l}.
        The cheese from {l} ripens for {n} months under a {c} rind, as {p} knows.
        {p} salted the {c} cabbage, {n} heads of it, as they do in {l}.
        In {l}, {p} tasted {n} sauces and chose the {c} one with pepper.
        The recipe that {p} brought from {l} asks for {n} lemons and a {c} chili.
        """.strip().splitlines(),
    "sport": """
        {p} scored {n} goals for the team in {c} shirts against {l}.
        The runner {p} from {l} finished the marathon in the {c} vest, {n} seconds behind the winner.
        In {l}, {p} won the tennis match after {n} games with a {c} racket.
        The swimmers of {l} trained for {n} hours, and {p} wore the {c} cap.
        {p} saved {n} penalties in the {c} gloves, and {l} won the cup.
        The coach from {l} made {p} run {n} laps around the {c} track.
        {p} lifted {n} pounds at the championship in {l} and took the {c} belt.
        With {n} minutes left, {p} threw the ball to the player in {c} and {l} took the lead.
        The cyclists left {l} with {p} in the {c} jersey and {n} stages to go.
        The referee in {l} showed {p} the {c} card after {n} fouls.
        {p} jumped {n} centimetres higher than the athlete in {c} from {l}.
        {l} lost the hockey final by {n} goals although {p} in the {c} helmet played well.
        """.strip().splitlines(),
    "weather": """
        In {l}, {n} centimetres of snow fell overnight from a {c} sky, {p} reports.
        {p} saw {n} flashes of lightning over {l} before the {c} clouds broke.
        The forecast that {p} read out promises {n} degrees and {c} skies for {l}.
        Fog lay over {l} for {n} days, and {p} could not see past the {c} gate.
        A storm with gusts of {n} knots took the {c} roof of {p} in {l}.
        After {n} weeks without rain the fields around {l} are {c}, says {p}.
        The frost in {l} came {n} days early and turned the windows of {p} {c}.
        {p} measured {n} millimetres of rain in {l}, with hail as large as {c} marbles.
        The sun came out over {l} at {n} past, and {p} opened the {c} shutters to the heat.
        The wind at {l} turned north by {n} points and drove {c} clouds towards {p}.
        It drizzled in {l} for {n} hours while {p} waited under a {c} umbrella.
        {p} says that the ice on the lake at {l} is {n} centimetres thick and {c} at the rim.
        """.strip().splitlines(),
    "music": """
        {p} played {n} sonatas on the {c} piano in the hall of {l}.
        The choir of {l} sang {n} hymns, and {p} in the {c} robe took the solo.
        {p} tuned the strings of the {c} violin {n} times before the concert in {l}.
        The band from {l} recorded {n} songs, and {p} drew the {c} cover of the album.
        In {l}, {p} beat the {c} drum for {n} bars before the trumpets came in.
        {p} sold {n} records in {c} sleeves at the jazz festival of {l}.
        The orchestra in {l} rehearsed for {n} days under {p} and her {c} baton.
        {p} wrote {n} melodies for flute in a {c} notebook on the way to {l}.
        The opera in {l} has {n} acts, and {p} sings the queen in a {c} gown.
        {p} learned {n} chords on a {c} guitar from a teacher in {l}.
        The organ of {l} has {n} pipes, and {p} dusts the {c} keys.
        At the dance in {l} the fiddler {p}, in a {c} hat, played {n} waltzes.
        """.strip().splitlines(),
    "money": """
        {p} owes the bank in {l} {n} thousand and keeps the {c} statements in a drawer.
        The shares of the {c} firm in {l} fell by {n} per cent, and {p} sold hers.
        {p} put {n} coins into a {c} savings account in {l}.
        The tax office of {l} sent {p} a {c} letter about {n} unpaid bills.
        {p} exchanged {n} notes at the {c} counter of the bank in {l}.
        The loan that {p} took out in {l} costs {n} per cent interest, says the {c} contract.
        {p} paid {n} invoices from {l} with the {c} credit card.
        The insurance in {l} raised the premium of {p} by {n} a month, in {c} print.
        {p} budgets {n} a week for rent in {l} and notes it in a {c} ledger.
        The auditor {p} found {n} errors in the {c} accounts of the council in {l}.
        {p} invested {n} thousand in {c} bonds of the town of {l}.
        The cashier in {l} counted {n} notes twice before {p} signed the {c} receipt.
        """.strip().splitlines(),
}
"""Twelve sentences of each topic, with a person, a place, a number and a colour."""
