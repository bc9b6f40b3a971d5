"""Packages of others, as they lie in a folder of installed packages, with entry points."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from harlm import extensions


def install(
    folder: Path,
    package: str,
    code: str,
    points: Mapping[str, Mapping[str, str]] | None = None,
    **routers: str,
) -> None:
    """Put a package of one module into a folder.

    Args:
        folder: of installed packages.
        package: its name, and that of its module.
        code: of the module.
        points: the names in the module by the names of entry points, by kind (``models``).
        routers: the same for the kind ``routers``.
    """
    (folder / f"{package}.py").write_text(code, encoding="utf-8")
    info = folder / f"{package}-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(
        f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.0\n", encoding="utf-8"
    )
    groups = {**(points or {}), **({"routers": routers} if routers else {})}
    lines = [
        line
        for kind, named in groups.items()
        for line in (f"[harlm.{kind}]", *(f"{name} = {package}:{value}" for name, value in named.items()))
    ]
    (info / "entry_points.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder of installed packages, which this process knows."""
    monkeypatch.syspath_prepend(tmp_path)
    extensions.entries.cache_clear()
    yield tmp_path
    extensions.entries.cache_clear()
