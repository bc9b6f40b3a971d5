from __future__ import annotations

import base64
import json
import random
import string
import time
from collections.abc import Callable

import pytest

from harlm.context.secrets import is_secret_name, secret_in

SECRET = """
    server.pem private.key KEY.P12 cert.pfx store.jks vault.kdbx putty.ppk me.ovpn
    .env .ENV prod.env .env.local .Env.production .envrc .netrc _netrc _NETRC .pgpass .my.cnf .npmrc .pypirc .htpasswd
    .git-credentials .bash_history .zsh_history .python_history psql_history terraform.tfstate terraform.tfstate.backup
    prod.tfvars prod.tfvars.json .dockercfg kubeconfig prod.kubeconfig .s3cfg .boto
    id_rsa Id_RSA id_rsa.old id_ed25519 id_ecdsa id_rsa_backup credentials Credentials aws_credentials.csv
    credentials.json my-credentials.txt client_secret_1.json service-account-prod.json secrets.yml secrets.toml secret.json
    .aws/config .aws/credentials home/.ssh/config .ssh/deploy .docker/config.json .kube/config .gnupg/secring.x
    x/.config/gcloud/access_tokens.db .node_repl_history id_ed25519.bak id_rsa-work
""".split()
HONEST = """
    keys.py credentials.md credentials.py environment.md environment.yml env.py secrets.py secrets.rs secrets.md README.md
    id_rsa_loader.py id_rsa.pub id_ed25519.pub .env.example .env.sample .env.template config.json docker/config.json
    kube/config keyboard.txt monkey.txt history.txt order_history.csv passwords.md tokenizer.json key.txt pem.txt
    secretary.txt aws/config ssh.md test_credentials.ts .ssh/known_hosts .ssh/id_rsa.pub environment prod.tfvars.example
    kubeconfig.md netrc.txt history.md envoy.yaml a.key.md id_rsa_loader.sh id_ed25519_notes.txt id_rsa_rotation.yaml
    id_ecdsa_test.go id_dsa.pub id_ed25519_sk.pub medical_history order_history credentials.rst secrets.html
""".split()


@pytest.mark.parametrize("name", SECRET)
def test_names_that_say_secret(name: str) -> None:
    assert is_secret_name(name)
    assert is_secret_name(f"deep/er/{name}")


@pytest.mark.parametrize("name", HONEST)
def test_names_of_honest_files(name: str) -> None:
    assert not is_secret_name(name)
    assert not is_secret_name(f"deep/er/{name}")


def _of(letters: str, count: int, rng: random.Random) -> str:
    return "".join(rng.choice(letters) for _ in range(count))


BASE62 = string.ascii_letters + string.digits
URL64 = BASE62 + "-_"


def _jwt(rng: random.Random) -> str:
    def part(value: object) -> str:
        return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")

    return (
        f"{part({'alg': 'HS256', 'typ': 'JWT'})}.{part({'sub': _of(BASE62, 9, rng)})}.{_of(URL64, 43, rng)}"
    )


def _key(kind: str, rng: random.Random) -> str:
    body = "\n".join(_of(BASE62 + "+/", 64, rng) for _ in range(8))
    return f"-----BEGIN {kind}PRIVATE KEY-----\n{body}\n-----END {kind}PRIVATE KEY-----\n"


TOKENS: dict[str, Callable[[random.Random], str]] = {
    "an AWS access key": lambda rng: "AKIA" + _of(string.ascii_uppercase + "234567", 16, rng),
    "a GitHub token": lambda rng: rng.choice(["ghp_", "gho_", "ghs_"]) + _of(BASE62, 36, rng),
    "a Slack token": lambda rng: (
        f"xox{rng.choice('abp')}-{_of(string.digits, 12, rng)}-{_of(BASE62, 24, rng)}"
    ),
    "an API key": lambda rng: rng.choice(["sk-", "sk-proj-", "sk-ant-api03-"]) + _of(BASE62, 48, rng),
    "a Google API key": lambda rng: "AIzaSy" + _of(URL64, 33, rng),
    "a signed token (JWT)": _jwt,
    "a private key": lambda rng: _key(rng.choice(["", "RSA ", "EC ", "OPENSSH ", "ENCRYPTED "]), rng),
}


@pytest.mark.parametrize("what", TOKENS)
def test_text_that_holds_a_secret(what: str) -> None:
    rng = random.Random(1)
    for number in range(60):
        token = TOKENS[what](rng)
        text = rng.choice(
            ["{}", "key = '{}'\n", '{{"k": "{}"}}', "grün {}", "KEY={}\nx", "a\n" * 1000 + "{}\nb"]
        ).format(token)
        assert secret_in(text) == what, (number, text[-200:])


def test_a_fine_grained_github_token_is_one() -> None:
    assert secret_in("github_pat_" + "1" * 22 + "_" + "aB3" * 20) == "a GitHub token"


def test_a_private_key_in_one_line_of_json_is_one() -> None:
    key = json.dumps({"private_key": _key("", random.Random(2))})
    assert secret_in(key) == "a private key"


@pytest.mark.parametrize(
    "text",
    [
        "key: |\n" + " " * 20 + "-----BEGIN PRIVATE KEY-----\n" + " " * 20 + "MIIEvQIBADANBgkqhkiG9w0BAQ",
        '---- BEGIN SSH2 ENCRYPTED PRIVATE KEY ----\nComment: "me"\nP2/56wAAAgIAAAAmZGwtbW9kcH',
        "PuTTY-User-Key-File-3: ssh-ed25519\nEncryption: none\nPublic-Lines: 2\nAAAA\nPrivate-Lines: 1\nAAAA\n",
        "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,8F\n\nMIIEvQIBADANBgkqhkiG9w0BAQ",
        "-----BEGIN PGP PRIVATE KEY BLOCK-----\n\nlQOYBGJmJ1gBCADMq9sVbPZ1Zr",
    ],
)
def test_private_keys_of_all_programs(text: str) -> None:
    assert secret_in(text) == "a private key"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "-----BEGIN PRIVATE KEY-----",
        "if line == '-----BEGIN RSA PRIVATE KEY-----': return parse_the_key_that_follows(line)",
        "-----BEGIN PUBLIC KEY-----\n" + "a" * 64,
        "-----BEGIN CERTIFICATE-----\n" + "aB3/" * 16,
        "AKIA is a prefix; AKIAEXAMPLE is too short",
        "ghp_short github_pat_ xoxb- sk- AIzaSy eyJ",
        "task-" + "a" * 40,
        "sk-" + "a" * 40,
        "risk-aware-decision-making-under-uncertainty-1",
        "sha256:" + "0a" * 32,
        "eyJhbGciOiJub25lIn0.no-second-part",
        "class TestVeryLongNameWithoutAnyUnderscore: pass\ndef test_averylongnamewithoutanyunderscore(): pass",
        "data:image/png;base64," + "iVBORw0KGgo" * 30,
    ],
)
def test_ordinary_text_holds_none(text: str) -> None:
    assert secret_in(text) is None


@pytest.mark.parametrize(
    "piece",
    [
        "sk-aaaaaaaaaaaaaaaaaaaa ", "eyJaaaaaaaaaaaaaaaa-", "-----BEGIN PRIVATE KEY-----\n", "a" * 16 + " ", "a",
        "AKIAAAAAAAAAAAAAAAA ", "AIzaSy", "-----BEGIN ", "ghp_" * 4 + "a" * 16 + "_", "eyJ" + "a" * 4000 + ".",
    ],
)  # fmt: skip
def test_no_text_takes_long(piece: str) -> None:
    text = piece * ((2 << 20) // len(piece))
    began = time.process_time()
    secret_in(text)
    assert time.process_time() - began < 3
