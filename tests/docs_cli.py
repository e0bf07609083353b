"""
The command line as the documentation tells it; `python -m tests.docs_cli` writes docs/cli.md anew.

Everything comes from the application itself. Typer keeps the types of its commands to itself, hence `Any`.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from typer.main import get_command

from batcher.cli.main import app

PAGE = Path(__file__).parent.parent / "docs" / "cli.md"

_HEAD = """\
# Commands

<!-- Written by `python -m tests.docs_cli`; edit the help texts in batcher/cli instead. -->

Every command finds its floor by the [settings](settings.md): `BATCHER_SETTINGS` names a file of them. Commands that
list read the database beside the daemon. Commands that act ask the daemon to, and act themselves when there is none.
With `--json` a command prints one JSON document on standard output. What went wrong is told on standard error;
[exit codes](operations.md#exit-codes) say what kind it was.
"""


def commands() -> dict[str, Any]:
    """Return every command by its words: ``orders import``; groups come before what is in them."""
    root = get_command(app)
    return dict(_walk(root, _context(root, "batcher"), ""))


def options(command: Any) -> set[str]:
    """Return every option of a command, ``--help`` included."""
    context = _context(command, command.name)
    return {name for param in command.get_params(context) for name in (*param.opts, *param.secondary_opts)}


def is_group(command: Any) -> bool:
    """Tell whether a command only holds others."""
    return hasattr(command, "list_commands")


def first_line(command: Any) -> str:
    """Return what a command does, in one sentence."""
    return str(command.help).strip().partition("\n")[0]


def cli_page() -> str:
    """Return the whole page."""
    return "\n".join([_HEAD, *(_section(words, command) for words, command in commands().items())])


def _walk(group: Any, context: Any, before: str) -> Iterator[tuple[str, Any]]:
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        words = f"{before} {name}".strip()
        yield words, command
        if is_group(command):
            yield from _walk(command, _context(command, name), words)


def _context(command: Any, name: str) -> Any:
    return command.context_class(command, info_name=name)


def _section(words: str, command: Any) -> str:
    if is_group(command):
        return f"## batcher {words}\n\n{first_line(command)}\n"
    told, _, example = str(command.help).strip().partition("Example: ")
    context = _context(command, words)
    usage = " ".join(["batcher", words, *command.collect_usage_pieces(context)])
    level = "###" if " " in words else "##"
    parts = [f"{level} batcher {words}", told.strip(), f"```console\n{usage}\n```", _table(command, context)]
    if example:
        parts.append(f"```console\n{example.strip()}\n```")
    return "\n\n".join(part for part in parts if part) + "\n"


def _table(command: Any, context: Any) -> str:
    records = [param.get_help_record(context) for param in command.get_params(context)]
    rows = [record for record in records if record is not None and not record[0].startswith("--help")]
    if not rows:
        return ""
    lines = [f"| `{_cell(name)}` | {_cell(meaning)} |" for name, meaning in rows]
    return "\n".join(["| argument or option | meaning |", "| --- | --- |", *lines])


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


if __name__ == "__main__":
    PAGE.write_text(cli_page(), encoding="utf-8")
