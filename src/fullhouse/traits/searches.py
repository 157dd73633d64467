"""Which film a search is for."""

from collections.abc import Iterable

from fullhouse.traits.names import film_slug, tokens

AROUND = frozenset(
    [
        "film",
        "films",
        "movie",
        "movies",
        "trailer",
        "trailers",
        "cinema",
        "ticket",
        "tickets",
        "times",
    ]
)
"""Words beside a title that a search for the film has."""
PARTS = (":", " - ", " – ")
"""What stands between a title and its subtitle."""


class TitleFinder:
    """Finds film titles in searches.

    A title of one word must be all that is searched for, beside words such as "trailer" and a
    year: "up" is a film, "dress up" is not. Of longer ones the words must stand one after another.
    A title is also named by its part before a subtitle, where no other title begins so.

    >>> TitleFinder(["Up", "Hachi: A Dog's Tale"]).find("hachi movie 2009")
    'hachi-a-dogs-tale'
    """

    def __init__(self, titles: Iterable[str]) -> None:
        self._slugs: dict[tuple[str, ...], str] = {}
        short: dict[tuple[str, ...], set[str]] = {}
        for title in sorted(set(titles)):
            words, slug = tuple(tokens(title)), film_slug(title, None)
            if words:
                self._slugs.setdefault(words, slug)
            for part in PARTS:
                if part in title:
                    short.setdefault(tuple(tokens(title.partition(part)[0])), set()).add(slug)
        for words, slugs in short.items():
            if words and len(slugs) == 1:
                self._slugs.setdefault(words, next(iter(slugs)))
        self._longest = max(map(len, self._slugs), default=0)

    def find(self, query: str) -> str:
        """The slug of the longest title that a search names; empty where it names none."""
        words = tokens(query)
        bare = tuple(w for w in words if w not in AROUND and not (w.isdigit() and len(w) == 4))
        for whole in (tuple(words), bare):
            if whole in self._slugs:
                return self._slugs[whole]
        for size in range(min(self._longest, len(words)), 1, -1):
            for start in range(len(words) - size + 1):
                phrase = tuple(words[start : start + size])
                if phrase in self._slugs:
                    return self._slugs[phrase]
        return ""
