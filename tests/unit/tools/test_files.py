from __future__ import annotations

import sys
from pathlib import Path

import pytest

from harlm.errors import ConfigError
from harlm.tools.files import tools_in_file, tools_in_files

TWO = '''
import dataclasses
import harlm

@dataclasses.dataclass
class City:
    name: str

@harlm.tool(pure=True)
def population(city: City) -> int:
    """People."""
    return len(city.name)

@harlm.tool
def note(text: str) -> None: ...

again = note

def no_tool() -> None: ...
'''


def written(text: str, name: str = "my tools.py") -> Path:
    path = Path(name)
    path.write_text(text, encoding="utf-8")
    return path


async def test_every_tool_of_a_file_is_taken_once() -> None:
    tools = tools_in_file(written(TWO))
    assert [each.shape.name for each in tools] == ["population", "note"]
    assert await tools[0].call({"city": {"name": "Rome"}}) == 4


def test_without_tools_the_list_is_taken_which_may_hold_plain_functions() -> None:
    tools = tools_in_file(written("def f(x): return x\ndef g(): ...\nTOOLS = [f, g]"))
    assert [each.shape.name for each in tools] == ["f", "g"]


def test_a_file_may_import_its_neighbours_and_nothing_is_left_on_the_path_or_beside_it() -> None:
    folder = Path("folder")
    folder.mkdir()
    (folder / "neighbour_of_tools.py").write_text("def f(): ...\n", encoding="utf-8")
    before = list(sys.path)
    tools = tools_in_file(written("from neighbour_of_tools import f\nTOOLS = [f]", "folder/tools.py"))
    assert [each.shape.name for each in tools] == ["f"]
    assert sys.path == before
    assert not (folder / "tools.pyc").exists()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("x = 1\n", r"'t.py' holds no tools: put @harlm.tool before functions"),
        ("def f(:\n", r"'t.py', line 1: SyntaxError"),
        ("x = 1\n\nraise ValueError('no disk')\n", r"'t.py', line 3: ValueError: no disk"),
        ("def f():\n    1 / 0\n\nf()\n", r"'t.py', line 2: ZeroDivisionError"),
        ("import nowhere_at_all\n", r"'t.py', line 1: ModuleNotFoundError"),
        ("import sys\nsys.exit(3)\n", r"'t.py', line 2: SystemExit: 3"),
        ("import harlm\n@harlm.tool\ndef len(): ...\n", r"'t.py', line 2: the name 'len' is taken"),
        ("TOOLS = 3\n", r"'t.py', TOOLS: tools is of type int"),
        ("TOOLS = [3]\n", r"'t.py', TOOLS: the tool 3 is not callable"),
        ("x = '\0'\n", r"'t.py'.*null bytes"),
    ],
)
def test_what_is_wrong_is_said_with_file_and_line(text: str, words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        tools_in_file(written(text, "t.py"))


def test_a_file_that_cannot_be_read_is_named() -> None:
    with pytest.raises(ConfigError, match=r"the tools 'nowhere.py' cannot be read \(No such file"):
        tools_in_file(Path("nowhere.py"))
    with pytest.raises(ConfigError, match="cannot be read"):
        tools_in_file(Path())


def test_tools_of_two_files_have_different_names() -> None:
    first, second = written("def f(): ...\nTOOLS = [f]", "a.py"), written("def f(): ...\nTOOLS = [f]", "b.py")
    with pytest.raises(ConfigError, match="two tools have the name 'f'"):
        tools_in_files([first, second])
    assert tools_in_files([]) == []


def test_an_interruption_is_not_an_error_of_the_file() -> None:
    with pytest.raises(KeyboardInterrupt):
        tools_in_file(written("raise KeyboardInterrupt"))
