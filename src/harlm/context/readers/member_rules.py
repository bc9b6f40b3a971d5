"""What the members of an archive are left out for: the same as the files of a folder. Does not unpack anything."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

from harlm.context.ignore import (
    BY_FILE,
    GIT_FILE,
    OWN_FILE,
    SKIPPED_FOLDERS,
    IgnoreRules,
    Layer,
    PatternTally,
    lenient_spec,
    rule_lines,
)
from harlm.types import Skipped

LONGEST_RULES = 256 << 10  # bytes of an ignore file
_MOST_REMEMBERED = 50_000  # folders whose verdict is kept; a hostile archive can have millions
_VIRTUAL = "pyvenv.cfg"
_MACOS = "__MACOSX"


def is_rule_file(member: str) -> bool:
    """Whether a member says which others are left out."""
    return member.rpartition("/")[2] in (GIT_FILE, OWN_FILE)


class MemberRules:
    """The rules for the members of one archive.

    Args:
        archive: the name of the archive.
        names: the names of all members, without that of the archive.
        rule_files: the names of its ignore files, with at most ``LONGEST_RULES`` bytes and one more of each.
    """

    def __init__(self, archive: str, names: Iterable[str], rule_files: Mapping[str, bytes]) -> None:
        self._archive = archive
        self._virtual = {name.rpartition("/")[0] for name in names if name.rpartition("/")[2] == _VIRTUAL}
        self._tally = PatternTally()
        self._rules = IgnoreRules("", tuple(self._layers(rule_files)))
        self._folders: dict[str, str | None] = {"": None}
        self._reasons: dict[str, str] = {}
        self._counts: Counter[str] = Counter()

    def _layers(self, rule_files: Mapping[str, bytes]) -> Iterator[Layer]:
        for member in sorted(rule_files, key=lambda each: (each.count("/"), each)):
            data, folder = rule_files[member], member.rpartition("/")[0]
            lines = rule_lines(data[:LONGEST_RULES])
            shown = f"{self._archive}/{member}"
            spec = lenient_spec(self._tally.admitted(lines, shown, is_cut=len(data) > LONGEST_RULES))
            if spec is not None:
                yield Layer(f"{folder}/" if folder else "", spec)

    def is_left_out(self, member: str) -> str | None:
        """Why a member is left out; ``None`` if it is not, and ``""`` if its folder is, which ``left_out`` reports."""
        folder, _, name = member.rpartition("/")
        if (outer := self._left_out_folder(folder)) is not None:
            self._counts[outer] += 1
            return ""
        if name in SKIPPED_FOLDERS:
            return SKIPPED_FOLDERS[name]
        return BY_FILE if self._rules.ignoring(member) is not None else None

    def left_out(self) -> Iterator[Skipped]:
        """The folders that were left out, each with the number of its files, and rules that are not applied."""
        for folder, count in self._counts.items():
            files = "1 file" if count == 1 else f"{count:,} files"
            yield Skipped(name=f"{self._archive}/{folder}/", reason=f"{self._reasons[folder]} ({files})")
        yield from self._tally.odd

    def _left_out_folder(self, folder: str) -> str | None:
        """The outermost folder on the way to a member that is left out."""
        if folder in self._folders:
            return self._folders[folder]
        path, outer = "", None
        for part in folder.split("/"):
            path = f"{path}/{part}" if path else part
            if path in self._folders:
                outer = self._folders[path]
                continue
            if outer is None and (reason := self._folder_reason(path, part)) is not None:
                outer, self._reasons[path] = path, reason
            if len(self._folders) < _MOST_REMEMBERED:
                self._folders[path] = outer
        return outer

    def _folder_reason(self, path: str, name: str) -> str | None:
        if name == _MACOS:
            return "what macOS adds to archives"
        if reason := SKIPPED_FOLDERS.get(name):
            return reason
        if path in self._virtual:
            return "a virtual environment"
        return BY_FILE if self._rules.ignoring(f"{path}/") is not None else None
