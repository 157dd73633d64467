"""Take a set of films into the lake: match and link first, then facts, grosses and signals."""

import hashlib
import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from fullhouse.core.brief import Brief
from fullhouse.core.errors import did_you_mean
from fullhouse.core.tables import FILM_FACT, FILM_FORECAST, FILM_GROSS, FILM_SIGNAL
from fullhouse.films import identity
from fullhouse.films.film import (
    ANNOUNCED,
    EVERYWHERE,
    RETIRED,
    EntryFact,
    FilmEntry,
    FilmSet,
    Problem,
    distinct,
    film_slug,
)
from fullhouse.films.identity import SetLink
from fullhouse.films.store import append_rows, fact_rows
from fullhouse.lake import Lake

if TYPE_CHECKING:
    from fullhouse.control import Control

MATCHED, REVIEW = "matched", "review"

NEAR_DAYS = 120
"""Films of one title whose dates are this near are one: openings differ by country and set."""
LATE_DAYS = 550
"""A film opens in a country up to this much after it is first shown anywhere.

Of 217 pairs of one title 121 to 550 days apart, in that order, all were one film.
"""
VERY_LATE_DAYS = 900
"""Up to this it mostly is (18 of 19 such pairs), but remakes come in: somebody should look."""
CLOSE_DAYS = 21
"""With and without its subtitle, a film is known by dates at most this far apart."""
NEAR_TITLE = 0.6
"""Least likeness of two titles (cosine of their letters by threes) that somebody should look at."""
SURE = 0.9
"""Likeness from which two titles of one week are one film."""
SAME_WEEK = 7
SURE_FAR = 0.8
"""Least likeness to be looked at where the dates are near and not close."""

_ROMAN = {
    "ii": "2",
    "iii": "3",
    "iv": "4",
    "v": "5",
    "vi": "6",
    "vii": "7",
    "viii": "8",
    "ix": "9",
    "x": "10",
    "xi": "11",
    "xii": "12",
    "xiii": "13",
}
_NUMBERED = frozenset({"part", "pt", "vol", "volume", "chapter", "episode"})
_ARTICLES = frozenset({"the", "a", "an", "le", "la", "les", "el", "los", "las", "il", "der", "die"})
_YEAR = re.compile(r"\s*\((?:19|20)\d{2}\)\s*$")
_SUBTITLE = re.compile(r"\s*(?:[:;(]|\s[-–—]\s|\bor,?\s\(?|,\s+or\b)")


@dataclass(frozen=True)
class Item:
    """What is compared: an entry by its id, or a film, with every title and date it goes by."""

    id: str
    titles: tuple[str, ...]
    openings: tuple[tuple[date, str], ...]
    """Each with its territory; empty: the first day anywhere."""


@dataclass(frozen=True)
class Pair:
    """An entry and the film it is, or may be."""

    entry: str
    film: str
    status: str
    score: float
    days: int


def words(title: str) -> list[str]:
    """The words of a title without differences that mean nothing.

    >>> words("The Fast & the Furious, Part III (2006)")
    ['fast', 'the', 'furious', '3']
    """
    text = unicodedata.normalize("NFKD", _YEAR.sub("", title).casefold())
    text = "".join(c for c in text if not unicodedata.combining(c))
    text = unicodedata.normalize("NFC", text)
    text = re.sub(r"['’‘`.·]", "", text.replace("&", " and ").replace("æ", "ae"))
    parts = [w for w in re.split(r"[\W_]+", text.replace("3-d", "3d")) if w]
    parts = [
        _ROMAN.get(w, "1" if w == "i" and i and parts[i - 1] in _NUMBERED else w)
        for i, w in enumerate(parts)
    ]
    main = [
        w
        for i, w in enumerate(parts)
        if w not in ("and", "3d")
        and not (w in _NUMBERED and parts[i + 1 : i + 2] and parts[i + 1].isdigit())
    ]
    if len(main) > 1 and main[0] in _ARTICLES:
        main = main[1:]
    return main or parts or [title.casefold().strip()]


def key(title: str) -> str:
    """The title for comparison: its words without the gaps between them.

    >>> key("Spider-Man 2") == key("Spiderman II")
    True
    """
    return "".join(words(title))


def main_key(title: str) -> str:
    """The key of what stands before the subtitle.

    >>> main_key("Birdman or (The Unexpected Virtue of Ignorance)")
    'birdman'
    """
    return key(_SUBTITLE.split(title, maxsplit=1)[0] or title)


def match(entries: Sequence[Item], films: Sequence[Item]) -> list[Pair]:
    """The best pairs, in which each entry and each film stands at most once."""
    pairs = [*_same_title(entries, films), *_like_title(entries, films)]
    pairs.sort(key=lambda p: (p.status != MATCHED, -p.score, abs(p.days), p.entry, p.film))
    taken_entries: set[str] = set()
    taken_films: set[str] = set()
    best = []
    for pair in pairs:
        if pair.entry not in taken_entries and pair.film not in taken_films:
            taken_entries.add(pair.entry)
            taken_films.add(pair.film)
            best.append(pair)
    return best


def _same_title(entries: Sequence[Item], films: Sequence[Item]) -> list[Pair]:
    by_key = _by_key(films)
    pairs = []
    late: list[tuple[Item, Item, int]] = []
    for entry in entries:
        same = {f.id: f for k in {key(t) for t in entry.titles} for f in by_key.get(k, ())}
        for film in same.values():
            days, in_order = _apart(entry, film)
            same_words = in_order and bool(_plain(entry) & _plain(film))
            if days is None:
                if len(same) == 1:
                    pairs.append(Pair(entry.id, film.id, REVIEW, 0.5, 0))
            elif abs(days) <= NEAR_DAYS:
                pairs.append(Pair(entry.id, film.id, MATCHED, _score(days), days))
            elif abs(days) <= LATE_DAYS and same_words:
                late.append((entry, film, days))
            elif abs(days) <= LATE_DAYS or (same_words and abs(days) <= VERY_LATE_DAYS):
                pairs.append(Pair(entry.id, film.id, REVIEW, _score(days), days))
    # First shown somewhere, later here: one film when no other of that title is in question.
    times = Counter([e.id for e, _, _ in late]), Counter([f.id for _, f, _ in late])
    for entry, film, days in late:
        alone = times[0][entry.id] == times[1][film.id] == 1
        status = MATCHED if alone else REVIEW
        pairs.append(Pair(entry.id, film.id, status, _score(days), days))
    return pairs


def _score(days: int) -> float:
    return round(1 - abs(days) / 1000, 3)


def _plain(item: Item) -> set[str]:
    """Its titles with their articles: Departure and The Departure are two films."""
    return {" ".join(re.split(r"[\W_]+", t.casefold())).strip() for t in item.titles}


def _by_key(films: Sequence[Item]) -> dict[str, list[Item]]:
    by_key: dict[str, list[Item]] = defaultdict(list)
    for film in films:
        for k in {key(t) for t in film.titles}:
            by_key[k].append(film)
    return by_key


def _like_title(entries: Sequence[Item], films: Sequence[Item]) -> list[Pair]:
    """Pairs whose titles are alike and whose dates are near."""
    a = [(i, t) for i, e in enumerate(entries) for t in e.titles if e.openings]
    b = [(i, t) for i, f in enumerate(films) for t in f.titles if f.openings]
    if not a or not b:
        return []
    pairs: dict[tuple[int, int], Pair] = {}
    for i, j, likeness in _likeness([t for _, t in a], [t for _, t in b]):
        (e, title), (f, other) = a[i], b[j]
        days, _ = _apart(entries[e], films[f])
        if days is None or abs(days) > NEAR_DAYS or key(title) == key(other):
            continue
        numbers = _digits(title), _digits(other)
        # Saw 2 is not Saw 3; but K-19: The Widowmaker of the same week is The Widowmaker.
        if numbers[0] != numbers[1] and (all(numbers) or abs(days) > SAME_WEEK):
            continue
        sub = main_key(title) == key(other) or key(title) == main_key(other)
        sure = numbers[0] == numbers[1] and abs(days) <= (
            CLOSE_DAYS if sub else SAME_WEEK if likeness >= SURE else -1
        )
        status = MATCHED if sure else REVIEW
        if abs(days) > CLOSE_DAYS and not sub and likeness < SURE_FAR:
            continue
        score = round(max(likeness, 0.85 if sub else 0), 3)
        pair = Pair(entries[e].id, films[f].id, status, score, days)
        before = pairs.get((e, f))
        if before is None or before.score < score:
            pairs[e, f] = pair
    return list(pairs.values())


def _likeness(a: Sequence[str], b: Sequence[str]) -> list[tuple[int, int, float]]:
    """Places in both lists of titles that are alike, with how much."""
    # Imported here: it takes a second, and most commands match nothing.
    from sklearn.feature_extraction.text import TfidfVectorizer

    # Without weights by rarity: what a pair is like must not depend on what else is here.
    vectorizer = TfidfVectorizer(analyzer="char_wb", ngram_range=(3, 3), use_idf=False)
    texts_a, texts_b = ([" ".join(words(t)) for t in side] for side in (a, b))
    vectorizer.fit([*texts_a, *texts_b])
    product = (vectorizer.transform(texts_a) @ vectorizer.transform(texts_b).T).tocoo()
    keep = product.data >= NEAR_TITLE
    likeness = {
        (int(i), int(j)): float(s)
        for i, j, s in zip(product.row[keep], product.col[keep], product.data[keep], strict=True)
    }
    # A long subtitle hides the likeness of what stands before it.
    mains: dict[str, list[int]] = defaultdict(list)
    for j, title in enumerate(b):
        for k in {key(title), main_key(title)}:
            mains[k].append(j)
    for i, title in enumerate(a):
        for k in {key(title), main_key(title)}:
            for j in mains.get(k, ()):
                likeness.setdefault((i, j), 0.0)
    return [(i, j, s) for (i, j), s in sorted(likeness.items())]


def _digits(title: str) -> list[str]:
    """Numbers among the words."""
    return sorted(w for w in words(title) if w.isdigit())


def _apart(entry: Item, film: Item) -> tuple[int | None, bool]:
    """Days from the film's nearest date to the entry's, None where one has no date.

    And whether the one that is the first anywhere is the earlier, the other a territory's own.
    """
    days = [
        ((a - b).days, (not t and bool(u) and a <= b) or (bool(t) and not u and b <= a))
        for a, t in entry.openings
        for b, u in film.openings
    ]
    return min(days, key=lambda d: (abs(d[0]), not d[1])) if days else (None, False)


@dataclass(frozen=True)
class Imported(Brief):
    """What became of a file: how its entries were linked, and rows written by table."""

    set: str
    file: str
    read: int
    entries: int
    matched: int
    new: int
    review: int
    known: int
    facts: int
    grosses: int
    signals: int
    forecasts: int
    already: bool
    problems: tuple[Problem, ...]


def import_set(lake: Lake, control: "Control", films: FilmSet, *, at: datetime) -> Imported:
    """Link the entries of a set and write what it says; the same file twice writes nothing new.

    Links are written first and each table has its own batch, so that after a crash the same call
    completes. A row that the set said before in the same words is not written again.
    """
    before = identity.links(control)
    entries, problems = _named(films.entries, before, films.name)
    fresh = _link(entries, before, films.name, at)
    identity.add_links(control, fresh)
    linked = _here(before) if any(e.named for e in entries) else {}
    linked |= {k.set_id: k.film for k in (*before, *fresh) if k.set == films.name}
    refused = sorted({e.id for e in films.entries} - {e.id for e in entries})
    batch = hashlib.sha256("\n".join([films.digest, *refused]).encode()).hexdigest()[:32]
    common = {"origin": films.name, "at": at, "batch": batch}
    every = [*before, *fresh]
    written = [
        append_rows(lake, FILM_FACT, _facts(entries, linked, every), common),
        append_rows(lake, FILM_GROSS, _rows(films.grosses, linked), common),
        append_rows(lake, FILM_SIGNAL, _rows(films.signals, linked), common),
        append_rows(lake, FILM_FORECAST, _rows(films.forecasts, linked), common),
    ]
    counts = Counter(k.status for k in fresh)
    return Imported(
        set=films.name,
        file=films.file,
        read=films.read,
        entries=len(entries),
        matched=counts["matched"],
        new=counts["new"],
        review=counts["review"],
        known=len(entries) - len(fresh),
        facts=written[0] or 0,
        grosses=written[1] or 0,
        signals=written[2] or 0,
        forecasts=written[3] or 0,
        already=all(w is None for w in written),
        problems=(*films.problems, *problems),
    )


def _named(
    entries: Sequence[FilmEntry], before: Sequence[SetLink], name: str
) -> tuple[list[FilmEntry], list[Problem]]:
    """The entries that are titles, or name a film that is here; the rest are problems."""
    here = {*_here(before), *(k.set_id for k in before if k.set == name)}
    accepted = [e for e in entries if not e.named or e.id in here]
    lost = [e for e in entries if e.named and e.id not in here]
    return accepted, [
        Problem(0, "no such film here", e.id + did_you_mean(e.id, here)) for e in lost
    ]


def _here(before: Sequence[SetLink]) -> dict[str, str]:
    """Every id of a film, also those that gave way, with the film it is."""
    return {k.film: k.film for k in before} | {k.set_id: k.film for k in before if k.set == RETIRED}


def _link(
    entries: Sequence[FilmEntry], before: Sequence[SetLink], name: str, at: datetime
) -> list[SetLink]:
    """Links for the entries that have none."""
    done = {k.set_id for k in before if k.set == name}
    open_ = [e for e in entries if e.id not in done and not e.named]
    ours = {k.film for k in before if k.set == name}
    known = _items(k for k in before if k.set != RETIRED and k.film not in ours)
    pairs = {p.entry: p for p in match([_item(e) for e in open_], known)} if known else {}
    taken = {k.film for k in before} | {k.set_id for k in before if k.set == RETIRED}
    fresh = []
    for entry in sorted(open_, key=lambda e: (e.opening or date.max, e.title, e.id)):
        pair = pairs.get(entry.id)
        link = SetLink(
            set=name,
            set_id=entry.id,
            film="",
            status=pair.status if pair else "new",
            title=entry.title,
            other_title=entry.other_title,
            opening=entry.opening,
            territory=entry.territory,
            at=at,
            score=pair.score if pair else None,
        )
        if pair and pair.status == "matched":
            fresh.append(replace(link, film=pair.film))
            continue
        film = distinct(film_slug(entry.title, entry.year), taken)
        taken.add(film)
        fresh.append(replace(link, film=film, candidate=pair.film if pair else None))
    return fresh


def _item(entry: FilmEntry) -> Item:
    titles = (entry.title, *([entry.other_title] if entry.other_title else []))
    return Item(entry.id, titles, ((entry.opening, entry.territory),) if entry.opening else ())


def _items(known: Iterable[SetLink]) -> list[Item]:
    by_film: dict[str, list[SetLink]] = defaultdict(list)
    for link in known:
        by_film[link.film].append(link)
    return [
        Item(
            film,
            tuple(dict.fromkeys(t for k in own for t in (k.title, k.other_title) if t)),
            tuple(dict.fromkeys((k.opening, k.territory) for k in own if k.opening)),
        )
        for film, own in sorted(by_film.items())
    ]


def _facts(
    entries: Sequence[FilmEntry], linked: dict[str, str], every: Sequence[SetLink]
) -> pa.Table:
    facts = [(linked[e.id], fact) for e in entries for fact in e.facts]
    facts += _rereleases([e for e in entries if e.rerelease], linked, every)
    return fact_rows(facts)


def _rereleases(
    again: Sequence[FilmEntry], linked: dict[str, str], every: Sequence[SetLink]
) -> list[tuple[str, EntryFact]]:
    """Which film each is shown again; an empty fact where that is not here."""
    by_title: dict[str, list[SetLink]] = defaultdict(list)
    for link in every if again else ():
        if link.set != RETIRED and link.opening:
            by_title[key(link.title)].append(link)
    facts = []
    for entry in again:
        assert entry.opening is not None
        film = linked[entry.id]
        earlier = [
            (k.opening, k.film)
            for k in by_title[key(entry.title)]
            if k.film != film and k.opening and k.opening < entry.opening
        ]
        fact = EntryFact(
            "rerelease_of",
            min(earlier)[1] if earlier else None,
            entry.opening - ANNOUNCED,
            entry.territory or EVERYWHERE,
        )
        facts.append((film, fact))
    return facts


def _rows(rows: pa.Table, linked: dict[str, str]) -> pa.Table:
    """Rows by an entry's id as rows by film; rows of an entry that is refused are left out."""
    ids = pa.array(list(linked), pa.string())
    films = pa.array(list(linked.values()), pa.string())
    column = rows["id"].combine_chunks() if rows.num_rows else pa.array([], pa.string())
    named = films.take(pc.index_in(column, value_set=ids))
    return rows.drop(["id"]).append_column("film", named).filter(named.is_valid())
