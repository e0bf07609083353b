"""`batcher preview`: what a machine will get of a text on a SKU, and whether it can be put there."""

import unicodedata
from typing import Annotated

import typer

from batcher.cli.output import JsonOption, print_json, tell
from batcher.rules.schema import load_rules
from batcher.services.preview import preview_text
from batcher.settings import load_settings


def preview(
    sku: Annotated[str, typer.Argument(help="What is bought.")],
    text: Annotated[str, typer.Argument(help="What shall stand on it; \\n begins a new line.")],
    as_json: JsonOption = False,
) -> None:
    """
    Show what a machine will get of a text, character by character, and what keeps it from being made.

    Example: batcher preview MUG-CER-WHITE-01 "Zoë & Łukasz"
    """
    settings = load_settings()
    rules = load_rules(settings.rules, catalogue=settings.catalogue)
    shown = preview_text(rules, sku, text.replace("\\n", "\n"))
    if as_json:
        print_json(shown)
    else:
        for line in shown.lines:
            tell(f"  {line}")
        tell(f"{shown.characters} characters, {len(shown.lines)} lines, product {shown.product}")
        for character in dict.fromkeys("".join(shown.lines)):
            if not character.isascii():
                tell(f"  {character}  U+{ord(character):04X} {unicodedata.name(character, 'unnamed')}")
        for fault in shown.faults:
            tell(f"{fault.code}: {fault.message}")
        if not shown.faults:
            tell("It can be made.")
    if shown.faults:
        raise typer.Exit(1)
