"""`batcher quote`: what each service can promise to work that nobody has ordered yet."""

from datetime import datetime
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import typer

from batcher.cli.floors import act, reading_floor
from batcher.cli.imports import source_name
from batcher.cli.output import JsonOption, local, plain, print_json, print_table, tell
from batcher.intake.quotes import parse_quote
from batcher.services.context import Floor
from batcher.services.cycle import plan_now
from batcher.services.promise import quote as quote_now


def quote(
    lines: Annotated[list[str], typer.Argument(metavar="SKU[=PIECES]...", help="What is wanted: SKUs, with how many.")],
    service: Annotated[str | None, typer.Option(help="Ask for one service. Left out: all.")] = None,
    text: Annotated[str, typer.Option(help="The personalisation, where time hangs on its length.")] = "",
    country: Annotated[str, typer.Option(help="Where it goes.")] = "",
    carrier: Annotated[str, typer.Option(help="Who carries it.")] = "",
    channel: Annotated[str, typer.Option(help="Where it is bought.")] = "",
    tier: Annotated[str, typer.Option(help="The customer's tier.")] = "standard",
    wanted_by: Annotated[str | None, typer.Option(help="By when it has to leave, such as 2026-11-24T18:00.")] = None,
    reserve: Annotated[int | None, typer.Option(help="Keep the room for so many minutes; needs --service.")] = None,
    hurry: Annotated[bool, typer.Option("--hurry", help="Reserve the date that others give way for.")] = False,
    source: Annotated[str, typer.Option(callback=source_name, help="Whose order may take the reservation.")] = "api",
    as_json: JsonOption = False,
) -> None:
    """
    Tell which collection an order placed now would make, how sure that is, what binds it and what hurrying costs.

    Without a daemon a plan is made for it, which takes as long as the rules give a plan.

    Example: batcher quote MUG-CER-WHITE-01=2 --country "United Kingdom" --wanted-by 2026-11-24T18:00
    """
    body: dict[str, Any] = {
        "lines": [_line(line, text) for line in lines],
        "destination": {"country": country, "carrier": carrier},
        "channel": channel,
        "tier": tier,
    }
    body |= {name: value for name, value in (("service", service), ("wanted_by", wanted_by)) if value is not None}
    if reserve is not None:
        body["reserve"] = {"minutes": reserve, "hurry": hurry}

    def here(floor: Floor) -> object:
        question = parse_quote(body, source=source, zone=floor.rules.current.site.zone, now=floor.now())
        floor.plans.current = plan_now(floor)
        return plain(quote_now(floor, question))

    answer = act(f"/v1/quotes?source={source}", body, here)
    assert isinstance(answer, dict)
    if as_json:
        print_json(answer)
    else:
        _tell(answer)


def _line(line: str, text: str) -> dict[str, object]:
    sku, _, pieces = line.rpartition("=")
    if sku and pieces.isdigit():
        return {"sku": sku, "quantity": int(pieces), "text": text}
    return {"sku": line, "quantity": 1, "text": text}


def _tell(answer: dict[str, Any]) -> None:
    with reading_floor() as floor:
        zone = floor.rules.current.site.zone
    print_table(
        "Quote",
        ("service", "says", "leaves by", "ready", "sure", "because", "hurry"),
        [_row(offer, zone) for offer in answer["offers"]],
        "There are no services.",
    )
    kept = answer.get("reservation")
    if kept is not None:
        tell(f"Reserved as {kept['id']} until {_local(kept['expires_at'], zone)}: leaves by "
             f"{_local(kept['leave_by_at'], zone)} when the order names it.")  # fmt: skip


def _row(offer: dict[str, Any], zone: ZoneInfo) -> tuple[str, ...]:
    sure, hurry = offer["confidence"], offer["hurry"]
    return (
        offer["service"],
        _local(offer["nominal_at"], zone),
        _local(offer["leave_by_at"], zone) or "no date",
        _local(offer["ready_at"], zone),
        "" if sure is None else f"{sure:.1%}",
        offer["binding"]["message"],
        "" if hurry is None else f"{_local(hurry['leave_by_at'], zone)} for {hurry['cost_minor']:.0f} minor units",
    )


def _local(instant: str | None, zone: ZoneInfo) -> str:
    return local(None if instant is None else datetime.fromisoformat(instant), zone)
