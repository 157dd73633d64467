"""Whose audience adds to a film's: facts of each name, and a set of names chosen by them."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date
from typing import Any, Literal

from fullhouse.core.brief import Brief
from fullhouse.core.tabular import Tabular
from fullhouse.core.values import as_json

FitVerdict = Literal["adds", "no_more", "cannot_tell"]
"""Fans see the genre's films more than fans of other films; no more; too few to tell."""
MOST_FILMS = 24
"""The latest films of the genre, of which so many are compared: more take time alone."""
UNIT_BOUND = 0.632
"""Without costs: the share of the best set's people that greedy has at least (1 − 1/e)."""
COST_BOUND = 0.316
"""With costs: the better of greedy per cost and the best single name has at least (1 − 1/e)/2."""


@dataclass(frozen=True)
class NameFit:
    """A name's fans among the house's people, beside a film's usual audience.

    `beyond` are fans outside that audience. `affinity` is how many times as often fans saw films of
    the genre without the name as others who saw as many films and as many of the genre, with its
    95 % interval; `placebo` the same for as many people drawn alike in their place. `shuffled` is
    the affinity of as many fans of other films of like years, sizes and genre, `shuffled_high` the
    upper end of its 95 % range over names shuffled. `usual` are the ticket buyers whom as many such
    fans of anything as `beyond` would give a film that sells as the genre's do; `extra` how many
    more these fans would, with the 95 % prediction interval of a new film. `q`: the share of false
    discoveries that one accepts with this name. All None where it cannot be told.
    """

    talent: str
    name: str
    roles: tuple[str, ...]
    films: int
    """Films in which the name is credited and whose viewers are known."""
    fans: int
    beyond: int
    verdict: FitVerdict
    compared: int
    """Films of the genre in which fans and others are compared."""
    affinity: float | None = None
    low: float | None = None
    high: float | None = None
    placebo: float | None = None
    shuffled: float | None = None
    shuffled_high: float | None = None
    q: float | None = None
    usual: float | None = None
    extra: float | None = None
    extra_low: float | None = None
    extra_high: float | None = None
    cost: float | None = None


@dataclass(frozen=True)
class SetStep:
    """A name that is taken into the set: people it adds, and those of its fans already covered."""

    talent: str
    name: str
    people: int
    covered: int
    extra: float
    """Expected extra buyers among the people it adds."""
    cost: float | None
    people_so_far: int
    cost_so_far: float | None


@dataclass(frozen=True)
class NameSet(Brief):
    """Names chosen one after the other, each for the people that those before do not bring.

    `bound` is the share of the best set's people that such a choice has at least, whatever the
    fans; `at_most` how many people any set could reach here, by what is left over.
    """

    steps: tuple[SetStep, ...]
    people: int
    budget: float | None
    cost: float | None
    bound: float
    at_most: int


@dataclass(frozen=True)
class TalentFit(Tabular):
    """Names by what their audiences add to a film's; an association, no reason to cast anybody."""

    film: str
    title: str
    genres: tuple[str, ...]
    as_of: date
    people: int
    usual_audience: int
    genre_films: int
    already: int
    """Names that are credited in the film itself: their fans are its own."""
    without_cost: int
    """Names that add, but whose cost is not given."""
    unknown_costs: int
    """Rows of the costs whose name nobody here has."""
    names: tuple[NameFit, ...] = field(repr=False)
    chosen: NameSet
    simulated: bool = False
    not_shuffled: int = 0
    """Names of whose films no other is of the year, size and genre: they are compared with the
    shuffled films of the others alone."""

    @property
    def adding(self) -> tuple[NameFit, ...]:
        """Those whose audiences add."""
        return tuple(n for n in self.names if n.verdict == "adds")

    @property
    def placebo(self) -> float | None:
        """The mean of the placebos: near 1 where the strata do what they should."""
        values = [n.placebo for n in self.names if n.placebo is not None]
        return sum(values) / len(values) if values else None

    def rows(self) -> Sequence[Mapping[str, Any]]:
        """A row for each name."""
        places = {s.talent: k for k, s in enumerate(self.chosen.steps, 1)}
        return [
            vars(n) | {"roles": ", ".join(n.roles), "place_in_set": places.get(n.talent)}
            for n in self.names
        ]

    def to_dict(self, *, most: int = 0) -> dict[str, Any]:
        """Everything as JSON takes it; of the names only the first `most`, where it is not 0."""
        plain = {k: v for k, v in vars(self).items() if k not in ("names", "chosen")}
        result: dict[str, Any] = as_json(
            plain
            | {
                "placebo": self.placebo,
                "chosen": asdict(self.chosen),
                "names_in_all": len(self.names),
                "names": [asdict(n) for n in self.names[: most or None]],
            }
        )
        return result
