"""Look-ups of what was known on a day: records, sequels, slate, market, constant prices."""

import re
import unicodedata
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import log

import numpy as np

from fullhouse.core.arrays import Floats
from fullhouse.films.naming import distributor_key, event_of, franchise_of
from fullhouse.forecast.calendar import as_day, first_sunday, weekend
from fullhouse.forecast.history import History

_SMALL = frozenset(["the", "a", "an", "of", "and", "in", "to", "for", "on", "at", "with"])
_NUMBER = re.compile(
    r"\b(?:part|chapter|volume|vol|episode)?\s*(\d{1,2}|ii|iii|iv|v|vi|vii|viii|ix|x|two|three|four)$"
)
_CHINESE = re.compile(r"[\u4e00-\u9fff]")
_CHINESE_NUMBER = re.compile(r"第?[0-9一二三四五六七八九十]{1,2}[部集季]?$|[上下]集?$|(?<=.)外传$")
NEW_AFTER_DAYS = 200
"""A film that opens sooner after another is taken for the same one, not for its sequel."""


@dataclass(frozen=True)
class Named:
    """A title in the parts by which sequels are recognised."""

    words: tuple[str, ...]
    base: str
    numbered: bool
    has_colon: bool
    plain: str = ""

    @property
    def base_counts(self) -> bool:
        """Whether its base is long enough to know a series by."""
        return len(self.base) > (1 if _CHINESE.search(self.base) else 2)

    @property
    def keys(self) -> tuple[str, ...]:
        """Under what it is looked up."""
        keys = [self.words[0]] if self.words else []
        return (*keys, f"#{self.base}") if self.base_counts else tuple(keys)


@lru_cache(maxsize=65536)
def named(title: str) -> Named:
    """The parts of a title.

    >>> named("The Hangover Part II").base
    'hangover'
    """
    plain = _plain(title)
    stem = re.split(r":| - ", plain)[0].strip()
    cut = _NUMBER.sub("", stem).strip() or stem
    if _CHINESE.search(plain):
        # 长津湖之水门桥 continues 长津湖, and 唐人街探案3 唐人街探案: no blanks part the words.
        stem = re.split(r"(?<=[\u4e00-\u9fff]{2})之(?=[\u4e00-\u9fff]{2})|[:： ]", plain)[0]
        cut = _CHINESE_NUMBER.sub("", stem) or stem
        words = tuple(re.findall(r"\w+", plain))
        return Named(words, cut, cut != plain, cut != plain, plain)
    base = " ".join(w for w in cut.split() if w not in ("the", "a", "an"))
    words = tuple(w for w in re.findall(r"\w+", plain) if w not in _SMALL)
    return Named(words, base, cut != stem, ":" in title, plain)


class Titles:
    """The titles of a market, to look up which film another may continue, as known on a day.

    `stated[film]` lists (day known, title), oldest first.
    """

    def __init__(self, stated: Mapping[str, Sequence[tuple[int, str]]]) -> None:
        self._titles = {f: [(day, named(t)) for day, t in titles] for f, titles in stated.items()}
        self._films: dict[str, list[str]] = defaultdict(list)
        days: dict[str, list[int]] = defaultdict(list)
        for film, titles in self._titles.items():
            for key in {k for _, n in titles for k in n.keys}:
                self._films[key].append(film)
            first: dict[str, int] = {}
            for day, name in titles:
                for word in name.words:
                    first.setdefault(word, day)
            for word, day in first.items():
                days[word].append(day)
        self._word_days = {word: sorted(d) for word, d in days.items()}
        self._film_days = sorted(titles[0][0] for titles in self._titles.values() if titles)

    def at(self, film: str, on: int) -> Named | None:
        """A film's title as known on a day."""
        newest = None
        for day, name in self._titles.get(film, ()):
            if day > on:
                break
            newest = name
        return newest

    def alike(self, film: str, on: int) -> list[str]:
        """Films that this title may continue, whenever they open."""
        own = self.at(film, on)
        if own is None:
            return []
        others = {other for key in own.keys for other in self._films.get(key, ())} - {film}
        return sorted(
            o for o in others if (name := self.at(o, on)) is not None and continues(own, name)
        )

    def rarity(self, film: str, other: str, on: int) -> float:
        """How telling it is that two titles begin alike: -log share of titles, over the words.

        "I Am" begins many titles, "Harry Potter" few. Only titles known on the day are counted:
        the sequels that a series is still to have would tell how it did.
        """
        own, earlier = self.at(film, on), self.at(other, on)
        if own is None or earlier is None:
            return 0.0
        titles = bisect_right(self._film_days, on)
        shared = _common_start(own.words, earlier.words)
        return sum(log(titles / bisect_right(self._word_days[w], on)) for w in shared)


def continues(own: Named, other: Named) -> bool:
    """Whether one title may continue another: the same base, or the same first words."""
    if own.base == other.base and own.base_counts:
        return True
    shared = _common_start(own.words, other.words)
    if len(shared) < 2:
        return False
    return not all(w.isdigit() for w in shared)


def _common_start(a: Sequence[str], b: Sequence[str]) -> list[str]:
    shared = []
    for x, y in zip(a, b, strict=False):
        if x != y:
            break
        shared.append(x)
    return shared


def _plain(text: str) -> str:
    text = unicodedata.normalize("NFKD", text.lower().replace("’", "").replace("'", ""))
    text = "".join(c for c in text if not unicodedata.combining(c)).replace("&", " and ")
    return re.sub(r"\s+", " ", re.sub(r"[^\w: -]+", " ", text)).strip()


def words_of(texts: Iterable[str]) -> set[str]:
    """The words of several texts, small ones apart."""
    return {w for t in texts for w in re.findall(r"\w+", _plain(t)) if w not in _SMALL}


SHOWN_AGAIN = ("re-release", "anniversary")
"""Events that show a film once more."""
BIG_ENOUGH = 3e6
"""A film is something to continue once it took so much, in constant prices."""
PRIOR_FILMS = 5
"""A record counts as if so many average films stood in it too."""
RECORD_DAYS = 1100
SIGNAL_FILMS = 60
FEWEST_SIGNALS = 10
SIGNAL_MONTH = 28
LATE_DAYS = 14
"""Grosses that end no longer before a day still tell how the market does on it."""


@dataclass(frozen=True)
class Result:
    """What became of a film, and the day from which each part was known."""

    film: str
    opening: int
    weekend_known: int
    log_weekend: float
    """Log of the opening weekend in constant prices; NaN where it is not known whole."""
    big_on: int | None


class HistoryIndex:
    """Looks up what was known on a day. Every method takes the day and uses nothing after it."""

    def __init__(self, history: History) -> None:
        self.history = history
        last = history.as_of.toordinal()
        self.openings: Mapping[str, int] = history.openings(last)
        self.titles = Titles({f: _titles(history, f) for f in self.openings})
        self._events: dict[tuple[str, int], str | None] = {}
        self.results = {f: self._result(f) for f in self.openings}
        self._records: dict[tuple[str, str], list[Result]] = defaultdict(list)
        known = sorted(self.results.values(), key=lambda r: (r.weekend_known, r.film))
        for result in known:
            if np.isfinite(result.log_weekend):
                for key in self._keys(result.film, result.weekend_known):
                    self._records[key].append(result)
        self._known_days = {k: [r.weekend_known for r in v] for k, v in self._records.items()}
        whole = [r for r in known if np.isfinite(r.log_weekend)]
        self._weekend_days = [r.weekend_known for r in whole]
        self._weekend_sums = np.cumsum([r.log_weekend for r in whole])
        self._slate: dict[int, dict[str, None]] = defaultdict(dict)
        for film, fields in history.facts.items():
            # Every opening that was ever stated: which of them held, the day that asks decides.
            for _, opening, _ in fields.get("opening", ()):
                if opening is not None:
                    self._slate[weekend(opening)][film] = None
        self._market_first, self._market, self._film_days = self._daily()
        self._predecessors: dict[tuple[str, int], str | None] = {}
        self._in_series: dict[str, list[str]] = defaultdict(list)
        for film in self.openings:
            for series in {self._series_of(film, last), *self._stated_series(film)} - {None}:
                self._in_series[str(series)].append(film)
        self._usual_signals: dict[tuple[str, int, int, int], float | None] = {}
        self._newest: dict[tuple[str, int], list[tuple[int, str]]] = {}
        self._signalled: dict[str, list[str]] = defaultdict(list)
        for film in sorted(history.signals):
            for kind in history.signals[film]:
                self._signalled[kind].append(film)
        self._widest: dict[int, float] = {}

    def log_price(self, opening: int, on: int) -> float:
        """Log price level for a film that opens on a day, as known on another."""
        year = min(as_day(opening).year, as_day(on).year)
        return log_price(self.history.territory, year)

    def usual(self, on: int) -> float:
        """The mean log opening weekend of all films known on a day; NaN before the first."""
        films = bisect_right(self._weekend_days, on)
        return float(self._weekend_sums[films - 1] / films) if films else float("nan")

    def _result(self, film: str) -> Result:
        opening = self.openings[film]
        run = self.history.run(film)
        sunday = first_sunday(opening)
        log_weekend = float("nan")
        taken = run.between(max(0, sunday - 2), sunday)
        price = self.log_price(opening, opening)
        if taken > 0:
            log_weekend = float(np.log(taken)) - price
        big = np.flatnonzero(run.to_date >= BIG_ENOUGH * np.exp(price))
        big_on = opening + int(run.offsets[big[0]]) + 1 if len(big) else None
        return Result(film, opening, opening + sunday + 1, log_weekend, big_on)

    def _keys(self, film: str, on: int) -> list[tuple[str, str]]:
        facts = self.history
        keys = []
        distributor = facts.fact(film, "distributor", on)
        if distributor:
            keys.append(("distributor", distributor_key(str(distributor))))
        for name in ("companies", "talent"):
            keys += [(name, str(c)) for c in facts.fact(film, name, on) or ()]
        return keys

    def record(self, kind: str, name: str, on: int, days: int | None = None) -> list[Result]:
        """Openings known on a day of a distributor, company or person, oldest first."""
        key = (kind, distributor_key(name) if kind == "distributor" else name)
        known = self._known_days.get(key, [])
        end = bisect_right(known, on)
        start = 0 if days is None else bisect_left(known, on - days)
        return self._records[key][start:end] if known else []

    def event(self, film: str, on: int) -> str | None:
        """What a release is where it is no ordinary opening, as stated or by rule."""
        key = (film, on)
        if key not in self._events:
            history = self.history
            stated = history.fact(film, "event", on)
            event = None if stated == "none" else stated
            if not stated:
                event = event_of(
                    str(history.fact(film, "title", on) or ""),
                    history.fact(film, "distributor", on),
                    history.fact(film, "language", on),
                    history.territory,
                    again=history.newest(film, "rerelease_of", on) is not None,
                )
            self._events[key] = event
        return self._events[key]

    def predecessor(self, film: str, on: int) -> str | None:
        """The film that a film continues: the one stated, or the latest that its name points to.

        By its series, as stated or known, or by its title. A film shown again continues none and is
        none's predecessor.
        """
        stated = self.history.newest(film, "predecessor", on)
        if stated is not None:
            return str(stated[1]) if stated[1] else None
        key = (film, on)
        if key not in self._predecessors:
            self._predecessors[key] = self._latest_before(film, on)
        return self._predecessors[key]

    def _latest_before(self, film: str, on: int) -> str | None:
        if self.event(film, on) in SHOWN_AGAIN:
            return None
        again = self.history.fact(film, "rerelease_of", on)
        opening = self._opening(film, on) or on
        series = self._series_of(film, on)
        named_alike = [o for o in self.titles.alike(film, on) if self._likely(film, o, on)]
        of_series = self._in_series.get(series, ()) if series else ()
        before = [
            (opened, other)
            for other in {*named_alike, *of_series} - {film, again}
            if (opened := self._opening(other, on))
            and opened <= opening - NEW_AFTER_DAYS
            and self._was_big(other, on)
            and self.event(other, on) not in SHOWN_AGAIN
        ]
        latest = min(before, key=lambda b: (-b[0], b[1]), default=None)
        return latest[1] if latest else None

    def _stated_series(self, film: str) -> set[str]:
        return {str(value) for _, value, _ in self.history.facts[film].get("series", ()) if value}

    def _series_of(self, film: str, on: int) -> str | None:
        stated = self.history.fact(film, "series", on)
        return str(stated) if stated else franchise_of(str(self.history.fact(film, "title", on)))

    def _likely(self, film: str, other: str, on: int) -> bool:
        """Whether a film of the same name is likely the one before, and not another of that name.

        "Animal" and "The Animal": without a number or a subtitle, somebody has to have made both.
        """
        own, earlier = self.titles.at(film, on), self.titles.at(other, on)
        if own is None or earlier is None or own.base != earlier.base:
            return True
        if own.numbered or own.has_colon or own.plain == earlier.plain:
            return True
        return bool(self._makers(film, on) & self._makers(other, on))

    def _makers(self, film: str, on: int) -> set[tuple[str, str]]:
        return set(self._keys(film, on))

    def _opening(self, film: str, on: int) -> int | None:
        opening: int | None = self.history.fact(film, "opening", on)
        return opening

    def _was_big(self, film: str, on: int) -> bool:
        big_on = self.results[film].big_on
        return big_on is not None and big_on <= on

    def part(self, film: str, on: int) -> int:
        """Which part of a series a film is: 0 for one that continues nothing."""
        passed = {film}
        at: str | None = film
        while at is not None:
            at = self.predecessor(at, min(on, self._opening(at, on) or on))
            if at in passed:
                break
            if at is not None:
                passed.add(at)
        return len(passed) - 1

    def series(self, films: Iterable[str]) -> dict[str, str]:
        """Films by the first film of the series each belongs to, as their titles and facts say."""
        first_films: dict[str, str] = {}
        for film in films:
            at, passed = film, {film}
            while True:
                before = self.predecessor(at, self.openings.get(at, 0))
                if before is None or before in passed:
                    break
                passed.add(before)
                at = before
            first_films[film] = at
        return first_films

    def slate(self, friday: int, on: int) -> list[str]:
        """Films planned wide for a weekend, as known on a day."""
        return [f for f in self._planned(friday, on) if self.history.fact(f, "plan", on) == "wide"]

    def _planned(self, friday: int, on: int) -> list[str]:
        """Films that were to open on a weekend, as known on a day."""
        return [
            f
            for f in self._slate.get(friday, ())
            if (opening := self._opening(f, on)) is not None and weekend(opening) == friday
        ]

    def widest(self, on: int) -> float:
        """The widest opening of the year up to the week before a day; NaN where there is none.

        It is what "everywhere" means at the time.
        """
        friday = weekend(on)
        if friday not in self._widest:
            planned = [
                self.history.fact(f, "theaters", friday - 7) or 0
                for then in range(friday - 371, friday - 7, 7)
                for f in self._planned(then, friday - 7)
            ]
            self._widest[friday] = float(max(planned, default=0)) or float("nan")
        return self._widest[friday]

    def signal(self, film: str, kind: str, window: int, on: int) -> float | None:
        """Log of 1 + what a film's signal summed to in the days up to a day; None if unknown."""
        series = self.history.signals.get(film, {}).get(kind)
        if series is None:
            return None
        days, known, values = series
        then = known <= on
        if not then.any():
            return None
        return float(np.log1p(values[then & (days > on - window)].sum()))

    def usual_signal(self, kind: str, window: int, left: int, on: int) -> float | None:
        """The mean of `signal` over the newest films, each so many days before its own opening.

        Of films that had opened when the month began; None where they are too few.
        """
        month = on - on % SIGNAL_MONTH
        key = (kind, window, left, month)
        if key not in self._usual_signals:
            values = [
                value
                for opening, f in self._newest_signalled(kind, month)
                if (value := self.signal(f, kind, window, opening - left)) is not None
            ]
            enough = len(values) >= FEWEST_SIGNALS
            self._usual_signals[key] = float(np.mean(values)) if enough else None
        return self._usual_signals[key]

    def _newest_signalled(self, kind: str, month: int) -> list[tuple[int, str]]:
        """The newest films with a kind of signal that had opened when a month began."""
        key = (kind, month)
        if key not in self._newest:
            dated = sorted(
                (opening, f)
                for f in self._signalled.get(kind, ())
                if (opening := self.history.fact(f, "opening", month)) is not None
                and opening <= month
            )
            self._newest[key] = dated[-SIGNAL_FILMS:]
        return self._newest[key]

    def entered_around(self, opening: int, on: int, weekends: int, *, but: str) -> int:
        """Other films planned wide for the weekends before and after one, as known on a day."""
        friday = weekend(opening)
        around = range(friday - 7 * weekends, friday + 7 * weekends + 1, 7)
        return len({f for w in around for f in self.slate(w, on)} - {but})

    def _daily(self) -> tuple[int, Floats, Floats]:
        days: dict[int, float] = defaultdict(float)
        films: dict[int, int] = defaultdict(int)
        for film, run in self.history.runs.items():
            opening = self.openings.get(film)
            if opening is None:
                continue
            for offset, gross in zip(run.offsets.tolist(), run.gross.tolist(), strict=True):
                days[opening + offset] += gross
                films[opening + offset] += 1
        if not days:
            return 0, np.zeros(1), np.zeros(1)
        first, last = min(days), max(days)
        daily, counts = np.zeros(last - first + 1), np.zeros(last - first + 1)
        for day, gross in days.items():
            daily[day - first], counts[day - first] = gross, films[day]
        sums = [np.concatenate([[0.0], np.cumsum(d)]) for d in (daily, counts)]
        return first, sums[0], sums[1]

    def market_end(self, on: int) -> int:
        """The day, or the one before it, up to which grosses are known: the day after the last."""
        return min(on, self._market_first + len(self._market) - 1)

    def film_days(self, end: int, days: int) -> float:
        """How many days of films were told of in the days before a day; 0 before the record."""
        a, b = end - days - self._market_first, end - self._market_first
        if a < 0 or b >= len(self._film_days):
            return 0.0
        return float(self._film_days[b] - self._film_days[a])

    def market(self, end: int, days: int) -> float:
        """What all films took in the days before a day; NaN where the record does not reach."""
        a, b = end - days - self._market_first, end - self._market_first
        if a < 0 or b >= len(self._market):
            return float("nan")
        taken = float(self._market[b] - self._market[a])
        return taken if taken > 0 else float("nan")


def _titles(history: History, film: str) -> list[tuple[int, str]]:
    """The titles of a film with the day each was known; its id where none ever was."""
    facts = history.facts[film]
    titles = [(day, str(title)) for day, title, _ in facts.get("title", ()) if title]
    return titles or [(facts["opening"][0][0], film)]


INDEX: Mapping[str, Mapping[int, float]] = {
    "US": {
        1990: 130.7, 1991: 136.2, 1992: 140.3, 1993: 144.5, 1994: 148.2, 1995: 152.4,
        1996: 156.9, 1997: 160.5, 1998: 163.0, 1999: 166.6, 2000: 172.2, 2001: 177.1,
        2002: 179.9, 2003: 184.0, 2004: 188.9, 2005: 195.3, 2006: 201.6, 2007: 207.342,
        2008: 215.303, 2009: 214.537, 2010: 218.056, 2011: 224.939, 2012: 229.594,
        2013: 232.957, 2014: 236.736, 2015: 237.017, 2016: 240.007, 2017: 245.120,
        2018: 251.107, 2019: 255.657, 2020: 258.811, 2021: 270.970, 2022: 292.655,
        2023: 304.702, 2024: 313.689,
    },
}  # fmt: skip
BASE_YEAR = 2016
"""Its prices are those in which logs of money are taken."""


def log_price(territory: str, year: int) -> float:
    """Log of the price level of the year before `year`, over that of `BASE_YEAR`; 0 if unknown.

    Beyond the table's ends its last year counts: prices are then taken as they were there.
    """
    index = INDEX.get(territory)
    if index is None:
        return 0.0
    known = min(max(year - 1, min(index)), max(index))
    return float(np.log(index[known] / index[BASE_YEAR]))
