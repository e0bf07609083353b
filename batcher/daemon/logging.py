"""
Log lines: one JSON object each (or text for people), UTC, an event name and ids, never personal text.

Names and dates to be printed on gifts are personal data and stay out of logs: keys that could carry them are
dropped, and messages of exceptions that are not ours are withheld, since they may quote their input.
"""

import logging
import sys
import traceback
from collections.abc import Mapping, MutableMapping
from functools import partial
from typing import Any, Literal, TextIO

import structlog

from batcher.errors import BatcherError

#: Keys whose values may tell who someone is or what is printed for them; dropped at any depth.
PERSONAL_KEYS = frozenset(
    {
        "address",
        "artwork",
        "attributes",
        "body",
        "content",
        "customer",
        "document",
        "email",
        "lines",
        "name",
        "names",
        "personalisation",
        "phone",
        "postcode",
        "recipient",
        "text",
    }
)
#: Exceptions whose messages we know: our own, and the system's, which name files.
_TOLD = (BatcherError, OSError)

#: Least level of those whose news is ours to tell; that a loop is still at work when it is due again is none.
_OTHERS = {
    "alembic": logging.WARNING,
    "apscheduler": logging.ERROR,
    "uvicorn": logging.WARNING,
    "uvicorn.error": logging.WARNING,
    "watchfiles": logging.WARNING,
}


def configure(level: str, form: Literal["json", "text"]) -> None:
    """Send structlog and the standard library's loggers to stderr in one form, from `level` up."""
    before: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="at"),
        drop_personal,
        tell_exception,
        put_first,
    ]
    last: list[structlog.typing.Processor]
    if form == "json":
        last = [structlog.processors.JSONRenderer()]
    else:
        last = [escape_controls, structlog.dev.ConsoleRenderer(colors=False)]
    handler = logging.StreamHandler(sys.stderr)
    # our own lines do not go through the standard library: that takes longer than all the rest, for every report
    structlog.configure(
        processors=[*before, *last],
        logger_factory=partial(_Lines, handler),
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
        cache_logger_on_first_use=False,
    )
    last = [structlog.stdlib.ProcessorFormatter.remove_processors_meta, *last]
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(foreign_pre_chain=before, processors=last))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    for name, least in _OTHERS.items():
        logging.getLogger(name).setLevel(max(least, root.level))


class _Lines:
    """What our own log lines are written by: named for the module that logs, and beside the standard library's."""

    _namer = structlog.stdlib.LoggerFactory(ignore_frame_names=[__name__])

    def __init__(self, handler: logging.StreamHandler[TextIO], *name: str) -> None:
        self.name, self._handler = self._namer(*name).name, handler

    def msg(self, line: str) -> None:
        """Write one line, whole."""
        self._handler.acquire()
        try:
            self._handler.stream.write(f"{line}\n")
            self._handler.flush()
        finally:
            self._handler.release()

    debug = info = warning = warn = error = exception = critical = fatal = msg


def drop_personal(_logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Drop every key, at any depth, that may carry personal text."""
    return {key: _without_personal(value) for key, value in event.items() if key not in PERSONAL_KEYS}


def _without_personal(value: object) -> object:
    if isinstance(value, Mapping):
        return {key: _without_personal(inner) for key, inner in value.items() if key not in PERSONAL_KEYS}
    if isinstance(value, list | tuple):
        return [_without_personal(inner) for inner in value]
    return value


def tell_exception(_logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Replace an exception by its type, code, place and, where it is safe, its message."""
    given = event.pop("exc_info", None)
    if given is True:
        given = sys.exc_info()
    error = given[1] if isinstance(given, tuple) else given
    if isinstance(error, BaseException):
        event["error"] = {
            "type": type(error).__name__,
            **({"code": error.code} if isinstance(error, BatcherError) else {}),
            **({"message": str(error)} if isinstance(error, _TOLD) else {}),
            "frames": [
                f"{frame.filename}:{frame.lineno} {frame.name}" for frame in traceback.extract_tb(error.__traceback__)
            ],
        }
    return event


def put_first(_logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Put when, how bad and what before the rest, for eyes that read the raw lines."""
    first = {key: event[key] for key in ("at", "level", "event") if key in event}
    return {**first, **event}


def escape_controls(_logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Make line breaks and terminal sequences visible, so that a value cannot forge a log line."""
    return {key: _printable(value) if isinstance(value, str) else value for key, value in event.items()}


def _printable(text: str) -> str:
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in text)
