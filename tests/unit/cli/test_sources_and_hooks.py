"""`batcher sources` and `batcher hooks` without a daemon: shown, tried, read again; given-up news sent again."""

import json
import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import pytest
from typer.testing import CliRunner

from batcher.cli.floors import reading_floor
from batcher.cli.main import app
from batcher.dispatch import webhook
from batcher.services.context import Floor
from batcher.services.news import GIVEN_UP_AFTER, NewsDesk
from batcher.settings import Settings
from batcher.store import migrate
from batcher.store.session import Store
from tests.builders_api import RULES, order
from tests.builders_floor import later, take
from tests.builders_sources import PLAIN, Said, plain_order, serving

Run = Callable[..., str]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    environment = {
        "BATCHER_STATE_DIR": str(tmp_path), "BATCHER_RULES": str(tmp_path / "rules"), "BATCHER_PRIVATE_HOOKS": "1",
    }  # fmt: skip
    shutil.copytree(RULES, tmp_path / "rules")
    migrate.upgrade(f"sqlite:///{tmp_path / 'batcher.db'}")

    def invoke(*words: str) -> str:
        result = CliRunner().invoke(app, list(words), env=environment)
        assert result.exit_code == 0, result.output
        return result.stdout

    return invoke


def test_a_source_is_listed_tried_and_read_again(run: Run, tmp_path: Path) -> None:
    with serving(lambda _: Said({"orders": [plain_order(1), plain_order(2, at="?")]})) as shop:
        source = PLAIN.format(url=shop.url, more="").replace("\n", "\n    ")
        (tmp_path / "rules" / "sources.yaml").write_text(f"sources:\n  shop:{source}", encoding="utf-8")
        tried = json.loads(run("sources", "try", "shop", "--json"))
        table = run("sources", "try", "shop")

    (listed,) = json.loads(run("sources", "list", "--json"))
    run("sources", "rewind", "shop", "--to", "2026-11-20T00:00:00Z")
    (after,) = json.loads(run("sources", "list", "--json"))

    assert [one["taken"]["outcome"] for one in tried] == ["valid", "rejected"]
    assert "datetime_invalid" not in table
    assert "must be a time such as" in table
    assert (listed["state"]["id"], listed["kind"], listed["state"]["watermark"]) == ("shop", "http", None)
    assert after["state"]["watermark"] == "2026-11-20T00:00:00Z"
    assert "None is refused" in run("sources", "refused", "shop")


def test_given_up_news_is_listed_and_sent_again(tmp_path: Path, run: Run) -> None:
    secret = run("hooks", "create", "shop", "http://127.0.0.1:9/news").splitlines()[-1]
    settings = Settings(state_dir=tmp_path, rules=RULES)
    with reading_floor(settings) as reading:
        rules = reading.rules
        metrics = reading.metrics
    store = Store.open(settings.store_url, exclusive=True)
    floor = Floor(store, rules, metrics, settings.floor_clock(datetime.now(UTC)), settings)
    take(floor, order())
    post = partial(webhook.post, private=True, timeout_s=1.0)
    NewsDesk(floor, post, lambda: 1.0).turn()
    NewsDesk(later(floor, seconds=GIVEN_UP_AFTER.total_seconds() + 60), post, lambda: 1.0).send()
    store.close()

    (dead,) = json.loads(run("hooks", "dead", "shop", "--json"))
    told = run("hooks", "replay", "shop")
    (listed,) = json.loads(run("hooks", "list", "--json"))

    assert secret.startswith("whsec_")
    assert (dead["news"]["type"], dead["delivery"]["last_error"]) == (
        "order.accepted",
        "connect: ConnectionRefusedError",
    )
    assert "1 pieces of news" in told
    assert (listed["name"], listed["deliveries"]) == ("shop", {"waiting": 1})
    assert secret not in json.dumps(listed)
