"""Writes the schema files next to this file, generated from the types."""

from __future__ import annotations

from pathlib import Path

import msgspec

from harlm.schemas import schemas

for _name, _schema in schemas().items():
    _text = msgspec.json.format(msgspec.json.encode(_schema), indent=1)
    (Path(__file__).parent / _name).write_bytes(_text + b"\n")
