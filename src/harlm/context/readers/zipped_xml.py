"""What the readers of Office files, OpenDocument and EPUB share: members of a zip with limits, and XML that is parsed as it
comes.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Mapping
from typing import Self
from xml.parsers import expat

from harlm.context.readers.archive import SizeMeter, refuse_many_entries
from harlm.errors import ContextError

ADVICE = "save the part you need as a text or CSV file"


class ZipPackage:
    """A zip that is one document, opened for reading, with a limit on the bytes that it unpacks to.

    Args:
        data: the file.
        refusal: the message for a file that is not a zip.

    Raises:
        ContextError: it is not a zip, or has too many members.
    """

    def __init__(self, data: bytes, refusal: str) -> None:
        self._meter = SizeMeter(len(data), advice=ADVICE)
        refuse_many_entries(data, ADVICE)
        try:
            self._zip = zipfile.ZipFile(io.BytesIO(data))
        except zipfile.BadZipFile as error:
            raise ContextError(refusal) from error

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._zip.close()

    def member(self, name: str) -> bytes:
        """The bytes of a member.

        Raises:
            KeyError: there is none of this name.
            ContextError: it unpacks to too many bytes.
        """
        info = self._zip.getinfo(name)
        self._meter.allow(info.file_size)
        with self._zip.open(info) as stream:
            return self._meter.read(stream)


def parse_xml(
    source: bytes,
    start: Callable[[str, Mapping[str, str]], None],
    end: Callable[[str], None] = lambda _: None,
    text: Callable[[str], None] = lambda _: None,
) -> None:
    """Parse XML without keeping it.

    Args:
        source: the XML.
        start, end: are called with the name of each element, without the address of its namespace; ``start`` also with its
            attributes, named likewise.
        text: is called with each piece of text.

    Raises:
        ContextError: it declares a document type, by which entities could grow without bound.
        ExpatError: it is not XML.
    """
    parser = expat.ParserCreate(namespace_separator="\n")
    parser.buffer_text = True

    def refuse(*_: object) -> None:
        raise ContextError("declares XML entities, which no office program does; save it again in one")

    parser.StartDoctypeDeclHandler = refuse
    parser.StartElementHandler = lambda name, attributes: start(
        _local(name), {_local(key): value for key, value in attributes.items()}
    )
    parser.EndElementHandler = lambda name: end(_local(name))
    parser.CharacterDataHandler = text
    parser.Parse(source, True)


def _local(name: str) -> str:
    return name.rpartition("\n")[2]
