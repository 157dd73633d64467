"""Names of films: the same that traits give them."""

import hashlib

from fullhouse.core.values import slug


def film_slug(title: str, year: int | None) -> str:
    """The id that a film wants: title and year of its opening.

    >>> film_slug("A Dog's Purpose", 2017)
    'a-dogs-purpose-2017'
    """
    text = title if year is None else f"{title} {year}"
    return (
        slug(text.replace("'", "").replace("’", ""))
        or "x" + hashlib.sha256(text.encode()).hexdigest()[:6]
    )


def distinct(wanted: str, taken: set[str]) -> str:
    """The id wanted, or with '-2', '-3' and so on when another film has it.

    >>> distinct("big-1988", {"big-1988"})
    'big-1988-2'
    """
    name, n = wanted, 1
    while name in taken:
        n += 1
        name = f"{wanted}-{n}"
    return name
