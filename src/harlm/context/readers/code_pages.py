"""The numbers by which Windows names an encoding, and the label of each. Others are not known, so that letters decide."""

from __future__ import annotations

from collections.abc import Mapping

_LABELS: Mapping[int, str] = {
    932: "shift_jis", 936: "gbk", 949: "euc-kr", 950: "big5", 874: "windows-874", 1200: "utf-16le", 1201: "utf-16be",
    10000: "macintosh", 20127: "us-ascii", 20866: "koi8-r", 20932: "euc-jp", 20936: "gbk", 21866: "koi8-u", 38598: "iso-8859-8",
    50220: "iso-2022-jp", 50221: "iso-2022-jp", 50222: "iso-2022-jp", 50225: "iso-2022-kr", 51932: "euc-jp", 51936: "gbk",
    51949: "euc-kr", 52936: "hz-gb-2312", 54936: "gb18030", 65000: "utf-7", 65001: "utf-8",
    **{page: f"cp{page}" for page in (437, 775, 850, 852, 855, 857, 858, 860, 861, 862, 863, 864, 865, 866, 869)},
    **{page: f"windows-{page}" for page in range(1250, 1259)},
    **{28590 + part: f"iso-8859-{part}" for part in (1, 2, 3, 4, 5, 6, 7, 8, 9, 13, 15)},
}  # fmt: skip


def label_of(page: int | None) -> str | None:
    """The label of a code page, as ``decode_labelled`` takes it; ``None`` for an unknown one."""
    return None if page is None else _LABELS.get(page)
