"""Instants, spans, shares and money as people on the floor read them."""

from datetime import datetime
from zoneinfo import ZoneInfo

#: Currencies whose minor unit is the unit itself.
_WHOLE = frozenset({"CLP", "ISK", "JPY", "KRW", "PYG", "UGX", "VND", "XAF", "XOF", "XPF"})


def clock(instant: datetime, now: datetime, zone: ZoneInfo) -> str:
    """Return a local wall time, with its day when that is not today."""
    local, today = instant.astimezone(zone), now.astimezone(zone).date()
    if local.date() == today:
        return f"{local:%H:%M}"
    near = abs((local.date() - today).days) < 7
    return f"{local:%a %H:%M}" if near else f"{local:%d %b %H:%M}"


def span(seconds: float) -> str:
    """Return a duration in its two largest units, rounded down."""
    minutes, rest = divmod(int(abs(seconds)), 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    if days:
        return f"{days} d {hours} h"
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min" if minutes else f"{rest} s"


def percent(share: float) -> str:
    """Return a share as a percentage; small ones keep one decimal."""
    value = share * 100
    return f"{value:.1f} %" if 0 < value < 10 else f"{value:.0f} %"


def money(minor: float, currency: str) -> str:
    """Return an amount of minor units with its currency."""
    return f"{minor:,.0f} {currency}" if currency in _WHOLE else f"{minor / 100:,.2f} {currency}"
