"""Recognises files that hold secrets, by their names and by their text. Judges one file at a time; decides nothing.

A name counts in any case of letters. Source code and pages about secrets keep their names: ``credentials.md`` is
about them. Text is scanned for what is a secret wherever it stands: private keys, and tokens with a fixed beginning.
"""

from __future__ import annotations

from fnmatch import translate
from posixpath import splitext

from harlm.patterns import lazy_pattern

_NAMES = """
    *.pem *.key *.p8 *.p12 *.pfx *.jks *.keystore *.kdb *.kdbx *.ppk *.keytab *.ovpn
    .env *.env .env.* .envrc .netrc _netrc .pgpass pgpass.conf .my.cnf .mylogin.cnf .npmrc .pypirc .htpasswd
    .git-credentials .*_history psql_history mysql_history sqlite_history bash_history zsh_history *.tfstate *.tfstate.* *.tfvars *.tfvars.json .dockercfg kubeconfig *.kubeconfig .s3cfg
    .boto .databrickscfg .vault-token .vault_pass* vault_pass* .terraformrc terraform.rc
    id_rsa* id_dsa* id_ecdsa* id_ed25519* *credentials* *.credentials credential.* client_secret* service-account*.json
    service_account*.json secret.* secrets.* .secret* .secrets*
""".split()
_PATHS = """
    *.aws/* *.ssh/* *.gnupg/* *.azure/* *.docker/config.json *.kube/config *.config/gcloud/*
""".split()
_NAME = lazy_pattern("|".join(map(translate, _NAMES)))
_PATH = lazy_pattern("|".join(map(translate, _PATHS)))
_OPEN = frozenset(".pub .example .sample .template .dist .tmpl".split())
"""Suffixes of files that are published beside the secret one."""

_ABOUT = frozenset(
    """.md .mdx .rst .adoc .org .html .htm .tex .pdf .docx .py .pyi .pyx .ipynb .js .mjs .cjs .jsx .ts .tsx .vue .svelte
    .c .h .cc .cpp .hpp .cs .java .kt .scala .go .rs .rb .php .pl .lua .swift .m .dart .ex .exs .erl .hs .clj .el .sql
    .proto .graphql .css .scss .tf .nix .cmake""".split()
)
"""Suffixes of source code and of pages, which can be about secrets without holding any."""

_KEY_NAME = lazy_pattern(r"id_(?:rsa|dsa|ecdsa|ed25519)")
_READABLE = frozenset(
    ".sh .bash .zsh .ps1 .bat .yml .yaml .json .toml .ini .cfg .conf .csv .log .xml .txt".split()
)
"""Suffixes of text beside a key: a script that loads it, notes about it. If such a file holds the key, its text says so."""

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
    if suffix in _READABLE and _KEY_NAME.match(name) is not None:
        return False
    return suffix not in _OPEN and suffix not in _ABOUT and name not in _KNOWN_OPEN


_KEY = b"PRIVATE KEY"
_BREAK = rb"(?:\\[rn]|\s){0,40}+"  # a line that ends, also as JSON and YAML write it
_KEY_BLOCK = lazy_pattern(
    rb"-{4,5}+ ?BEGIN (?:[A-Z0-9]{1,12} ){0,3}PRIVATE KEY(?: BLOCK)? ?-{4,5}+"
    + _BREAK
    + rb"(?:[^\n]{0,80}\n){0,3}"
    + _BREAK
    + rb"[A-Za-z0-9+/=]{16}"
)
_MOST_CANDIDATES = 10_000  # looked at in one text; a text with more is made to cost time
_LONGEST_BEGIN = 64  # bytes from the first dash of a key to the end of its first line
_PUTTY = b"PuTTY-User-Key-File-"
_LONGEST_HEAD = 400  # bytes from there to its first characters

_RUN = b"a" * 16
"""Letters and digits without a break. Every token has as many, and ordinary text hardly ever."""

_RUNS = bytes(97 if chr(byte).isalnum() and byte < 128 else 32 for byte in range(256))
_BEFORE, _AFTER = 48, 4  # bytes around the beginning of a run in which its token begins
_BEGINS = lazy_pattern(rb"AKIA|gh[pousr]_|github_pat_|glpat-|xox[abeoprs]-|sk-|eyJ")
_JOINS, _FIRST = (b"_", b"-"), (b"AKI", b"eyJ")
_GOOGLE_KEY = b"AIzaSy"
_GOOGLE = lazy_pattern(rb"(?<![A-Za-z0-9_-])AIzaSy[A-Za-z0-9_-]{33}(?![A-Za-z0-9_-])")
_TOKENS: tuple[tuple[bytes, str], ...] = (
    (rb"AKIA[A-Z2-7]{16}(?![A-Za-z0-9])", "an AWS access key"),
    (rb"gh[pousr]_[A-Za-z0-9]{36}(?![A-Za-z0-9])", "a GitHub token"),
    (rb"github_pat_[A-Za-z0-9_]{40}", "a GitHub token"),
    (rb"glpat-[A-Za-z0-9_-]{20}", "a GitLab token"),
    (rb"xox[abeoprs]-[0-9A-Za-z]{6,64}-[0-9A-Za-z-]{8}", "a Slack token"),
    (rb"sk-(?=[A-Za-z_-]{0,32}[0-9])[A-Za-z0-9_-]{24}", "an API key"),
    (rb"eyJ[A-Za-z0-9_-]{10,4000}\.eyJ[A-Za-z0-9_-]{10,4000}\.[A-Za-z0-9_-]{20}", "a signed token (JWT)"),
)
_PATTERNS = tuple((lazy_pattern(rb"(?<![A-Za-z0-9_-])" + pattern), what) for pattern, what in _TOKENS)


def secret_in(text: str) -> str | None:
    """What secret a text holds, in words; ``None`` if it holds none that is known.

    Takes about three milliseconds for each megabyte of ordinary text.
    """
    data = text.encode("utf-8", "replace")
    if _holds_key(data):
        return "a private key"
    if (first := data.find(_GOOGLE_KEY)) >= 0 and _GOOGLE.search(data, first) is not None:
        return "a Google API key"
    runs = data.translate(_RUNS)
    at = runs.find(_RUN)
    looked = 0
    while at >= 0 and looked < _MOST_CANDIDATES:
        if data[at - 1 : at] in _JOINS or data[at : at + 3] in _FIRST:
            looked += 1
            if (what := _token_at(data, at)) is not None:
                return what
        if (end := runs.find(b" ", at + len(_RUN))) < 0:
            return None
        at = runs.find(_RUN, end)
    return None


def _token_at(data: bytes, at: int) -> str | None:
    """The token that a run of letters and digits at ``at`` belongs to."""
    for begin in _BEGINS.finditer(data, max(0, at - _BEFORE), at + _AFTER):
        for pattern, what in _PATTERNS:
            if pattern.match(data, begin.start()) is not None:
                return what
    return None


def _holds_key(data: bytes) -> bool:
    if data.startswith(_PUTTY) and b"\nPrivate-Lines:" in data:
        return True
    at = data.find(_KEY)
    for _ in range(_MOST_CANDIDATES):
        if at < 0:
            break
        start = max(0, at - _LONGEST_BEGIN)
        if _KEY_BLOCK.search(data, start, at + len(_KEY) + _LONGEST_HEAD) is not None:
            return True
        at = data.find(_KEY, at + len(_KEY))
    return False
