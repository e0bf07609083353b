"""
The one table of exit codes: what a script or systemd may conclude from how a command ended.

Numbers follow sysexits(3); 78 keeps systemd from restarting a daemon whose configuration cannot work.
"""

from collections.abc import Mapping
from enum import IntEnum

from batcher.errors import (
    BatcherError,
    ConfigError,
    DaemonUnavailableError,
    FaultsError,
    InvariantError,
    LeadershipLostError,
    RulesError,
    SchemaVersionError,
    StoreLockedError,
    StoreUnavailableError,
)


class ExitCode(IntEnum):
    """How a command ended."""

    OK = 0
    FAILED = 1  #: understood, and it could not be done
    USAGE = 2  #: the command line makes no sense
    BAD_DATA = 65  #: an order, problem, plan or report has faults
    NO_INPUT = 66  #: a file that was named is not there or cannot be read
    UNAVAILABLE = 69  #: the daemon or the database does not answer
    BUG = 70  #: our own fault
    CANNOT_CREATE = 73  #: an output could not be written
    TRY_LATER = 75  #: another process holds what is needed
    CONFIG = 78  #: settings, rules or schema must be mended first
    INTERRUPTED = 130  #: ended by Ctrl-C; `solve` has then written its best plan, on SIGTERM too


#: Code by class of error; the nearest class in an error's ancestry decides.
EXIT_CODES: Mapping[type[BaseException], ExitCode] = {
    BatcherError: ExitCode.FAILED,
    FaultsError: ExitCode.BAD_DATA,
    ConfigError: ExitCode.CONFIG,
    RulesError: ExitCode.CONFIG,  # has faults like any document, but it is the configuration that must be mended
    SchemaVersionError: ExitCode.CONFIG,
    StoreLockedError: ExitCode.TRY_LATER,
    LeadershipLostError: ExitCode.TRY_LATER,
    StoreUnavailableError: ExitCode.UNAVAILABLE,
    DaemonUnavailableError: ExitCode.UNAVAILABLE,
    InvariantError: ExitCode.BUG,
    FileNotFoundError: ExitCode.NO_INPUT,
    IsADirectoryError: ExitCode.NO_INPUT,
    FileExistsError: ExitCode.CANNOT_CREATE,
    PermissionError: ExitCode.CANNOT_CREATE,
    OSError: ExitCode.FAILED,
    KeyboardInterrupt: ExitCode.INTERRUPTED,
    BaseException: ExitCode.BUG,
}


def exit_code(error: BaseException) -> ExitCode:
    """Return the code a command ends with after `error`; what no one raised on purpose is a bug."""
    return next(EXIT_CODES[kind] for kind in type(error).__mro__ if kind in EXIT_CODES)
