"""The documentation says what the code says."""

import re

import pytest

from batcher.cli.floors import CREDENTIAL_VARIABLE
from batcher.settings import Settings
from tests.docs_tables import DOCS, TABLES, table_in


@pytest.mark.parametrize(("page", "name"), TABLES)
def test_a_table_of_the_documentation_says_what_the_code_says(page: str, name: str) -> None:
    told = table_in(page, name)

    assert told == TABLES[page, name](), "python -m tests.docs_tables writes it anew"


def test_no_metric_is_told_without_its_meaning() -> None:
    for line in table_in("metrics.md", "metrics").splitlines()[2:]:
        assert not line.endswith("|  |")


def test_pages_name_no_setting_that_is_not_there() -> None:
    known = {f"BATCHER_{name.upper()}" for name in Settings.model_fields} | {"BATCHER_SETTINGS", CREDENTIAL_VARIABLE}

    for page in ("settings.md", "operations.md"):
        named = set(re.findall(r"BATCHER_[A-Z_]+", (DOCS / page).read_text(encoding="utf-8")))
        assert named <= known
