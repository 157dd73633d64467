"""What preferences are fitted on: people of past films, and how similar films are.

A new film is written as a weighted sum of past films: kernel ridge regression of who
marked a film on what the film is. The weights need the films' contents and nothing of a person,
so they carry over to everybody's films at the price of one sum.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
from pyroaring import BitMap
from scipy.sparse import csr_array, diags_array, hstack

from fullhouse.core.arrays import Floats, Integers
from fullhouse.core.person_sets import PersonSet
from fullhouse.sample.outcome import OwnEvents
from fullhouse.sample.sheet import Sheet, members_of, sheet
from fullhouse.sample.words import FilmWords, WordSpace, word_space
from fullhouse.traits.blocks import Blocks
from fullhouse.traits.film_traits import BASKETS, FACTS, PLACES, FilmTraits, film_traits, kinds_of
from fullhouse.traits.names import plain
from fullhouse.traits.trait import KINDS, Trait

NEAR_YEARS = 6.0
"""Years within which films are of one time. On the development films of MovieLens 3 and 10 each
gave a mean AUC lower by .001."""

SAME_YEARS = 2.5
"""Years within which they are of the same fashion."""

RIDGES = (3.0, 10.0, 30.0, 60.0, 100.0, 200.0)
"""How much is doubted; the similarity of a film with itself is about 10."""

LEVEL_POWER = 0.25
"""Who marked a film is divided by its people to this power, so that a hit does not decide alone
and a film of thirty viewers hardly at all: 0, .25, .5 and .75 gave .9007, .9011, .8990, .8931."""


@dataclass(frozen=True)
class FilmSimilarity:
    """The similarity of films over a fixed space of words."""

    space: WordSpace

    @classmethod
    def of(cls, films: Sequence[FilmWords]) -> "FilmSimilarity":
        """The space of some films' words."""
        return cls(word_space(films))

    def between(self, films: Sequence[FilmWords], others: Sequence[FilmWords]) -> Floats:
        """The similarity of films (rows) to others (columns), in genre, time and words together.

        A positive definite kernel: sums and products of such. Sharing all genres counts for more
        than sharing the half of them twice, and the same two years for more than the same decade.
        """
        genre = _shared([_genres(f) for f in films], [_genres(f) for f in others])
        years = [_year(f) for f in films], [_year(f) for f in others]
        time = _near(*years, NEAR_YEARS) + 0.5 * _near(*years, SAME_YEARS)
        vectors, theirs = self.space.vectors(films), self.space.vectors(others)
        words = np.asarray((vectors @ theirs.T).todense())
        talent = _shared([_names(f) for f in films], [_names(f) for f in others])
        series = _shared([_series(f) for f in films], [_series(f) for f in others])
        content = (1 + genre + 0.5 * genre**2) * (1 + time) * (1 + 0.5 * words)
        similarity: Floats = content + talent + series
        return similarity


def weights_of(between: Floats, among: Floats, ridge: float, people: Floats) -> Floats:
    """The weight of each past film (rows) in each film that is new (columns).

    `between` is the similarity of past films (rows) and those (columns), `among` that of the past
    films, `people` how many marked each.
    """
    size = np.maximum(people, 1.0)[:, None] ** LEVEL_POWER
    weights: Floats = np.linalg.solve(among + ridge * np.eye(len(among)), between) / size
    return weights


def best_ridge(among: Floats, gram: Floats) -> float:
    """The ridge whose leave-one-film-out errors are least; `gram` is marks × marks of the films.

    The closed form: the error of film f is the f-th column of (K + ridge)⁻¹ over its diagonal.
    """
    people = np.maximum(np.diag(gram), 1.0)
    scaled = gram / np.outer(people, people) ** LEVEL_POWER
    errors = []
    for ridge in RIDGES:
        inverse = np.linalg.inv(among + ridge * np.eye(len(among)))
        squares = np.einsum("ij,ij->j", inverse, scaled @ inverse) / np.diag(inverse) ** 2
        errors.append(float((squares / np.diag(scaled)).sum()))
    return RIDGES[int(np.argmin(errors))]


def _shared(some: Sequence[frozenset[str]], others: Sequence[frozenset[str]]) -> Floats:
    """The cosine of sets: shared names over the root of both sizes, 0 where one is empty."""
    names = {n: i for i, n in enumerate(sorted({n for s in (*some, *others) for n in s}))}
    one, two = _rows(some, names), _rows(others, names)
    cosines: Floats = one @ two.T
    return cosines


def _rows(sets: Sequence[frozenset[str]], names: dict[str, int]) -> Floats:
    rows = np.zeros((len(sets), max(len(names), 1)))
    for i, each in enumerate(sets):
        rows[i, [names[n] for n in each]] = 1 / np.sqrt(len(each)) if each else 0.0
    return rows


def _near(some: Sequence[float], others: Sequence[float], width: float) -> Floats:
    """1 in the same year, falling as a normal curve; 0 where a year is not known."""
    apart = (np.array(some)[:, None] - np.array(others)[None]) / width
    nearness: Floats = np.nan_to_num(np.exp(-0.5 * apart**2), nan=0.0)
    return nearness


def _genres(film: FilmWords) -> frozenset[str]:
    return frozenset(plain(g) for g in film.genres)


def _names(film: FilmWords) -> frozenset[str]:
    return frozenset(plain(t) for t in film.talent)


def _series(film: FilmWords) -> frozenset[str]:
    return frozenset([plain(film.series)] if film.series else [])


def _year(film: FilmWords) -> float:
    if film.opening is None:
        return float("nan")
    return film.opening.year + film.opening.timetuple().tm_yday / 366


FACT_FAMILIES = frozenset((*FACTS, *PLACES))
BASKET_FAMILIES = frozenset(BASKETS)
MOST_WATCHERS = 150_000
MOST_OTHERS = 50_000


@dataclass(frozen=True)
class TrainingSample:
    """Rows are people, each standing for `weight` of the base; `sheet` has their traits."""

    sheet: Sheet
    films: tuple[FilmTraits, ...]
    marks: csr_array = field(repr=False)
    """How many of a film's traits (wants, saw) each has; a column for each of `films`."""
    saw: csr_array = field(repr=False)
    own: csr_array = field(repr=False)
    """Events of each kind behind a film's marks: columns are films, kind after kind."""
    facts: Integers = field(repr=False)
    """Columns of the sheet that are facts or baskets, and which of them are facts."""
    is_fact: npt.NDArray[np.bool_] = field(repr=False)

    @property
    def weight(self) -> Floats:
        """How many people of the base each stands for."""
        return self.sheet.weight

    def activity_without(self, film: int) -> npt.NDArray[np.int32]:
        """The activity of everybody, the events of one film taken away."""
        many = len(self.films)
        own = [self.own[:, [k * many + film]].toarray()[:, 0] for k in range(len(KINDS))]
        activity = np.maximum(self.sheet.activity - np.stack(own).astype(np.int32), 0)
        return activity.astype(np.int32)


def draw(
    blocks: Blocks,
    base: PersonSet,
    traits: Sequence[Trait],
    films: Sequence[str],
    *,
    key: bytes,
    ticket_buyers: Mapping[str, PersonSet] | None = None,
    most_watchers: int = MOST_WATCHERS,
    most_others: int = MOST_OTHERS,
) -> TrainingSample:
    """People who marked any film, and others, each drawn by the key when they are many.

    `ticket_buyers` are the people who bought a ticket for a film, by its slug: where they are
    given, they are who "saw" it. Who goes to the cinema is not who watches at home, and a film to
    come is first in cinemas.
    """
    by_film = film_traits(traits)
    chosen = tuple(by_film[f] for f in films)
    marked = [t for f in chosen for t in f.both]
    used = [*marked, *(t for t in traits if t.built and _predictive(t))]
    none = np.zeros(0, dtype=np.int64)
    nothing = OwnEvents(none, np.zeros((len(KINDS), 0), np.int32), (0,) * len(KINDS), (none,) * 3)
    people = sheet(
        blocks, base, _holders(blocks, base, marked), nothing, used, key=key,
        most_seed=most_watchers, most_others=most_others,
    )  # fmt: skip
    columns = np.arange(len(marked), len(used))
    return TrainingSample(
        people,
        chosen,
        _marks(people, chosen),
        saw := _saw(people, chosen)
        if ticket_buyers is None
        else _went(people, chosen, ticket_buyers),
        _own(people, chosen) if ticket_buyers is None else _own_of_buyers(people, chosen, saw),
        columns,
        np.array([used[i].family in FACT_FAMILIES for i in columns], dtype=bool),
    )


def _predictive(trait: Trait) -> bool:
    return trait.family in FACT_FAMILIES or trait.family in BASKET_FAMILIES


def _holders(blocks: Blocks, base: PersonSet, traits: Sequence[Trait]) -> dict[int, BitMap]:
    """People of a base who have any of some traits."""
    wanted = np.zeros(max((t.id for t in traits), default=0) + 2, dtype=np.int64)
    wanted[[t.id for t in traits]] = 1
    holders = {}
    for number in sorted(base):
        block = blocks.load(number)
        has_any = wanted[np.minimum(block.traits, len(wanted) - 1)]
        sums = np.concatenate([[0], np.cumsum(has_any)])[block.offsets]
        people = block.persons[np.flatnonzero(np.diff(sums) > 0)]
        holders[number] = BitMap(people.astype(np.uint32)) & base[number]
    return holders


def _places(people: Sheet, films: Sequence[FilmTraits]) -> tuple[Integers, Integers]:
    """The columns of the films' traits in the sheet, and whose each is."""
    pairs = [(people.column(t.name), i) for i, f in enumerate(films) for t in f.both]
    both = np.array(pairs, dtype=np.int64).reshape(-1, 2)
    return both[:, 0], both[:, 1]


def _marks(people: Sheet, films: Sequence[FilmTraits]) -> csr_array:
    columns, owner = _places(people, films)
    size = (people.has.shape[1], len(films))
    return people.has @ csr_array((np.ones(len(columns), np.float32), (columns, owner)), size)


def _saw(people: Sheet, films: Sequence[FilmTraits]) -> csr_array:
    pairs = [(people.column(f.saw.name), i) for i, f in enumerate(films) if f.saw is not None]
    both = np.array(pairs, dtype=np.int64).reshape(-1, 2)
    size = (people.has.shape[1], len(films))
    return (people.has @ csr_array((np.ones(len(both)), (both[:, 0], both[:, 1])), size)).tocsc()


def _went(
    people: Sheet, films: Sequence[FilmTraits], ticket_buyers: Mapping[str, PersonSet]
) -> csr_array:
    """Who bought a ticket for each film."""
    flags = [members_of(people.persons, ticket_buyers.get(f.slug, {})) for f in films]
    columns = [np.flatnonzero(each) for each in flags]
    owner = np.repeat(np.arange(len(films)), [len(c) for c in columns])
    rows = np.concatenate([np.zeros(0, np.int64), *columns])
    size = (len(people.persons), len(films))
    return csr_array((np.ones(len(rows)), (rows, owner)), size).tocsc()


def _own_of_buyers(people: Sheet, films: Sequence[FilmTraits], went: csr_array) -> csr_array:
    """Events behind marks by kind: of a ticket buyer's one was a ticket, whatever the trait counts.

    A trait of views and tickets does not keep which of its events were which.
    """
    own = _own(people, films).tocsc()
    many = len(films)
    parts = [own[:, [k * many + i for i in range(many)]] for k in range(len(KINDS))]
    mixed = [i for i, f in enumerate(films) if f.saw is not None and kinds_of(f.saw)[0] != "ticket"]
    chosen = np.zeros(many)
    chosen[mixed] = 1
    tickets = went @ diags_array(chosen)
    view, ticket = KINDS.index("view"), KINDS.index("ticket")
    parts[view] = (parts[view] - tickets).maximum(0)
    parts[ticket] = parts[ticket] + tickets
    return hstack(parts).tocsc()


def _own(people: Sheet, films: Sequence[FilmTraits]) -> csr_array:
    """Events behind marks by kind; those of a trait of two kinds count as its first kind's."""
    pairs = [
        (people.column(t.name), KINDS.index(kinds_of(t)[0]) * len(films) + i)
        for i, f in enumerate(films)
        for t in f.both
    ]
    both = np.array(pairs, dtype=np.int64).reshape(-1, 2)
    size = (people.has.shape[1], len(KINDS) * len(films))
    spread = csr_array((np.ones(len(both), np.float32), (both[:, 0], both[:, 1])), size)
    return (people.events @ spread).tocsc()
