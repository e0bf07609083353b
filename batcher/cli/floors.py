"""
The floor as commands see it: read beside a running daemon, acted on through it, or alone when there is none.

A command never writes to a database that a daemon holds; it asks the daemon to.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import httpx
from prometheus_client import CollectorRegistry

from batcher.errors import BatcherError, DaemonUnavailableError, DocumentError, Fault, StoreUnavailableError
from batcher.metrics import Metrics
from batcher.rules.schema import load_rules
from batcher.services.context import Floor, RulesBox
from batcher.settings import Settings, load_settings
from batcher.store.session import Store

#: Names a token for those who may not read the daemon's own.
CREDENTIAL_VARIABLE = "BATCHER_TOKEN"
_TIMEOUT_S = 30.0


@contextmanager
def reading_floor(settings: Settings | None = None) -> Iterator[Floor]:
    """Open the floor for reading, beside whoever writes."""
    with _floor(settings or load_settings(), exclusive=False) as floor:
        yield floor


@contextmanager
def _floor(settings: Settings, *, exclusive: bool) -> Iterator[Floor]:
    rules = load_rules(settings.rules, catalogue=settings.catalogue)
    clock = settings.floor_clock(datetime.now(UTC))
    store = Store.open(settings.store_url, exclusive=exclusive)
    try:
        yield Floor(store, RulesBox(rules, clock.now()), Metrics(CollectorRegistry()), clock, settings)
    finally:
        store.close()


def act(path: str, body: object, alone: Callable[[Floor], object], settings: Settings | None = None) -> object:
    """
    Do something to the floor: by the daemon when one holds the database, else here.

    Parameters
    ----------
    path, body
        The API call that does it.
    alone
        The same on a floor of our own.

    Returns
    -------
    object
        The API's JSON answer, or what `alone` returned.
    """
    settings = settings or load_settings()
    url = _leader_url(settings)
    if url is not None:
        return _post(settings, url, path, body)
    with _floor(settings, exclusive=True) as floor:
        return alone(floor)


def daemon_url(settings: Settings) -> str:
    """Return where the daemon of this state directory listens."""
    address = settings.state_dir / "address"
    if address.is_file():
        return address.read_text(encoding="utf-8").strip()
    return f"http://{settings.host}:{settings.port}"


def _leader_url(settings: Settings) -> str | None:
    """Return where the daemon listens that holds the database; none when nobody holds it."""
    if Store.locked_by(settings.store_url) is not None:
        return daemon_url(settings)
    leader = Store.leader_of(settings.store_url)
    return None if leader is None else leader.address or daemon_url(settings)


def _post(settings: Settings, url: str, path: str, body: object) -> object:
    try:
        answer = httpx.post(url + path, json=body, headers=_token(settings), timeout=_TIMEOUT_S, trust_env=False)
    except httpx.HTTPError as error:
        raise DaemonUnavailableError(f"the daemon holds the database and does not answer at {url}: {error}") from error
    if answer.is_success:
        return answer.json()
    raise _refusal(answer)


def _token(settings: Settings) -> dict[str, str]:
    """Return what lets us in: the token of `BATCHER_TOKEN`, else the one that the daemon left for its own user."""
    secret = os.environ.get(CREDENTIAL_VARIABLE, "")
    if not secret and settings.operator_token.is_file():
        try:
            secret = settings.operator_token.read_text(encoding="ascii").strip()
        except PermissionError as error:
            raise DaemonUnavailableError(
                f"{settings.operator_token} is not yours to read: be the daemon's user, or set {CREDENTIAL_VARIABLE}"
            ) from error
    return {"Authorization": f"Bearer {secret}"} if secret else {}


def _refusal(answer: httpx.Response) -> BatcherError:
    """Return what the daemon says as the failure it would have been here, with the same exit code."""
    try:
        problem = answer.json()
    except ValueError:
        return BatcherError(f"the daemon answered {answer.status_code}")
    detail = str(problem.get("detail") or problem.get("title") or answer.status_code)
    faults = tuple(Fault(str(e["loc"]), str(e["message"]), str(e["code"])) for e in problem.get("errors", ()))
    if faults:
        return DocumentError(faults)
    if answer.status_code == httpx.codes.SERVICE_UNAVAILABLE:
        return StoreUnavailableError(detail)
    return BatcherError(detail)
