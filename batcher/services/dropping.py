"""The drop folder: order files in, each put away only after its orders are kept."""

from batcher.services.context import Floor


def poll_orders(floor: Floor) -> int:
    """Take in what lies in the drop folder; return how many orders."""
    return 0
