"""Where the house may ask: judged by every address a name has, and dialled at the one that was judged."""

import socket

import pytest

from batcher.errors import FetchError
from batcher.net.addresses import resolved


def _leading_to(*addresses: str) -> list[tuple[object, ...]]:
    return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 443)) for address in addresses]


@pytest.mark.parametrize("inside", ["10.1.2.3", "127.0.0.1", "169.254.169.254"])
def test_a_name_that_leads_inside_is_not_dialled_whatever_else_it_leads_to(
    monkeypatch: pytest.MonkeyPatch, inside: str
) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: _leading_to("93.184.215.14", inside))

    with pytest.raises(FetchError) as refused:
        resolved("rebinds.example", 443, private=False)

    assert refused.value.reason == "address"


def test_what_is_dialled_is_the_address_that_was_judged_and_no_name(monkeypatch: pytest.MonkeyPatch) -> None:
    answers = [_leading_to("93.184.215.14"), _leading_to("127.0.0.1")]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: answers.pop(0))

    assert resolved("rebinds.example", 443, private=False) == "93.184.215.14"
    assert len(answers) == 1
