"""Hooks made, turned on and off, their secrets rotated, and what was given up sent again."""

from collections.abc import Sequence
from dataclasses import replace

import structlog

from batcher.dispatch.webhook import new_hook_secret
from batcher.domain.ids import new_id
from batcher.domain.news import News
from batcher.errors import DocumentError, Fault
from batcher.net.addresses import check_url
from batcher.services.access import NAME
from batcher.services.context import Floor
from batcher.store import hooks
from batcher.store.hooks import Hook

log = structlog.get_logger()


def create_hook(floor: Floor, name: str, url: str, types: Sequence[News], source: str | None) -> Hook:
    """
    Have news sent to an address from now on.

    Raises
    ------
    DocumentError
        When nothing may be sent there.
    ConflictError
        When there is a hook of that name.
    """
    if not NAME.fullmatch(name):
        raise DocumentError((Fault("/name", "must be letters, digits, '.', '_' and '-', at most 64", "id_invalid"),))
    check_url(url, private=floor.settings.private_hooks)
    told = tuple(sorted(set(map(str, types))))
    hook = Hook(new_id(), name, url, new_hook_secret(), None, told, source, active=True, created_at=floor.now())
    with floor.store.write() as session:
        hooks.add_hook(session, hook)
    log.info("hook_made", hook=name, source=source)
    return hook


def rotate(floor: Floor, ref: str, source: str | None, who: str) -> Hook:
    """Sign with a new secret from now on, and with the one before beside it."""
    with floor.store.write() as session:
        hook = hooks.get_hook(session, ref, source=source)
        changed = replace(hook, secret=new_hook_secret(), old_secret=hook.secret)
        hooks.change_hook(session, hook.id, secret=changed.secret, old_secret=changed.old_secret)
    log.info("hook_secret_rotated", hook=hook.name, who=who)
    return changed


def set_active(floor: Floor, ref: str, source: str | None, who: str, *, active: bool) -> Hook:
    """Turn a hook on, forgiving what failed, or off."""
    with floor.store.write() as session:
        hook = hooks.get_hook(session, ref, source=source)
        changed = replace(hook, active=active, failures=0, paused_until=None)
        hooks.change_hook(session, hook.id, active=active, failures=0, paused_until=None)
    log.info("hook_on" if active else "hook_off", hook=hook.name, who=who)
    return changed


def replay(floor: Floor, ref: str, source: str | None, who: str) -> int:
    """Send again what was given up; return how many pieces of news that are."""
    with floor.store.write() as session:
        hook = hooks.get_hook(session, ref, source=source)
        count = hooks.replay(session, hook.id, floor.now())
    log.info("hook_replayed", hook=hook.name, who=who, count=count)
    return count
