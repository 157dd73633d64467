"""Names of traits, and the words of titles: slugs, tokens, stop words, phrases."""

import hashlib
import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property

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
    slugs: dict[str, str] = {}
    taken: set[str] = set()
    pairs = sorted(set(keyed))
    wanted = {w for _, w in pairs}
    for key, want in pairs:
        name, n = want, 1
        while name in taken or (n > 1 and name in wanted):
            n += 1
            name = f"{want}-{n}"
        slugs[key] = name
        taken.add(name)
    return slugs


def film_slug(title: str, year: int | None) -> str:
    """The slug of a film: title and year.

    >>> film_slug("Hachi: A Dog's Tale", 2009)
    'hachi-a-dogs-tale-2009'
    """
    return name_slug(title if year is None else f"{title} {year}")


def without_year(slug: str) -> str:
    """The slug of a film's title alone.

    >>> without_year("hachi-a-dogs-tale-2009"), without_year("apollo-13")
    ('hachi-a-dogs-tale', 'apollo-13')
    """
    stem, _, year = slug.rpartition("-")
    return stem if stem and len(year) == 4 and year.isdigit() else slug


@dataclass(frozen=True)
class ListedFilm:
    """A film as a source lists it."""

    source: str
    title: str | None
    year: int | None
    released: date | None = None


NEAR_DAYS = 92
"""Two days that a film opened on, of different sources, lie so near one another."""
TURN_DAYS = 183
"""A day so near the turn of the year may be of a film that another source lists a year apart."""


def one_year(films: Sequence[ListedFilm]) -> list[int | None]:
    """The year of each film, the same for what different sources list under neighbouring years.

    A film that opens near the turn of the year is of 1997 to one source and of 1998 to another.
    Films of one title and of two years in a row are one where no source lists both, and the days,
    as far as they are known, lie near one another or near the turn. The year is then the one that
    more sources give, else the earlier.

    >>> one_year([ListedFilm("a", "Up", 1997), ListedFilm("b", "UP", 1998, date(1998, 1, 7))])
    [1997, 1997]
    """
    by_title: dict[str, dict[int, list[int]]] = {}
    for i, film in enumerate(films):
        if film.title and film.year is not None:
            years = by_title.setdefault(film_slug(film.title, None), {})
            years.setdefault(film.year, []).append(i)
    result = [f.year for f in films]
    for years in by_title.values():
        taken: set[int] = set()
        for year in sorted(years):
            if year in taken or year + 1 not in years:
                continue
            one, two = ([films[i] for i in years[y]] for y in (year, year + 1))
            if not _may_be_one(one, two):
                continue
            taken.add(year + 1)
            sources = [len({f.source for f in each}) for each in (one, two)]
            chosen = year if sources[0] >= sources[1] else year + 1
            for i in (*years[year], *years[year + 1]):
                result[i] = chosen
    return result


def _may_be_one(one: Sequence[ListedFilm], two: Sequence[ListedFilm]) -> bool:
    """Whether films of a year and of the next, of one title, may be the same."""
    if {f.source for f in one} & {f.source for f in two}:
        return False
    first, second = ([f.released for f in each if f.released] for each in (one, two))
    if first and second:
        return all(abs((a - b).days) <= NEAR_DAYS for a in first for b in second)
    turn = date(max(f.year or 1 for f in two), 1, 1)
    return all(abs((d - turn).days) <= TURN_DAYS for d in (*first, *second))


# Chinese, Japanese and Korean write words without spaces between (Korean compounds too), so each
# character is a token: a phrase still matches consecutively, and `word:` takes pairs of them.
_CJK = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
_TOKEN = re.compile(rf"[{_CJK}]|[^\W_{_CJK}]+")
_PAIR = re.compile(rf"[{_CJK}]{{2,}}")

_STOP = """
a about after all an and any are as at be been before but by can der das de des die do du e el en et
for from get has have he her his how i if il in into is it its la las le les los more mr mrs ms my
new no not o of off on one or our out over per pour que s she so t than that the their them then
they this three to two un una und une up us vol was we what when who why will with y you your
pack set size inch inches oz lb lbs ct count piece pieces pcs ft ml cm mm
"""
STOP = frozenset(_STOP.split())
"""Words that carry no taste: articles, prepositions and measures of packages."""


def tokens(text: str) -> list[str]:
    """The words of a text in order, lower case; characters of Chinese and Japanese one by one.

    >>> tokens("Hachi: A Dog's Tale")
    ['hachi', 'a', 'dog', 's', 'tale']
    """
    return _TOKEN.findall(unicodedata.normalize("NFKC", text).casefold())


def title_words(text: str) -> set[str]:
    """The words of a title that may become traits: no stop words, numbers or single letters.

    Of Chinese and Japanese runs, every pair of neighbouring characters.

    >>> sorted(title_words("The 101 Dog Treats for a Dog 流浪地球"))
    ['dog', 'treats', '地球', '流浪', '浪地']
    """
    plain = unicodedata.normalize("NFKC", text).casefold()
    words = {
        w
        for w in _TOKEN.findall(plain)
        if len(w) > 1 and w not in STOP and not any(c.isdigit() for c in w)
    }
    pairs = {run[i : i + 2] for run in _PAIR.findall(plain) for i in range(len(run) - 1)}
    return words | pairs


@dataclass(frozen=True)
class Phrases:
    """Words and phrases to look for; a phrase matches consecutive whole words."""

    texts: tuple[str, ...]

    @cached_property
    def _by_first(self) -> dict[str, list[list[str]]]:
        by_first: dict[str, list[list[str]]] = {}
        for words in filter(None, map(tokens, self.texts)):
            by_first.setdefault(words[0], []).append(words)
        return by_first

    def match(self, words: Sequence[str]) -> bool:
        """Whether any of them stands in a tokenised title."""
        for i, word in enumerate(words):
            for phrase in self._by_first.get(word, ()):
                if words[i : i + len(phrase)] == phrase:
                    return True
        return False


def matches(titles: Iterable[str], any_: Sequence[str], none: Sequence[str]) -> list[bool]:
    """For each title, whether it has one of `any_` (or that is empty) and none of `none`."""
    wanted, refused = Phrases(tuple(any_)), Phrases(tuple(none))
    flags = []
    for title in titles:
        words = tokens(title)
        flags.append((not any_ or wanted.match(words)) and not refused.match(words))
    return flags
