"""
When the interpreter looks for cycles of objects that nobody needs any more.

A full look stops everything, an order that is just coming in too, for as long as there are objects; with a hundred
thousand open orders that is most of a second, and the interpreter would do it many times while a plan is made. What
plans and orders are made of has no cycles, and goes by itself. So young objects are looked at as before, in larger
lots, and all of them only now and then.
"""

import asyncio
import contextlib
import gc

#: Objects made since the last look, and such looks before their survivors are looked at: some ten milliseconds each.
_YOUNG, _LOTS = 10_000, 10
#: The interpreter is never to look at all of them by itself.
_NEVER = 2**31 - 1
#: Seconds of the wall clock between two full looks.
_REST_S = 600.0


def settle() -> None:
    """Leave what there is after the start alone for good, and look at the rest as the module says."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(_YOUNG, _LOTS, _NEVER)


async def collect_now_and_then(stop: asyncio.Event) -> None:
    """Look at all objects every ten minutes, until told to stop."""
    while True:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), _REST_S)
            return
        gc.collect()
