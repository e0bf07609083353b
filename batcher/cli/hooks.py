"""`batcher hooks`: where news is sent, what was given up, and sending it again."""

from collections.abc import Callable
from typing import Annotated, Literal
from urllib.parse import quote

import typer

from batcher.cli.floors import act, reading_floor
from batcher.cli.output import JsonOption, local, plain, print_json, print_table, tell
from batcher.domain.news import News
from batcher.services import hooks as service
from batcher.services.context import Floor
from batcher.store import hooks as stored

hooks = typer.Typer(
    help="Hooks that news is sent to: list, create, dead, replay, rotate, on, off.", no_args_is_help=True
)

Ref = Annotated[str, typer.Argument(metavar="HOOK", help="Name or id.")]
_WHO = "cli"


@hooks.command("list")
def list_hooks(as_json: JsonOption = False) -> None:
    """
    List the hooks, and what waits for each or was given up; secrets are not shown.

    Example: batcher hooks list
    """
    with reading_floor() as floor:
        with floor.store.read() as session:
            found = [(hook, stored.delivery_counts(session, hook.id)) for hook in stored.hooks(session)]
        zone = floor.rules.current.site.zone
    if as_json:
        print_json([_shown(hook) | {"deliveries": counts} for hook, counts in found])
        return
    rows = [
        (hook.name, hook.url, "on" if hook.active else "off", hook.source, counts.get("waiting", 0),
         counts.get("dead", 0), hook.failures, local(hook.paused_until, zone))
        for hook, counts in found
    ]  # fmt: skip
    columns = ("hook", "address", "is", "source", "waiting", "given up", "failures", "left alone until")
    print_table("Hooks", columns, rows, "News is sent nowhere.")


@hooks.command()
def create(
    name: Annotated[str, typer.Argument(help="What it is called.")],
    url: Annotated[str, typer.Argument(help="Where news is sent.")],
    types: Annotated[list[News] | None, typer.Option("--type", help="Only such news; may be repeated.")] = None,
    source: Annotated[str | None, typer.Option(help="News of this source's orders alone.")] = None,
    as_json: JsonOption = False,
) -> None:
    """
    Have news sent to an address from now on; the secret that signs it is shown once.

    Example: batcher hooks create shop https://shop.example/news --source shop
    """
    wanted = [str(kind) for kind in types or ()]
    answer = act(
        "/v1/hooks",
        {"name": name, "url": url, "types": wanted, "source": source},
        lambda floor: plain(service.create_hook(floor, name, url, types or (), source)),
    )
    _tell_secret(answer, as_json=as_json)


@hooks.command()
def dead(ref: Ref, limit: Annotated[int, typer.Option(min=1, max=1000)] = 100, as_json: JsonOption = False) -> None:
    """
    List the news that was given up, and why it was not taken.

    Example: batcher hooks dead shop
    """
    with reading_floor() as floor:
        with floor.store.read() as session:
            hook = stored.get_hook(session, ref, source=None)
            found = stored.deliveries(session, hook.id, state="dead", limit=limit)
        zone = floor.rules.current.site.zone
    if as_json:
        print_json([{"delivery": delivery, "news": item} for delivery, item in found])
        return
    rows = [
        (item.type, item.order_id, local(item.at, zone), delivery.attempts, local(delivery.ended_at, zone),
         delivery.last_error)
        for delivery, item in found
    ]  # fmt: skip
    columns = ("news", "order", "of", "tries", "given up", "why")
    print_table(f"Given up for {hook.name}", columns, rows, "Nothing was given up.")


@hooks.command()
def replay(ref: Ref, as_json: JsonOption = False) -> None:
    """
    Send again what was given up.

    Example: batcher hooks replay shop
    """
    answer = _act(ref, "replay", lambda floor: {"count": service.replay(floor, ref, None, _WHO)})
    if as_json:
        print_json(answer)
    else:
        count = answer["count"] if isinstance(answer, dict) else 0
        tell(f"{count} pieces of news are sent again to {ref}.")


@hooks.command()
def rotate(ref: Ref, as_json: JsonOption = False) -> None:
    """
    Sign with a new secret, shown once; the one before signs beside it until the next time.

    Example: batcher hooks rotate shop
    """
    _tell_secret(_act(ref, "rotate", lambda floor: plain(service.rotate(floor, ref, None, _WHO))), as_json=as_json)


@hooks.command("on")
def turn_on(ref: Ref, as_json: JsonOption = False) -> None:
    """
    Turn a hook on again, and forgive it what failed.

    Example: batcher hooks on shop
    """
    _switch(ref, "on", as_json=as_json)


@hooks.command("off")
def turn_off(ref: Ref, as_json: JsonOption = False) -> None:
    """
    Turn a hook off; what happens until it is on again is not sent to it.

    Example: batcher hooks off shop
    """
    _switch(ref, "off", as_json=as_json)


def _switch(ref: str, switch: Literal["on", "off"], *, as_json: bool) -> None:
    answer = _act(ref, switch, lambda floor: _shown(service.set_active(floor, ref, None, _WHO, active=switch == "on")))
    if as_json:
        print_json(answer)
    else:
        tell(f"Hook {ref} is {switch}.")


def _act(ref: str, verb: str, alone: Callable[[Floor], object]) -> object:
    return act(f"/v1/hooks/{quote(ref, safe='')}/{verb}", {"who": _WHO}, alone)


def _shown(hook: stored.Hook) -> dict[str, object]:
    return {name: value for name, value in plain(hook).items() if name not in ("secret", "old_secret")}


def _tell_secret(answer: object, *, as_json: bool) -> None:
    assert isinstance(answer, dict)
    if as_json:
        print_json({name: value for name, value in answer.items() if name != "old_secret"})
    else:
        tell(str(answer["secret"]))
