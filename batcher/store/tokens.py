"""Tokens in the store: by digest only, so that whoever reads the database cannot use them."""

from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import Row, bindparam, exists, insert, select, update
from sqlmodel import Session

from batcher.domain.access import Scope, Token
from batcher.errors import ConflictError, NotFoundError
from batcher.store import tables
from batcher.store.rows import columns

_t = tables.tokens
_ALL = select(*columns(_t, Token)).order_by(_t.c.created_at, _t.c.id)
_BY_DIGEST = select(*columns(_t, Token)).where(_t.c.digest == bindparam("digest"))
_ANY = select(exists().where(_t.c.revoked_at.is_(None)))


def add_token(s: Session, token: Token, digest: str) -> None:
    """
    Keep a token.

    Raises
    ------
    ConflictError
        When a token that is not revoked has that name.
    """
    taken = select(_t.c.id).where(_t.c.name == token.name, _t.c.revoked_at.is_(None))
    if s.execute(taken).first() is not None:
        raise ConflictError(f"there is a token {token.name}; revoke it first, or take another name")
    s.execute(insert(_t), {**asdict(token), "scopes": [str(scope) for scope in token.scopes], "digest": digest})


def token_of(s: Session, digest: str) -> Token | None:
    """Return the token of a digest, also one that has expired or was revoked; none when there is none."""
    row = s.execute(_BY_DIGEST, {"digest": digest}).one_or_none()
    return None if row is None else _token(row)


def tokens(s: Session) -> list[Token]:
    """Return every token, the oldest first."""
    return [_token(row) for row in s.execute(_ALL)]


def any_token(s: Session) -> bool:
    """Tell whether a token has been made that is not revoked: from then on nobody is let in without one."""
    return bool(s.execute(_ANY).scalar_one())


def revoke_token(s: Session, ref: str, now: datetime) -> Token:
    """
    Revoke a token by id, or by name; one that is revoked stays as it is.

    Raises
    ------
    NotFoundError
        When there is none.
    """
    named = select(*columns(_t, Token)).where((_t.c.id == ref) | (_t.c.name == ref))
    row = s.execute(named.order_by(_t.c.revoked_at.is_(None).desc(), _t.c.id.desc()).limit(1)).one_or_none()
    if row is None:
        raise NotFoundError("token", ref)
    s.execute(update(_t).where(_t.c.id == row.id, _t.c.revoked_at.is_(None)).values(revoked_at=now))
    return next(token for token in tokens(s) if token.id == row.id)


def _token(row: Row[Any]) -> Token:
    values = dict(row._mapping)  # noqa: SLF001 - SQLAlchemy's public name for a row as a mapping
    return Token(**{**values, "scopes": tuple(Scope(word) for word in values["scopes"])})
