"""The documentation as the daemon shows it, and that what alerts link is there."""

import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import httpx
import pytest

from batcher.api.app import create_app
from batcher.api.handbook import rendered
from batcher.api.health import Health
from tests.alert_rules import PROMETHEUS, Alert, alerts, read_yaml
from tests.builders_api import client_of, opened_floor

_DOCS = Path(__file__).parents[3] / "docs"
_PAGES = sorted(path.relative_to(_DOCS).as_posix() for path in _DOCS.rglob("*.md"))


def test_every_page_is_shown_and_every_link_leads_to_a_page_and_a_place_in_it(client: httpx.Client) -> None:
    shown = {f"/help/{path}": client.get(f"/help/{path}").text for path in _PAGES}

    assert len(shown) > 40
    for path, page in shown.items():
        body = page.partition("<main")[2]
        for link in re.findall(r'(?:href|src)="([^"]*)"', body):
            target = urlsplit(urljoin(path, link))
            if target.netloc:
                continue
            if target.path not in shown:
                assert client.get(target.path).status_code == 200, f"{path} links {link}"
            elif target.fragment:
                assert f'id="{target.fragment}"' in shown[target.path], f"{path} links {link}"


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """A client for those who only read, so that one floor does for all of them."""
    with opened_floor(tmp_path_factory.mktemp("read")) as floor, client_of(create_app(floor, Health())) as opened:
        yield opened


@pytest.mark.parametrize("alert", alerts(), ids=lambda alert: alert.name)
def test_the_runbook_that_an_alert_links_is_shown_without_signing_in(reader: httpx.Client, alert: Alert) -> None:
    docs = read_yaml(PROMETHEUS / "prometheus.yml")["global"]["external_labels"]["docs"]

    page = reader.get(urlsplit(f"{docs}/runbooks/{alert.runbook}.md").path)

    assert page.status_code == 200
    assert "Do this" in page.text


def test_nothing_but_the_documentation_is_shown(client: httpx.Client) -> None:
    for path in ("../pyproject.toml", "%2e%2e/pyproject.toml", "no-such.md", "runbooks", "/etc/passwd"):
        assert client.get(f"/help/{path}").status_code == 404
    assert client.get("/help/", follow_redirects=False).headers["location"] == "/help/README.md"


def test_what_a_page_links_beyond_the_documentation_is_shown_without_its_link() -> None:
    text = "# A page\n\n[in](b.md#c), [out](../batcher/x.py), [else](https://example.org/) <script>x</script>\n"

    title, page = rendered("a.md", text, {"b.md": Path("b.md")})

    assert title == "A page"
    assert '<a href="b.md#c">in</a>, out, <a href="https://example.org/">else</a>' in page
    assert "<script>" not in page
