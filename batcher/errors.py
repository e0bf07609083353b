"""
Every exception batcher raises on purpose, one family with stable codes.

What an HTTP status or an exit code a failure becomes is decided by `api` and `cli`;
an outcome that is expected (infeasible, nothing to do) is a value, not an exception.
"""

from dataclasses import dataclass
from typing import ClassVar


class BatcherError(Exception):
    """Something batcher refuses or cannot do; `code` is stable and safe to match on."""

    code: ClassVar[str] = "internal"


class InvariantError(BatcherError):
    """A documented invariant would break: a bug, never bad input."""

    code = "invariant_broken"


class ConfigError(BatcherError):
    """Settings or rules that cannot be used; the process keeps what it had."""

    code = "config_invalid"


class SettingsError(ConfigError):
    """A process setting is missing, malformed or contradicts another."""

    code = "settings_invalid"


@dataclass(frozen=True)
class Fault:
    """
    One thing wrong with a document, told so that a person can mend it.

    Parameters
    ----------
    where
        ``file:line:col``, a JSON pointer, or a line of a file.
    message
        What is wrong, and what to do.
    code
        Stable name of the kind of fault.
    """

    where: str
    message: str
    code: str = "invalid"

    def __str__(self) -> str:
        return f"{self.where}: {self.message}"


class FaultsError(BatcherError):
    """A document with faults, all of them told at once."""

    code = "document_invalid"

    def __init__(self, faults: tuple[Fault, ...]) -> None:
        self.faults = faults
        super().__init__("\n".join(str(fault) for fault in faults))


class RulesError(FaultsError, ConfigError):
    """The rules directory has faults."""

    code = "rules_invalid"


class DocumentError(FaultsError):
    """A planning problem, plan, ticket or report breaks its format."""

    code = "document_invalid"


class OrderRejectedError(FaultsError):
    """An order that cannot be accepted as it is; nothing of it was kept."""

    code = "order_invalid"


class ConflictError(BatcherError):
    """The same id was seen before with other content."""

    code = "conflict"


class VersionError(ConflictError):
    """It was changed since it was looked at; nothing was done."""

    code = "version_conflict"

    def __init__(self, kind: str, ident: str, version: int, wanted: int) -> None:
        super().__init__(f"{kind} {ident} is at version {version}, not {wanted}; look again before changing it")


class TransitionError(BatcherError):
    """A state machine does not allow this step."""

    code = "transition_not_allowed"

    def __init__(self, kind: str, ident: str, state: str, wanted: str) -> None:
        self.kind, self.ident, self.state, self.wanted = kind, ident, state, wanted
        super().__init__(f"{kind} {ident} is {state}; it cannot become {wanted}")


class TooLateError(TransitionError):
    """It could have been done before; work on it has begun, or it is over."""

    code = "too_late"


class LimitError(BatcherError):
    """Somebody has as many of something as they may have."""

    code = "limit_reached"


class NotFoundError(BatcherError):
    """Nothing of that kind has that id."""

    code = "not_found"

    def __init__(self, kind: str, ident: str) -> None:
        self.kind, self.ident = kind, ident
        super().__init__(f"no {kind} {ident}")


class PlanningError(BatcherError):
    """The planner could not do its work; the last plan stands."""

    code = "planning_failed"


class SolverError(PlanningError):
    """The solver crashed, hung or was handed a model it calls invalid."""

    code = "solver_failed"


class PlanRejectedError(PlanningError):
    """A plan broke the rules of the planning problem and was thrown away."""

    code = "plan_rejected"

    def __init__(self, violations: tuple[str, ...]) -> None:
        self.violations = violations
        super().__init__(violations)  # as it was given: it crosses from one process to another

    def __str__(self) -> str:
        return "; ".join(self.violations[:5])


class StoreError(BatcherError):
    """The database refused."""

    code = "store_failed"


class StoreUnavailableError(StoreError):
    """The database cannot be reached or is locked; trying later may help."""

    code = "store_unavailable"


class StorageFullError(StoreError):
    """There is no room for what should be kept; nothing was."""

    code = "storage_full"


class StoreLockedError(StoreError):
    """Another process holds this database."""

    code = "store_locked"


class LeadershipLostError(StoreError):
    """Another process leads the floor since; what this one still wanted to write was refused."""

    code = "leadership_lost"


class SchemaVersionError(StoreError):
    """The database's schema is not the one this version works with."""

    code = "schema_version"


class SafeModeError(BatcherError):
    """Nothing is sent and no report is taken until the database is reconciled with the stations' folders."""

    code = "safe_mode"


class DispatchError(BatcherError):
    """A ticket did not reach its station; it will be tried again. `reason` is a stable word for metrics and alarms."""

    code = "dispatch_failed"

    def __init__(self, message: str, *, reason: str = "unknown") -> None:
        self.reason = reason
        super().__init__(message)


class FetchError(BatcherError):
    """Another system did not give what it was asked for. `reason` is a stable word for metrics and alarms."""

    code = "fetch_failed"

    def __init__(self, message: str, *, reason: str = "unknown", retry_after_s: float = 0.0) -> None:
        self.reason, self.retry_after_s = reason, retry_after_s
        super().__init__(message)


class ArchivedError(NotFoundError):
    """It is over, and has left the database for the archive."""

    code = "archived"

    def __init__(self, kind: str, ident: str, when: str) -> None:
        super().__init__(kind, ident)
        told = f"{kind} {ident} left for the archive on {when}, its texts forgotten"
        self.args = (f"{told}; `batcher archive show {ident}` reads it",)


class ArchiveError(BatcherError):
    """The archive cannot be written or read; what cannot be written there stays in the database."""

    code = "archive_failed"


class DaemonUnavailableError(BatcherError):
    """The daemon does not answer."""

    code = "daemon_unavailable"
