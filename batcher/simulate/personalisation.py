"""
What people have put on presents: names and phrases, in lengths and scripts as they come.

Only the wording; which product takes how much text is the rules' to say.
"""

import random

_NAMES = (
    "Olivia", "Noah", "Amelia", "Muhammad", "Isla", "George", "Ava", "Oliver", "Lily", "Leo", "Freya", "Arthur", "Ivy",
    "Oscar", "Mia", "Theo", "Elsie", "Jack", "Grandma", "Grandad", "Mum", "Dad", "Auntie Jo", "Zoë", "Renée", "José",
    "Siân", "Søren", "Björk", "Jürgen", "Łukasz", "Ngọc", "D'Arcy", "Jean-Luc", "Fañch", "Σοφία", "Ольга",
    "美咲", "نور",
)  # fmt: skip
#: Phrase and how often it is chosen; {a} and {b} are names.
_PHRASES = (
    ("{a}", 18), ("{a} & {b}", 14), ("Happy Birthday {a}", 12), ("{a}'s Room", 7), ("Mr & Mrs {a}", 6),
    ("Thank you {a}", 8), ("Congratulations {a}!", 7), ("Merry Christmas {a}", 7), ("World's Best {a}", 6),
    ("To {a}, with love from {b}", 8), ("{a} est. {year}", 4), ("Best Mum Ever, love {a}", 6),
    ("Happy {n}th Birthday {a}, all our love from {b} and everyone at home x", 2),
)  # fmt: skip
_TEMPLATES = tuple(phrase for phrase, _ in _PHRASES)
_WEIGHTS = tuple(weight for _, weight in _PHRASES)


def personalisation(chance: random.Random, max_characters: int) -> str:
    """Return a text of at most so many characters; a name, cut if it must be, where no phrase fits."""
    if max_characters < 1:
        return ""
    a, b = chance.sample(_NAMES, 2)
    (template,) = chance.choices(_TEMPLATES, _WEIGHTS)
    text = template.format(a=a, b=b, year=chance.randint(1955, 2025), n=chance.choice((18, 30, 40, 50, 60)))
    return text if len(text) <= max_characters else a[:max_characters].strip()
