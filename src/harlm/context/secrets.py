"""Recognises files that hold secrets, by their names and by their text. Judges one file at a time; decides nothing.

A name counts in any case of letters. Source code and pages about secrets keep their names: ``credentials.md`` is
about them. Text is scanned for what is a secret wherever it stands: private keys, and tokens with a fixed beginning.
"""

from __future__ import annotations

import re
from fnmatch import translate
from posixpath import splitext

_NAMES = """
    *.pem *.key *.p8 *.p12 *.pfx *.jks *.keystore *.kdb *.kdbx *.ppk *.keytab *.ovpn
    .env *.env .env.* .envrc .netrc _netrc .pgpass pgpass.conf .my.cnf .mylogin.cnf .npmrc .pypirc .htpasswd
    .git-credentials *_history *.tfstate *.tfstate.* *.tfvars *.tfvars.json .dockercfg kubeconfig *.kubeconfig .s3cfg
    .boto .databrickscfg .vault-token .vault_pass* vault_pass* .terraformrc terraform.rc
    id_rsa* id_dsa* id_ecdsa* id_ed25519* *credentials* *.credentials credential.* client_secret* service-account*.json
    service_account*.json secret.* secrets.* .secret* .secrets*
""".split()
_PATHS = """
    *.aws/* *.ssh/* *.gnupg/* *.azure/* *.docker/config.json *.kube/config *.config/gcloud/*
""".split()
_NAME = re.compile("|".join(map(translate, _NAMES)))
_PATH = re.compile("|".join(map(translate, _PATHS)))
_OPEN = frozenset(".pub .example .sample .template .dist .tmpl".split())
"""Suffixes of files that are published beside the secret one."""

_ABOUT = frozenset(
    """.md .mdx .rst .adoc .org .html .htm .tex .pdf .docx .py .pyi .pyx .ipynb .js .mjs .cjs .jsx .ts .tsx .vue .svelte
    .c .h .cc .cpp .hpp .cs .java .kt .scala .go .rs .rb .php .pl .lua .swift .m .dart .ex .exs .erl .hs .clj .el .sql
    .proto .graphql .css .scss .tf .nix .cmake""".split()
)
"""Suffixes of source code and of pages, which can be about secrets without holding any."""

_KNOWN_OPEN = frozenset({"known_hosts", "authorized_keys", "config.example"})


def is_secret_name(path: str) -> bool:
    """Whether a file's name says that it holds secrets.

    Args:
        path: the name of the file, with as much of its path as is known, with slashes.
    """
    lower = path.lower()
    name = lower.rpartition("/")[2]
    if _NAME.match(name) is None and ("/." not in f"/{lower}" or _PATH.match(f"/{lower}") is None):
        return False
    suffix = splitext(name)[1]
    return suffix not in _OPEN and suffix not in _ABOUT and name not in _KNOWN_OPEN


_KEY = "PRIVATE KEY-----"
_TOKENS: tuple[tuple[str, str, str], ...] = (
    ("AKIA", r"(?<![A-Za-z0-9])AKIA[A-Z2-7]{16}(?![A-Za-z0-9])", "an AWS access key"),
    ("ghp_", r"(?<![A-Za-z0-9])ghp_[A-Za-z0-9]{36}(?![A-Za-z0-9])", "a GitHub token"),
    ("github_pat_", r"(?<![A-Za-z0-9])github_pat_[A-Za-z0-9_]{40}", "a GitHub token"),
    ("xox", r"(?<![A-Za-z0-9])xox[abeoprs]-[0-9A-Za-z]{6,64}-[0-9A-Za-z-]{8}", "a Slack token"),
    ("sk-", r"(?<![A-Za-z0-9_-])sk-(?:[a-z0-9]{2,12}-){0,3}(?=[A-Za-z_-]{0,24}[0-9])[A-Za-z0-9_-]{24}", "an API key"),
    ("AIza", r"(?<![A-Za-z0-9_-])AIza[A-Za-z0-9_-]{35}(?![A-Za-z0-9_-])", "a Google API key"),
    ("eyJ", r"(?<![A-Za-z0-9_-])eyJ[A-Za-z0-9_-]{10,4000}\.eyJ[A-Za-z0-9_-]{10,4000}\.[A-Za-z0-9_-]{20}", "a signed token (JWT)"),
)  # fmt: skip
_PATTERNS = tuple((start, re.compile(pattern), what) for start, pattern, what in _TOKENS)
_BLOCK = re.compile(r"-----BEGIN (?:[A-Z0-9]{1,12} ){0,3}PRIVATE KEY-----\s{0,4}[A-Za-z0-9+/=:,\s-]{40}")
_LONGEST_BEGIN = 64  # characters from the first dash of a key to the end of its first line


def secret_in(text: str) -> str | None:
    """What secret a text holds, in words; ``None`` if it holds none that is known."""
    if _KEY in text and _holds_key(text):
        return "a private key"
    for start, pattern, what in _PATTERNS:
        if (first := text.find(start)) >= 0 and pattern.search(text, first) is not None:
            return what
    return None


def _holds_key(text: str) -> bool:
    at = text.find(_KEY)
    while at >= 0:
        if _BLOCK.search(text, max(0, at - _LONGEST_BEGIN), at + 256) is not None:
            return True
        at = text.find(_KEY, at + len(_KEY))
    return False
