"""``harlm completion``: prints the script with which a shell completes verbs, options and paths."""

from __future__ import annotations

from typing import Any

import click
from click.shell_completion import ShellComplete, get_completion_class

from harlm.cli.printing import show_as_it_is

_VARIABLE = "_HARLM_COMPLETE"
"""The variable by which the script asks ``harlm`` for completions, as click derives it from the name."""

_HOW = """\b
bash  add to ~/.bashrc:                  source <(harlm completion bash)
zsh   add to ~/.zshrc, after compinit:   source <(harlm completion zsh)
fish  harlm completion fish > ~/.config/fish/completions/harlm.fish
"""


@click.command("completion", epilog=_HOW)
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.option("-v", "--verbose", is_flag=True, help="Show tracebacks.")
def command(*, shell: str, **_: Any) -> None:
    """Print the completion script of a shell."""
    show_as_it_is(script_of(shell).rstrip("\n"))


def script_of(shell: str) -> str:
    """The completion script of ``bash``, ``zsh`` or ``fish``."""
    kind = get_completion_class(shell)
    assert kind is not None
    completion = kind(click.Command("harlm"), {}, "harlm", _VARIABLE)
    return ShellComplete.source(
        completion
    )  # that of bash itself would first start a shell to see its version
