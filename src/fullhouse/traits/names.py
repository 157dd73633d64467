"""Names of traits: slugs, and what happens when two want the same."""

import hashlib
from collections.abc import Iterable

from fullhouse.core.values import slug

SEPARATOR = " > "


def plain(text: str) -> str:
    """The text without differences that mean nothing: case, and how it is spaced.

    >>> plain("Pet  Supplies") == plain("PET SUPPLIES ")
    True
    """
    return " ".join(text.casefold().split())


def levels(category: str) -> tuple[str, ...]:
    """The levels of a category path, as they are spelt.

    >>> levels("Pet Supplies > Dogs")
    ('Pet Supplies', 'Dogs')
    """
    return tuple(part for p in category.split(SEPARATOR) if (part := " ".join(p.split())))


def name_slug(text: str) -> str:
    """A slug that is never empty: what has no letters is named by its digest.

    >>> name_slug("Children's")
    'childrens'
    """
    return (
        slug(text.replace("'", "").replace("’", ""))
        or "x" + hashlib.sha256(text.encode()).hexdigest()[:6]
    )


def path_slug(path: Iterable[str]) -> str:
    """The slug of a category path.

    >>> path_slug(("Pet Supplies", "Dogs"))
    'pet-supplies/dogs'
    """
    return "/".join(name_slug(p) for p in path)


def distinct_slugs(keyed: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Key → slug for pairs of key and wanted slug; later keys in order of text get '-2', '-3'.

    >>> distinct_slugs([("C", "c"), ("C++", "c")])
    {'C': 'c', 'C++': 'c-2'}
    """
    found: dict[str, str] = {}
    taken: set[str] = set()
    pairs = sorted(set(keyed))
    wanted = {w for _, w in pairs}
    for key, want in pairs:
        name, n = want, 1
        while name in taken or (n > 1 and name in wanted):
            n += 1
            name = f"{want}-{n}"
        found[key] = name
        taken.add(name)
    return found


def film_slug(title: str, year: int | None) -> str:
    """The slug of a film: title and year.

    >>> film_slug("Hachi: A Dog's Tale", 2009)
    'hachi-a-dogs-tale-2009'
    """
    return name_slug(title if year is None else f"{title} {year}")
