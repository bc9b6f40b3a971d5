from __future__ import annotations

import re
from typing import Any

import pytest

from harlm.errors import ConfigError
from harlm.tools.mcp.servers import McpServer, servers_of


def server(given: Any) -> McpServer:
    return servers_of([given])[0]


@pytest.mark.parametrize(
    ("given", "command", "label", "name"),
    [
        ("python server.py", ("python", "server.py"), "python server.py", "server"),
        (
            "python /a/b/server.py --key hidden",
            ("python", "/a/b/server.py", "--key", "hidden"),
            "python server.py",
            "server",
        ),
        (
            "npx -y @scope/server-github",
            ("npx", "-y", "@scope/server-github"),
            "npx -y @scope/server-github",
            "server_github",
        ),
        (
            "python3.12 -m my_server token",
            ("python3.12", "-m", "my_server", "token"),
            "python3.12 -m my_server",
            "my_server",
        ),
        ("/opt/bin/books hidden-token", ("/opt/bin/books", "hidden-token"), "books", "books"),
        ("server --token hidden", ("server", "--token", "hidden"), "server", "server"),
        ("'my server.sh' 'a b'", ("my server.sh", "a b"), "my server.sh", "my_server"),
        ({"command": ["books", "x"]}, ("books", "x"), "books", "books"),
        ({"command": "books"}, ("books",), "books", "books"),
        ({"command": ["python"]}, ("python",), "python", "python"),
    ],
)
def test_a_command_is_split_and_named_by_what_it_runs_without_what_follows(
    given: Any, command: tuple[str, ...], label: str, name: str
) -> None:
    made = server(given)
    assert (made.command, made.label, made.name, made.url) == (command, label, name, "")
    assert made.is_here


@pytest.mark.parametrize(
    ("given", "label", "name", "is_here"),
    [
        ("https://mcp.example.com/mcp", "https://mcp.example.com/mcp", "mcp_example_com", False),
        ("http://127.0.0.1:80/mcp", "http://127.0.0.1:80/mcp", "tool_127_0_0_1", True),
        ("HTTP://localhost/x", "http://localhost/x", "localhost", True),
        ("https://me:hidden-1@h.example/m?key=hidden-2#x", "https://h.example/m", "h_example", False),
        ({"url": "http://[::1]:9/m"}, "http://[::1]:9/m", "tool_1", True),
        ("https://h.example/v1/s/hidden0123456789/mcp", "https://h.example/v1/s/…/mcp", "h_example", False),
    ],
)
def test_an_address_is_shown_without_its_secrets(given: Any, label: str, name: str, is_here: bool) -> None:
    made = server(given)
    assert (made.label, made.name, made.is_here) == (label, name, is_here)
    assert made.url == (given if isinstance(given, str) else given["url"])
    assert "hidden" not in repr(made)


def test_everything_can_be_said_of_a_server() -> None:
    def gate(call: object) -> bool:
        return True

    made = server(
        {
            "command": ["books"],
            "env": {"TOKEN": "hidden-token-1"},
            "cwd": "/tmp",
            "name": "My books",
            "allow": ["find", "read"],
            "pure": ["find"],
            "gate": gate,
            "timeout": 30,
        }
    )
    assert (made.name, made.allow, made.pure) == ("My_books", ("find", "read"), ("find",))
    assert (made.env, made.cwd, made.gate, made.timeout_s) == (
        {"TOKEN": "hidden-token-1"},
        "/tmp",
        gate,
        30.0,
    )
    assert made.secrets == ("hidden-token-1",)
    assert "hidden" not in repr(made)
    assert server(made) is made


def test_secrets_of_commands_are_known() -> None:
    made = server("server --api-key hidden-1 --token=hidden-2 --mode fast -pass hidden-3")
    assert set(made.secrets) == {"hidden-1", "hidden-2", "hidden-3"}


def test_secrets_of_headers_and_addresses_are_known() -> None:
    made = server(
        {"url": "https://me:pass-word-1@h.example/m?a=query-2", "headers": {"Authorization": "Bearer tok-3"}}
    )
    assert set(made.secrets) == {"Bearer tok-3", "tok-3", "pass-word-1", "query-2"}


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (3, "given by a int"),
        ("", "is empty or no list of words"),
        ("'unclosed", "cannot be split"),
        ({}, "either 'url' or 'command'"),
        ({"url": "http://x", "command": "y"}, "either 'url' or 'command'"),
        ({"command": "x", "typo": 1}, "has no 'typo'; there are url, headers, command"),
        ({"command": []}, "is empty"),
        ({"command": ["a\0b"]}, "is empty or no list"),
        ({"url": "ftp://user:hidden@x/y?hidden"}, "'x/y' is not the address of an MCP server"),
        ({"url": "http://"}, "is not the address"),
        ({"url": "http://x:99999999/"}, "is not the address"),
        ({"url": "http://a b/"}, "is not the address"),
        ({"url": "http://x", "env": {}}, "'env', which belongs to a server with 'command'"),
        ({"command": "x", "headers": {}}, "'headers', which belongs to a server with 'url'"),
        ({"command": "x", "env": {"A": 1}}, "env of the MCP server x: 'A' must be a text"),
        ({"command": "x", "env": [1]}, "env of the MCP server x is of type list"),
        ({"command": "x", "allow": "find"}, "allow of the MCP server x is of type str"),
        ({"command": "x", "pure": [1]}, "pure of the MCP server x holds something else"),
        ({"command": "x", "timeout": 0}, "timeout of the MCP server x"),
        ({"command": "x", "gate": 1}, "gate of the MCP server x is not callable"),
    ],
)
def test_what_is_no_server_is_refused(given: Any, words: str) -> None:
    with pytest.raises(ConfigError, match=re.escape(words)) as raised:
        server(given)
    assert "hidden" not in str(raised.value)


@pytest.mark.parametrize("given", ["python server.py", {"url": "http://x"}, 3, b"x"])
def test_servers_come_in_a_list(given: Any) -> None:
    with pytest.raises(ConfigError, match="pass a list of addresses and commands"):
        servers_of(given)


def test_there_are_not_too_many_servers() -> None:
    with pytest.raises(ConfigError, match="names 51 servers"):
        servers_of(["x"] * 51)
