"""Words of titles: how they are cut, matched and chosen."""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

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
"""Words that say nothing of taste: articles, prepositions and measures of packages."""


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
        found: dict[str, list[list[str]]] = {}
        for words in filter(None, map(tokens, self.texts)):
            found.setdefault(words[0], []).append(words)
        return found

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
    found = []
    for title in titles:
        words = tokens(title)
        found.append((not any_ or wanted.match(words)) and not refused.match(words))
    return found
