"""A table that cannot be made without a label, nor with rows of two labels. Knows no form of output."""

from __future__ import annotations

import msgspec

from harlm.errors import ConfigError
from harlm_bench.labels import Label
from harlm_bench.statistics import Difference, Estimate


class Cell(msgspec.Struct, frozen=True, kw_only=True):
    """One field.

    Attributes:
        text: as it is printed.
        value, low, high: the figure and its interval, in the unit of ``text``, if it is one.
        is_quiet: whether it says that nothing is told.
    """

    text: str
    value: float | None = None
    low: float | None = None
    high: float | None = None
    is_quiet: bool = False


NOTHING = Cell(text="–", is_quiet=True)
"""A field without a figure."""


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """One row.

    Attributes:
        label: what its figures were measured on.
        head: its first field.
        cells: the others.
        is_ours: whether it is a row of HARLM.
    """

    label: Label
    head: str
    cells: tuple[Cell, ...]
    is_ours: bool = False


class Table(msgspec.Struct, frozen=True, kw_only=True):
    """A table of results.

    Attributes:
        id: names it in JSON and in addresses.
        title: without the label.
        label: of all its rows. Rows of PUBLISHED tables have citations of their own.
        columns: the heads, that of the first column included.
        rows: its rows.
        notes: how to read it.

    Raises:
        ConfigError: there is no label, or a row has another one, or other columns.
    """

    id: str
    title: str
    label: Label
    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        label: object = self.label  # msgspec does not check types
        if not isinstance(label, Label) or not label.detail.strip():
            raise ConfigError(f"table {self.title!r} has no label; figures are not printed without one")
        for row in self.rows:
            if not _may_stand(row.label, self.label):
                raise ConfigError(
                    f"row {row.head!r} ({row.label}) cannot stand in table {self.title!r} ({self.label}): figures of two "
                    "kinds are not compared; make a table for each"
                )
            if len(row.cells) + 1 != len(self.columns):
                raise ConfigError(f"row {row.head!r} of table {self.title!r} does not fit its columns")

    @property
    def heading(self) -> str:
        """The title with its label, as it stands above the table."""
        return heading(self.title, self.label)


def heading(title: str, label: Label) -> str:
    """A title that says what its figures were measured on."""
    return f"{title} · {label.name}"


def _may_stand(row: Label, table: Label) -> bool:
    return row == table or (row.kind == table.kind == "PUBLISHED")


def percent(estimate: Estimate) -> Cell:
    """A score in points of 100, with its interval."""
    value, low, high = (100 * each for each in (estimate.value, estimate.low, estimate.high))
    return Cell(text=f"{value:.1f} [{low:.0f}, {high:.0f}]", value=value, low=low, high=high)


def points(difference: Difference) -> Cell:
    """A difference in points of 100, with its interval and whether it is one."""
    it = difference.estimate
    value, low, high = (100 * each for each in (it.value, it.low, it.high))
    said = "" if difference.is_shown else f"; {difference.verdict}"
    text = f"{signed(value, 1)} [{signed(low)}, {signed(high)}]{said}"
    return Cell(text=text, value=value, low=low, high=high)


def signed(value: float, digits: int = 0) -> str:
    """A number with its sign, such as ``−3``; 0 has none."""
    text = f"{value:+.{digits}f}"
    return text[1:] if float(text) == 0 else text.replace("-", "−")


def times(estimate: Estimate | None) -> Cell:
    """A ratio with its interval."""
    if estimate is None:
        return NOTHING
    text = f"{estimate.value:.2f}× [{estimate.low:.2f}, {estimate.high:.2f}]"
    return Cell(text=text, value=estimate.value, low=estimate.low, high=estimate.high)


def usd(value: float) -> Cell:
    """Money."""
    return Cell(text=f"${value:.4f}" if value < 0.1 else f"${value:.2f}", value=value)


def seconds(value: float) -> Cell:
    """A time."""
    return Cell(text=f"{value:.2f} s" if value < 10 else f"{value:.1f} s", value=value)


def number(value: float, digits: int = 0) -> Cell:
    """A plain number."""
    return Cell(text=f"{value:,.{digits}f}", value=value)


def words(text: str) -> Cell:
    """A field of words."""
    return Cell(text=text)
