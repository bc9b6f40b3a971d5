"""A backend that records replies in a file, or plays them again. Knows no model; a request that was not recorded is an error.

The first line of a file is its head, which says what answered; all other lines are replies.
"""

from __future__ import annotations

import base64
import hashlib
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import IO, Any

import msgspec

from harlm.errors import ConfigError
from harlm.testing import ModelReply, Request, Tokens
from harlm.testing.exchange import Fault, Headers
from harlm.testing.faults import Status
from harlm_bench.forwarding import Relayed, whole_of
from harlm_bench.gateway import Backend
from harlm_bench.labels import Label
from harlm_bench.replies import Answer, Paced, Passed, error, prompt_tokens, said_by, tokens_of

_OF_TRANSPORT = ("stream", "stream_options")  # a reply is the same however it is sent


_FORMAT = 1


class _Head(msgspec.Struct, frozen=True, kw_only=True):
    """The first line of a cassette.

    Attributes:
        cassette: the format.
        origin: what answered.
    """

    cassette: int
    origin: Label


class _Recording(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One reply of a cassette."""

    request: str
    model: str
    status: int = 200
    body: str
    is_binary: bool = False
    headers: Headers = ()


class Recorder:
    """Passes requests to another backend and writes its replies down, one JSON line each. The run is as without it.

    The answers are the other backend's own, with their pace, their headers and their streams. What breaks off is not
    written down, since it is not a reply.

    Args:
        backend: what answers.
        path: the file; lines are added to it.
        origin: what the replies are measured on.

    Raises:
        ConfigError: the file cannot be written, or holds replies of something else.
    """

    def __init__(self, backend: Backend, path: Path, origin: Label) -> None:
        self._backend = backend
        self._file = _opened(path, origin)

    async def reply(self, request: Request) -> Answer:
        """The other backend's answer."""
        answer = await self._backend.reply(request)
        if isinstance(answer, Relayed):
            return replace(answer, whole=lambda data: self._write(_of_stream(request, data)))
        self._write(_recording(request, answer))
        return answer

    def forget(self, question: str) -> None:
        """Pass it on."""
        self._backend.forget(question)

    async def close(self) -> None:
        """Close the file and the other backend."""
        self._file.close()
        await self._backend.close()

    def _write(self, recording: _Recording | None) -> None:
        if recording is not None and not self._file.closed:
            self._file.write(msgspec.json.encode(recording) + b"\n")
            self._file.flush()


class Player:
    """Plays a cassette. Equal requests get their recordings in order, and the last of them from then on.

    Args:
        path: the file.

    Attributes:
        digest: SHA-256 of the file, for the label of the results.
        origin: what the replies were recorded from.

    Raises:
        ConfigError: the file cannot be read, does not say what answered, or a line is none that ``Recorder`` writes.
    """

    def __init__(self, path: Path) -> None:
        try:
            data = path.read_bytes()
        except OSError as failure:
            raise ConfigError(f"the recording {path} cannot be read: {failure}") from failure
        self.digest = hashlib.sha256(data).hexdigest()
        self.origin = _head(data, path)
        self._path = path
        self._recordings: dict[str, list[_Recording]] = defaultdict(list)
        self._played: dict[str, int] = defaultdict(int)
        for each in _read(data, path):
            self._recordings[each.request].append(each)

    async def reply(self, request: Request) -> Answer:
        """The recorded reply; status 424 if there is none."""
        digest = digest_of(request.body)
        recorded = self._recordings.get(digest)
        if not recorded:
            return error(
                424,
                f"no reply to this request of {request.model} is recorded in {self._path.name} (request {digest[:16]}); the "
                "system or the text has changed since, so record again",
                kind="missing_recording",
            )
        number = self._played[digest]
        self._played[digest] = number + 1
        return _played(recorded[min(number, len(recorded) - 1)], request)

    def forget(self, question: str) -> None:
        """Nothing is kept for a question."""

    async def close(self) -> None:
        """Nothing is open."""


def digest_of(body: Mapping[str, Any]) -> str:
    """SHA-256 of a request, whatever the order of its fields and the way in which the reply is sent."""
    return hashlib.sha256(msgspec.json.encode(_without_transport(body), order="deterministic")).hexdigest()


def _recording(request: Request, answer: Answer) -> _Recording | None:
    """What is written down; ``None`` for what breaks off, since that is not a reply."""
    digest = digest_of(request.body)
    match answer:
        case ModelReply() | Paced(breaks=False):
            reply = answer.reply if isinstance(answer, Paced) else answer
            body = msgspec.json.encode(reply.completion()).decode()
            return _Recording(request=digest, model=request.model, body=body)
        case Passed():
            text, is_binary = _text(answer.body)
            return _Recording(
                request=digest,
                model=request.model,
                status=answer.status,
                body=text,
                is_binary=is_binary,
                headers=answer.headers,
            )
        case Status():
            return _Recording(
                request=digest,
                model=request.model,
                status=answer.status,
                body=answer.body,
                headers=answer.headers,
            )
        case Fault():
            return None


def _of_stream(request: Request, data: bytes) -> _Recording | None:
    """The whole reply of a stream; ``None`` if it did not end well or holds what cannot be played again."""
    completion = whole_of(data)
    if completion is None:
        return None
    body = msgspec.json.encode(completion).decode()
    return _Recording(request=digest_of(request.body), model=request.model, body=body)


def _played(recording: _Recording, request: Request) -> Answer:
    body = base64.b64decode(recording.body) if recording.is_binary else recording.body.encode()
    if recording.status != 200:
        return Passed(status=recording.status, body=body, headers=recording.headers)
    try:
        completion = msgspec.json.decode(body)
        if request.is_streamed:
            return said_by(request, completion)
        tokens: Tokens | None = tokens_of(completion, prompt_tokens(request))
    except (msgspec.DecodeError, ValueError, AttributeError):
        tokens = None
    return Passed(status=200, body=body, headers=recording.headers, tokens=tokens)


def _read(data: bytes, path: Path) -> Iterator[_Recording]:
    decoder = msgspec.json.Decoder(_Recording)
    for number, line in enumerate(data.splitlines()[1:], start=2):
        try:
            yield decoder.decode(line)
        except msgspec.DecodeError as wrong:
            raise ConfigError(
                f"line {number} of {path} is no recorded reply: {wrong}. Record again"
            ) from wrong


def _head(data: bytes, path: Path) -> Label:
    """What answered.

    Raises:
        ConfigError: the file does not say it.
    """
    try:
        head = msgspec.json.decode(data.partition(b"\n")[0], type=_Head)
    except msgspec.DecodeError as wrong:
        raise ConfigError(
            f"the first line of the recording {path} does not say what answered ({wrong}), so its replies can have no "
            "label. Record again into a new file"
        ) from wrong
    if head.cassette != _FORMAT:
        raise ConfigError(
            f"the recording {path} has format {head.cassette}, and this version of HARLM reads {_FORMAT}. Record again "
            "into a new file"
        )
    return head.origin


def _without_transport(body: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in body.items() if name not in _OF_TRANSPORT}


def _text(body: bytes) -> tuple[str, bool]:
    try:
        return body.decode(), False
    except UnicodeDecodeError:
        return base64.b64encode(body).decode(), True


def _opened(path: Path, origin: Label) -> IO[bytes]:
    try:
        earlier = path.read_bytes() if path.exists() else b""
        if earlier and (was := _head(earlier, path)) != origin:
            raise ConfigError(
                f"the recording {path} holds replies of {was}, and this run asks {origin}; --record into another file"
            )
        file = path.open("ab")
        if not earlier:
            file.write(msgspec.json.encode(_Head(cassette=_FORMAT, origin=origin)) + b"\n")
            file.flush()
        return file
    except OSError as failure:
        raise ConfigError(f"the recording {path} cannot be written: {failure}") from failure
