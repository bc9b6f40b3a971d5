"""Folders that someone else made: settings, links, pipes, and files that hold secrets."""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping
from pathlib import Path

SENDING: Mapping[str, str] = {
    "the root model": '[models]\nroot = "openai/gpt-5"',
    "the sub model": '[models]\nsub = "openai/gpt-5-mini"',
    "the fallback": '[models]\nfallback = "openai/gpt-5"',
    "the economy model": '[models]\neconomy = "openai/gpt-5"',
    "a model without a price": '[models]\nroot = "openrouter/x/y"',
    "a model elsewhere": '[models]\nroot = "openai/x@{url}/v1"',
    "an address": '[models]\nroot = "openai/gpt-5"\nbase_url = "{url}"',
    "an embedder": '[memory]\nembedder = "openai/text-embedding-3-small"',
}
"""Settings of a project that would send its documents somewhere."""

WIDENING: Mapping[str, str] = {
    "memory.max_mb": "1",
    "models.window": "2000000000",
    "models.timeout_s": "1e308",
    "models.patience_s": "1e308",
    "models.retries": "20",
    "memory.cache": "false",
    "memory.namespace": '"other"',
    "tracing.home": '"/tmp/elsewhere"',
    "sandbox.tier": '"s0"',
    "sandbox.allow_unsafe": "true",
    "sandbox.memory_mb": "1000000",
    "budget.usd": "1000.0",
    "budget.seconds": "1e300",
    "models.offline": "false",
    "models.proxy": '"http://127.0.0.1:1"',
    "models.ca_bundle": '"/tmp/ca.pem"',
    "models.api_key": '"sk-other"',
}
"""Settings of a project that would spend, send, delete or widen something."""

UNREADABLE: Mapping[str, bytes] = {
    "nested": b"a = " + b"[" * 100_000,
    "nested tables": b"[" + b"a." * 50_000 + b"a]",
    "dotted": b"a" + b".a" * 50_000 + b" = 1",
    "no text": bytes(range(256)),
    "one long line": b"x = '" + b"y" * 5_000_000,
    "a long number": b"x = " + b"9" * 500_000,
}
"""Settings files that are not to be read."""

SECRET_NAMES = (
    ".env", ".ENV", ".env.local", "prod.env", ".git-credentials", "server.pem", "private.key", "Id_RSA", "id_ed25519", "credentials",
    "credentials.json", ".my.cnf", ".bash_history", ".htpasswd", "_netrc", ".netrc", ".pgpass", "terraform.tfstate", "secrets.yaml",
    "keystore.jks", "cert.p12", "cert.pfx", ".npmrc", ".pypirc",
)  # fmt: skip
"""Names of files that hold secrets."""

SECRET_TEXTS: Mapping[str, str] = {
    "notes.txt": "-----BEGIN OPENSSH PRIVATE KEY-----\nMIIEpAIBAAKCAQEA{mark}\n-----END OPENSSH PRIVATE KEY-----\n",
    "readme.md": "the key:\n-----BEGIN RSA PRIVATE KEY-----\nMIIEpAIBAAKCAQEA{mark}\n-----END RSA PRIVATE KEY-----\n",
}
"""Texts that are secrets, under names that say nothing."""


def mark(number: int) -> str:
    """A text that is looked for in prompts."""
    return f"MARK-{number:016x}"


def with_links(place: Path, outside: Path) -> Path:
    """A folder with links, pipes, sockets and circles; ``outside`` is a file that it must not lead to."""
    place.mkdir()
    (place / "honest.txt").write_text("The zebra sits here.", encoding="utf-8")
    (place / "link.txt").symlink_to(outside)
    (place / "folder").symlink_to(outside.parent, target_is_directory=True)
    (place / "circle").symlink_to(place, target_is_directory=True)
    (place / "itself.txt").symlink_to("itself.txt")
    (place / "broken.txt").symlink_to("nowhere")
    (place / "zero.txt").symlink_to("/dev/zero")
    (place / "random.txt").symlink_to("/dev/urandom")
    (place / "memory.txt").symlink_to("/proc/self/environ")
    os.mkfifo(place / "pipe.txt")
    os.mkfifo(place / ".gitignore")
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(place / "socket.txt"))
    deep = place
    for _ in range(80):
        deep = deep / "d"
        deep.mkdir()
    (deep / "deep.txt").write_text("deep", encoding="utf-8")
    (place / os.fsdecode(b"no\xfftext.txt")).write_text("a name that is not text", encoding="utf-8")
    (place / "new\nline \x1b[2Jname.txt").write_text("a name of control characters", encoding="utf-8")
    return place
