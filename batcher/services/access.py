"""
Tokens: made, known again, revoked.

A token is shown once, when it is made; what is kept is its digest. Guessing one is hopeless, 256 bits being random,
so the digest needs no salt and no slow hash.
"""

import hashlib
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

import structlog

from batcher.domain.access import SOURCE_SCOPES, STATION_SCOPES, Actor, Scope, Token
from batcher.domain.ids import new_id
from batcher.errors import DocumentError, Fault
from batcher.services.context import Floor
from batcher.store import tokens

log = structlog.get_logger()

#: What every token begins with, so that scanners find those that were left somewhere.
PREFIX = "btr_"
_MAX_DAYS = 3650
#: What tokens and hooks may be called.
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", re.ASCII)


@dataclass(frozen=True)
class NewToken:
    """A token that was just made; `secret` is shown now and never again."""

    token: Token
    secret: str


def new_secret() -> str:
    """Return a fresh token."""
    return PREFIX + secrets.token_urlsafe(32)


def digest_of(secret: str) -> str:
    """Return what a token is known by."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def create_token(
    floor: Floor,
    name: str,
    scopes: Sequence[Scope],
    *,
    days: int,
    source: str | None = None,
    station: str | None = None,
) -> NewToken:
    """
    Make a token.

    Parameters
    ----------
    days
        Until it expires.
    source, station
        Binds it to the orders of one source, or to one station; everything else is not there for it.

    Raises
    ------
    DocumentError
        When it would allow nothing, or more than its binding can mean.
    ConflictError
        When there is one of that name.
    """
    faults = list(_faults(floor, name, scopes, days, source, station))
    if faults:
        raise DocumentError(tuple(faults))
    now, secret = floor.now(), new_secret()
    token = Token(new_id(), name, tuple(sorted(set(scopes))), source, station, now, now + timedelta(days=days))
    with floor.store.write() as session:
        tokens.add_token(session, token, digest_of(secret))
    floor.tokens.forget()
    log.info("token_made", token_id=token.id, name=name, scopes=list(token.scopes), source=source, station=station)
    return NewToken(token, secret)


def revoke_token(floor: Floor, ref: str) -> Token:
    """
    Revoke a token by id or name; it is refused from the next request on.

    Raises
    ------
    NotFoundError
        When there is none.
    """
    with floor.store.write() as session:
        token = tokens.revoke_token(session, ref, floor.now())
    floor.tokens.forget()
    log.info("token_revoked", token_id=token.id, name=token.name)
    return token


def find_token(floor: Floor, digest: str) -> Token | None:
    """Return the token of a digest as the database has it, also one that is over; none when there is none."""
    changes = floor.tokens.changes
    with floor.store.read() as session:
        token = tokens.token_of(session, digest)
    if token is not None:
        floor.tokens.keep(digest, token, changes)
    return token


def everything(name: str) -> Actor:
    """Return an actor who may do everything: the operator on this machine, or anybody on it where none are made."""
    return Actor(name, frozenset(Scope))


def _faults(
    floor: Floor, name: str, scopes: Sequence[Scope], days: int, source: str | None, station: str | None
) -> list[Fault]:
    faults = []
    if not NAME.fullmatch(name):
        faults.append(Fault("/name", "must be letters, digits, '.', '_' and '-', at most 64", "id_invalid"))
    if source is not None and not NAME.fullmatch(source):
        faults.append(Fault("/source", "must be letters, digits, '.', '_' and '-', at most 64", "id_invalid"))
    if not scopes:
        faults.append(Fault("/scopes", "must name at least one scope", "scopes_empty"))
    if not 1 <= days <= _MAX_DAYS:
        faults.append(Fault("/days", f"must lie between 1 and {_MAX_DAYS}", "days_range"))
    if source is not None and station is not None:
        faults.append(Fault("/station", "a token is bound to a source or to a station, not to both", "bound_twice"))
    if station is not None and station not in floor.rules.current.stations:
        faults.append(Fault("/station", "the rules have no such station", "station_unknown"))
    for bound, allowed in ((source, SOURCE_SCOPES), (station, STATION_SCOPES)):
        beyond = sorted(set(scopes) - allowed) if bound is not None else []
        faults += [Fault("/scopes", f"{scope} means nothing within that binding", "scope_unbound") for scope in beyond]
    return faults
