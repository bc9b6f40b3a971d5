"""Any file is read in bounded time, or refused with one clear error."""

from __future__ import annotations

import contextlib
import os
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harlm.config.tables import read_table, table_of
from harlm.errors import ConfigError

_PARTS = "a." * 100_000


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"a = " + b"[" * 100_000, "is nested too deep"),
        (b"a = " + b"{a=" * 60_000, "is nested too deep"),
        (b"\x7fELF\0\0\xff\xfe", "is not UTF-8 text"),
        (b"\xff\xfea\0=\0", "is not UTF-8 text"),
        (b"a = 1\0", "is not valid TOML"),
        (b"a = " + b"9" * 5_000, "is not valid TOML"),
        (b"a = 1\na = 2", "is not valid TOML"),
        (b"[a]\n[a]", "is not valid TOML"),
        (b"a = 2020-13-45", "is not valid TOML"),
        (f"{_PARTS}b = 1".encode(), "has a key of more than 32 parts"),
        (f"[{_PARTS}b]".encode(), "has a key of more than 32 parts"),
        (f"[ {'a . ' * 50}b]".encode(), "has a key of more than 32 parts"),
        (f"""[{'"," . ' * 50}b]""".encode(), "has a key of more than 32 parts"),
        (f"""x = {{y = '''\n' ''', {"a." * 50}b = 'z'}}""".encode(), "has a key of more than 32 parts"),
        (f'''x = """\\""" ' """\n{"a." * 50}b = "'"'''.encode(), "has a key of more than 32 parts"),
    ],
)
def test_what_cannot_be_used_is_one_clear_error(data: bytes, said: str) -> None:
    with pytest.raises(ConfigError) as caught:
        table_of(data[: 256 << 10], Path("here.toml"))
    assert str(caught.value).startswith(f"here.toml {said}")
    assert str(caught.value).endswith("Fix or remove the file.")


@pytest.mark.parametrize(
    "text",
    [
        f'a = "{"." * 500}"',
        f"a = '{'x.' * 500}'",
        f"a = '''\n{'x.' * 500}'''",
        f'a = """\n{"x." * 500}"""',
        f"a = 1 # {'.' * 500}",
        f"a = {[1.5] * 500}",
        f"a = {['*.lock'] * 500}",
        f"{'a.' * 31}a = 1",
        f"a = 1{'e'}5\nb = 1979-05-27T07:32:00Z",
    ],
)
def test_dots_that_are_not_between_keys_are_not_counted(text: str) -> None:
    assert table_of(text.encode(), Path("here.toml"))


@given(st.text("a.\"'\\\n#=[]{}, 1", max_size=80) | st.text(max_size=40) | st.binary(max_size=60))
def test_any_content_is_a_table_or_an_error(content: str | bytes) -> None:
    data = content if isinstance(content, bytes) else content.encode("utf-8", "surrogatepass")
    with contextlib.suppress(ConfigError):
        assert isinstance(table_of(data, Path("here.toml")), dict)


@pytest.mark.parametrize(
    "text",
    [
        "\n".join(f"k{at:x} = 1" for at in range(26_000)),
        f"[{'a.' * 31}a]\n" + "\n".join(f"k{at:x} = 1" for at in range(26_000)),
        'a = """' + '"\\"' * 87_000,
        "'" * 262_000,
        "a = '''" + "x'" * 130_000,
        "\\" * 262_000,
        "a." * 131_000,
        "#" * 262_000,
    ],
    ids=["keys", "deep keys", "quotes", "apostrophes", "literal", "backslashes", "dots", "comment"],
)
def test_the_worst_file_of_the_largest_size_is_read_in_seconds(text: str) -> None:
    started = time.process_time()
    with contextlib.suppress(ConfigError):
        table_of(text.encode()[: 256 << 10], Path("here.toml"))
    assert time.process_time() - started < 4


def test_a_file_of_any_size_is_refused_before_it_is_read(tmp_path: Path) -> None:
    file = tmp_path / "large.toml"
    with file.open("wb") as opened:
        opened.truncate(100 << 30)  # a hole: no disk is used
    with pytest.raises(ConfigError, match="is larger than 256 kB"):
        read_table(file, may_be_link=False)


@pytest.mark.parametrize("may_be_link", [True, False])
@pytest.mark.parametrize("kind", ["pipe", "folder", "device", "socket"])
def test_what_is_no_file_is_an_error_at_once(tmp_path: Path, kind: str, may_be_link: bool) -> None:
    file = tmp_path / "odd.toml"
    match kind:
        case "pipe":
            os.mkfifo(file)
        case "folder":
            file.mkdir()
        case "device":
            file = Path("/dev/zero")
        case "socket":
            import socket

            with socket.socket(socket.AF_UNIX) as made:
                made.bind(str(file))
    with pytest.raises(ConfigError, match=r"is not a regular file|cannot be read"):
        read_table(file, may_be_link=may_be_link)


def test_a_link_is_followed_only_where_it_may_be(tmp_path: Path) -> None:
    (tmp_path / "real.toml").write_text("a = 1")
    link = tmp_path / "link.toml"
    link.symlink_to("real.toml")
    assert read_table(link, may_be_link=True) == {"a": 1}
    with pytest.raises(ConfigError, match=r"link\.toml is a symbolic link, which is not followed here"):
        read_table(link, may_be_link=False)


def test_a_link_to_itself_is_an_error(tmp_path: Path) -> None:
    link = tmp_path / "link.toml"
    link.symlink_to("link.toml")
    with pytest.raises(ConfigError, match="cannot be read"):
        read_table(link, may_be_link=True)


@pytest.mark.parametrize("path", ["missing.toml", "file/below.toml"])
def test_a_file_that_does_not_exist_is_none(tmp_path: Path, path: str) -> None:
    (tmp_path / "file").touch()
    assert read_table(tmp_path / path, may_be_link=False) is None
