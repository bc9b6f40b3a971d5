"""Programs of others talk to the server: OpenAI's SDK, the ``llm`` command, LangChain."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from harlm.testing import ChatServer
from tests.support.served import (
    ANSWER,
    NO_CLIENTS,
    Served,
    asking_of,
    clients_python,
    run_client,
    says,
    served,
)

pytestmark = pytest.mark.skipif(clients_python() is None, reason=NO_CLIENTS)
_PREPARED = """
import json, sys, openai
client = openai.OpenAI(base_url=sys.argv[1] + "/v1", api_key="secret-key-1")
asked = dict(model="harlm/docs", messages=[{"role": "user", "content": "Which service still uses TLS 1.1?"}])
"""


@pytest.fixture
def server(clean_environment: Path) -> Iterator[Served]:
    with ChatServer(says) as model, served(asking_of(model), keys=["secret-key-1"]) as running:
        yield running


def openai(server: Served, script: str) -> str:
    return run_client(_PREPARED + script, server.url)


def test_openai_lists_models_and_gets_a_reply(server: Served) -> None:
    said = openai(
        server,
        """
print([each.id for each in client.models.list()], client.models.retrieve("harlm/docs").id)
got = client.chat.completions.create(**asked)
message = got.choices[0].message
print(message.content, got.choices[0].finish_reason, got.usage.prompt_tokens > 0)
(cited,) = message.annotations
print(cited.type, cited.filename, cited.place, message.content[cited.start_index:cited.end_index], cited.quote)
print(got.harlm["status"], got.harlm["mode"], len(got.harlm["citations"]))
""",
    )
    assert said.splitlines() == [
        "['harlm/docs', 'harlm/auto'] harlm/docs",
        f"{ANSWER} stop True",
        "file_citation docs/tls.md docs/tls.md:1 [docs/tls.md:1] Only billing still uses TLS 1.1.",
        "ok direct 1",
    ]
