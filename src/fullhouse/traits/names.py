"""Names of traits, and the words of titles: slugs, tokens, stop words, phrases."""

import hashlib
import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
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
