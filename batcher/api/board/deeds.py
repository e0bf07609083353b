"""What may be done from the board: each deed with what it means, asked once more before it is done."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from batcher.services import actions
from batcher.services.blanks import say_back, say_out
from batcher.services.context import Floor
from batcher.services.doubt import resolve_ticket
from batcher.services.remaking import remake_item

#: Does it to what is named, with why and who.
Do = Callable[[Floor, str, str, str], object]


@dataclass(frozen=True)
class Deed:
    """
    One thing that can be done.

    Parameters
    ----------
    title
        `{}` stands for what it is done to.
    means
        What follows from it, for who is about to do it.
    grave
        It cannot be undone.
    """

    title: str
    means: str
    button: str
    do: Do
    grave: bool = False


#: By kind and verb.
DEEDS: Mapping[tuple[str, str], Deed] = {
    ("orders", "hold"): Deed(
        "Hold order {}",
        "Nothing more of it is planned or released until somebody lets it go. What a station has in hand is made.",
        "Hold it",
        actions.hold_order,
    ),
    ("orders", "release"): Deed(
        "Release order {}",
        "It is judged anew by the rules in force, and planned again. One that cannot be made stays held.",
        "Release it",
        lambda floor, key, why, who: actions.release_order(floor, key, who, reason=why),
    ),
    ("orders", "cancel"): Deed(
        "Cancel order {}",
        "Nothing more of it is made, for good. What a station has in hand is made, and flagged.",
        "Cancel it for good",
        actions.cancel_order,
        grave=True,
    ),
    ("items", "remake"): Deed(
        "Make {} again",
        "This piece is scrapped, for good, and another takes its place from the first step on, with the same due time.",
        "Scrap it and make another",
        remake_item,
        grave=True,
    ),
    ("stations", "down"): Deed(
        "Take {} down",
        "It is given no more work. Tickets that have not left the house are planned elsewhere; what it runs goes on.",
        "Take it down",
        lambda floor, name, why, who: actions.set_station(floor, name, up=False, reason=why, who=who),
    ),
    ("stations", "up"): Deed(
        "Take {} up",
        "It is given work again.",
        "Take it up",
        lambda floor, name, why, who: actions.set_station(floor, name, up=True, reason=why, who=who),
    ),
    ("blanks", "out"): Deed(
        "{} has run out",
        "Pieces of it that no station has in hand are not begun until somebody says that it is back. All else goes on.",
        "It has run out",
        lambda floor, name, why, who: say_out(floor, name, reason=why, who=who),
    ),
    ("blanks", "back"): Deed(
        "{} is back",
        "Its pieces are planned again.",
        "It is back",
        lambda floor, name, why, who: say_back(floor, name, reason=why, who=who),
    ),
    ("tickets", "made"): Deed(
        "The ticket in doubt at {} was made",
        "All its pieces are counted as made and go on to their next step. Say so only when somebody has seen them.",
        "All were made",
        lambda floor, ident, why, who: resolve_ticket(floor, ident, made=True, reason=why, who=who),
        grave=True,
    ),
    ("tickets", "not-made"): Deed(
        "The ticket in doubt at {} was not made",
        "All its pieces are planned anew. Say so only when somebody has seen that none was made.",
        "None was made",
        lambda floor, ident, why, who: resolve_ticket(floor, ident, made=False, reason=why, who=who),
        grave=True,
    ),
}
