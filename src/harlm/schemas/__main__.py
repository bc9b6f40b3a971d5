"""``python -m harlm.schemas NAME`` prints a schema; ``--write`` makes the files of the package from the types."""

from __future__ import annotations

import sys
from pathlib import Path

import click
import msgspec

from harlm.schemas import schemas


@click.command("python -m harlm.schemas", context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("name", required=False)
@click.option("--write", is_flag=True, help="Write all schemas into the package, for its developers.")
def main(name: str | None, *, write: bool) -> None:
    """Print the JSON Schema NAME: event, result or answer. Without NAME, print the names."""
    texts = {file.removesuffix(".json"): _text(schema) for file, schema in schemas().items()}
    if write:
        if name is not None:
            raise click.UsageError("--write writes all schemas; leave NAME out")
        _write(texts)
    elif name is None:
        click.echo("\n".join(texts))
    elif (text := texts.get(name.removesuffix(".json"))) is None:
        raise click.UsageError(f"there is no schema {name!r}; there are {', '.join(texts)}")
    else:
        click.echo(text, nl=False)


def _text(schema: dict[str, object]) -> bytes:
    return msgspec.json.format(msgspec.json.encode(schema), indent=1) + b"\n"


def _write(texts: dict[str, bytes]) -> None:
    folder = Path(__file__).parent
    try:
        for name, text in texts.items():
            (folder / f"{name}.json").write_bytes(text)
    except OSError as error:
        raise click.ClickException(
            f"the schemas cannot be written into {folder} ({error.strerror}); run this in a checkout that you may write to"
        ) from error


if __name__ == "__main__":
    sys.exit(main())
