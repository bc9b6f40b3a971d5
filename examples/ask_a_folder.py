"""Ask a question over a folder, and print where each citation is."""

from pathlib import Path
from tempfile import TemporaryDirectory

from harlm import HARLM

with TemporaryDirectory() as folder:
    Path(folder, "network.md").write_text("# Network\n\nOnly the billing service still uses TLS 1.1.\n")
    Path(folder, "people.md").write_text("# People\n\nAda looks after billing.\n")
    answer = HARLM().ask("Which service still uses TLS 1.1?", Path(folder))

print(answer.text)
for citation in answer.citations:
    print(f"{citation.place}, characters {citation.start} to {citation.end}: {citation.quote!r}")
