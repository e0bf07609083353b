"""One table of exit codes."""

import inspect

import pytest

from batcher import errors
from batcher.cli.exit_codes import ExitCode, exit_code
from batcher.errors import BatcherError, Fault


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (errors.RulesError((Fault("a.yaml:1:1", "no"),)), 78),
        (errors.SettingsError("no"), 78),
        (errors.SchemaVersionError("no"), 78),
        (errors.OrderRejectedError((Fault("/", "no"),)), 65),
        (errors.DocumentError((Fault("/", "no"),)), 65),
        (errors.StoreLockedError("no"), 75),
        (errors.StoreUnavailableError("no"), 69),
        (errors.DaemonUnavailableError("no"), 69),
        (errors.InvariantError("no"), 70),
        (errors.NotFoundError("order", "1"), 1),
        (errors.ConflictError("no"), 1),
        (errors.PlanRejectedError(("no",)), 1),
        (FileNotFoundError("x"), 66),
        (FileExistsError("x"), 73),
        (PermissionError("x"), 73),
        (TimeoutError("x"), 1),
        (KeyboardInterrupt(), 130),
        (RuntimeError("x"), 70),
    ],
)
def test_the_nearest_class_of_an_error_decides_its_exit_code(error: BaseException, code: int) -> None:
    assert exit_code(error) == code


def test_no_error_raised_on_purpose_but_a_broken_invariant_is_told_as_a_bug() -> None:
    family = [kind for _, kind in inspect.getmembers(errors, inspect.isclass) if issubclass(kind, BatcherError)]

    bugs = {kind for kind in family if exit_code(kind.__new__(kind)) is ExitCode.BUG}

    assert bugs == {errors.InvariantError}
