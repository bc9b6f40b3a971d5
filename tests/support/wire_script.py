"""A body of the corpus taken apart into JSON values and other pieces, changed, and put together again."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from hypothesis import strategies as st

SIGNS_OF_LIFE = (
    ": \n",
    ": ping\n",
    "event: ping\ndata: {}\n",
    "event: ping\ndata:\n",
    "data: keepalive\n",
    "data: null\n",
    "data: \n",
    'event: ping\ndata: {"type": "ping"}\n',
)
ENDS = ("\n", "\r\n", "\r")
_DONE = "data: [DONE]\n"
_MARK = "\ufeff"


class Doubled(dict[str, Any]):
    """An object of which one field is written twice.

    Attributes:
        field: its name.
    """

    field: str = ""


@dataclass(frozen=True, slots=True)
class Frame:
    """One event of a stream, or a whole body.

    Attributes:
        name: of its ``event`` field.
        value: its JSON.
        raw: what stands there instead of JSON, such as a comment; then ``value`` means nothing.
    """

    name: str | None = None
    value: Any = None
    raw: str | None = None

    @property
    def is_done(self) -> bool:
        """Whether it is ``[DONE]``."""
        return self.raw == _DONE


@dataclass(frozen=True, slots=True)
class Script:
    """A body.

    Attributes:
        frames: in order; one for a body that is not a stream.
        is_stream: whether they are events.
        line_end: of events.
        blanks: what stands before everything.
        escapes: whether characters outside ASCII are escaped.
        cut: how many bytes are missing at the end.
    """

    frames: tuple[Frame, ...]
    is_stream: bool
    line_end: str = "\n"
    blanks: str = ""
    escapes: bool = False
    cut: int = 0

    def data(self) -> bytes:
        """The bytes."""
        if not self.is_stream:
            text = dumped(self.frames[0].value, self.escapes)
        else:
            text = "".join(self._event(frame) for frame in self.frames).replace("\n", self.line_end)
        whole = (self.blanks + text).encode()
        return whole[: len(whole) - self.cut] if self.cut else whole

    def _event(self, frame: Frame) -> str:
        if frame.raw is not None:
            return f"{frame.raw}\n"
        name = "" if frame.name is None else f"event: {frame.name}\n"
        return f"{name}data: {dumped(frame.value, self.escapes)}\n\n"

    @property
    def whole_frames(self) -> tuple[Frame, ...]:
        """The frames that the cut leaves whole. The one that is cut may be read or not."""
        if not self.cut:
            return self.frames
        kept, size = [], len(self.data()) - len(self.blanks.encode())
        for frame in self.frames:
            size -= len(self._event(frame).replace("\n", self.line_end).encode())
            if size < 0:
                break
            kept.append(frame)
        return tuple(kept)

    @property
    def cut_frame(self) -> tuple[Frame, ...]:
        """The frame that the cut goes through."""
        at = len(self.whole_frames)
        return self.frames[at : at + 1] if self.cut and self.is_stream else ()


def script_of(body: bytes) -> Script | None:
    """A body taken apart; ``None`` for one that is neither JSON nor events of JSON, comments and ``[DONE]``."""
    text = body.decode("utf-8", "replace").removeprefix(_MARK).replace("\r\n", "\n").replace("\r", "\n")
    if text.lstrip()[:1] in ("{", "["):
        try:
            return Script((Frame(value=json.loads(text)),), is_stream=False)
        except ValueError:
            return None
    frames = [_frame(block) for block in text.split("\n\n") if block.strip("\n")]
    return None if None in frames else Script(tuple(filter(None, frames)), is_stream=True)


def _frame(block: str) -> Frame | None:
    name, data = None, []
    for line in block.split("\n"):
        field_name, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if field_name == "event":
            name = value
        elif field_name == "data":
            data.append(value)
        elif field_name:
            return None
    joined = "\n".join(data)
    if joined[:1] not in ("{", "[") or joined == "[DONE]":
        return Frame(raw=block.strip("\n") + "\n")
    try:
        return Frame(name, json.loads(joined))
    except ValueError:
        return None


def dumped(value: Any, escapes: bool = False) -> str:
    """JSON, with fields twice where ``Doubled`` says so."""
    if isinstance(value, dict):
        fields = [f"{json.dumps(name)}:{dumped(each, escapes)}" for name, each in value.items()]
        if isinstance(value, Doubled) and value.field in value:
            fields.append(f"{json.dumps(value.field)}:{dumped(value[value.field], escapes)}")
        return "{" + ",".join(fields) + "}"
    if isinstance(value, list):
        return "[" + ",".join(dumped(each, escapes) for each in value) + "]"
    has_halves = isinstance(value, str) and any("\ud800" <= letter <= "\udfff" for letter in value)
    return json.dumps(value, ensure_ascii=escapes or has_halves)


# -- changes ---------------------------------------------------------------------------------------------

Path = tuple[str | int, ...]


@dataclass(slots=True)
class _Changed:
    """A value with one place changed."""

    path: Path
    change: str
    found: bool = field(default=False)

    def of(self, value: Any, path: Path = ()) -> Any:
        if path == self.path[:-1]:
            return self._at(value, self.path[-1])
        key = self.path[len(path)]
        return self._with(value, key, self.of(value[key], (*path, key)))

    def _with(self, value: Any, key: Any, inner: Any) -> Any:
        if isinstance(value, list):
            return [inner if at == key else each for at, each in enumerate(value)]
        changed = Doubled({name: inner if name == key else each for name, each in value.items()})
        changed.field = getattr(value, "field", "")
        return changed

    def _at(self, value: Any, key: Any) -> Any:
        if self.change == "drop":
            if isinstance(value, list):
                return [each for at, each in enumerate(value) if at != key]
            return {name: each for name, each in value.items() if name != key}
        if self.change == "twice" and isinstance(value, dict):
            doubled = Doubled(value)
            doubled.field = key
            return doubled
        return self._with(value, key, RETYPED[self.change](value[key]))


def _as_text(value: Any) -> Any:
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else value


def _as_number(value: Any) -> Any:
    return 7 if isinstance(value, str) else value + 0.25 if isinstance(value, int) else value


def _unwrapped(value: Any) -> Any:
    return value[0] if isinstance(value, list) and value else value


RETYPED: dict[str, Callable[[Any], Any]] = {
    "null": lambda value: None,
    "text": _as_text,
    "number": _as_number,
    "list": lambda value: [value],
    "object": lambda value: {"value": value},
    "part": lambda value: {"type": "text", "text": value} if isinstance(value, str) else value,
    "first": _unwrapped,
    "flag": lambda value: True,
    "twice": lambda value: value,
}
CHANGES = ("drop", *RETYPED)


def paths(value: Any, path: Path = ()) -> Iterator[Path]:
    """The paths of all places in a value, except that of the whole."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, each in inner:
        yield (*path, key)
        yield from paths(each, (*path, key))


@st.composite
def changed(draw: st.DrawFn, script: Script) -> Script:
    """A script with a few changes: of fields, of events, of the form of the whole, and cut at the end."""
    for _ in range(draw(st.integers(0, 3))):
        script = draw(_with_value_changed(script))
    if script.is_stream:
        for _ in range(draw(st.integers(0, 2))):
            script = draw(_with_event_changed(script))
        script = replace(script, line_end=draw(st.sampled_from(ENDS)))
    blanks = (
        ("", "", "", _MARK, "\n\n", "  \n") if not script.is_stream else ("", "", _MARK, "\n", ": hi\n\n")
    )
    script = replace(script, blanks=draw(st.sampled_from(blanks)), escapes=draw(st.booleans()))
    if draw(st.integers(0, 5)) == 5:
        script = replace(script, cut=draw(st.integers(1, len(script.data()) - 1)))
    return script


@st.composite
def _with_value_changed(draw: st.DrawFn, script: Script) -> Script:
    at = draw(st.integers(0, len(script.frames) - 1))
    frame = script.frames[at]
    places = list(paths(frame.value)) if frame.raw is None else []
    if not places:
        return script
    change = _Changed(draw(st.sampled_from(places)), draw(st.sampled_from(CHANGES)))
    frame = replace(frame, value=change.of(frame.value))
    return replace(script, frames=(*script.frames[:at], frame, *script.frames[at + 1 :]))


@st.composite
def _with_event_changed(draw: st.DrawFn, script: Script) -> Script:
    """A sign of life is inserted, an event is sent twice, its name is dropped, or one that stands alone moves."""
    frames = list(script.frames)
    at = draw(st.integers(0, len(frames) - 1))
    match draw(st.sampled_from(["sign", "twice", "name", "move"])):
        case "sign":
            frames.insert(at, Frame(raw=draw(st.sampled_from(SIGNS_OF_LIFE))))
        case "twice":
            frames.insert(at, frames[at])
        case "name" if frames[at].raw is None:
            frames[at] = replace(frames[at], name=None)
        case "move" if _stands_alone(frames[at]):
            frame = frames.pop(at)
            ends = [number for number, each in enumerate(frames) if each.is_done]
            frames.insert(draw(st.integers(0, ends[0] if ends else len(frames))), frame)
    return replace(script, frames=tuple(frames))


def _stands_alone(frame: Frame) -> bool:
    """Whether an event has nothing to do with those around it: a comment, or a usage without a choice."""
    if frame.raw is not None:
        return not frame.is_done
    return isinstance(frame.value, dict) and frame.value.get("choices") == []
