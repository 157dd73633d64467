"""Sheets made straight from arrays, without a house."""

from collections.abc import Sequence

import numpy as np
from scipy.sparse import csr_array

from fullhouse.sample.sheet import Sheet
from fullhouse.traits.trait import KINDS, Trait
from tests.discovery.house import trait


def sheet_of(
    has: np.ndarray,
    seed: np.ndarray,
    traits: Sequence[Trait | tuple[str, ...]],
    *,
    activity: np.ndarray | dict[str, np.ndarray] | None = None,
    bare: np.ndarray | dict[str, np.ndarray] | None = None,
    interest: np.ndarray | None = None,
    events: np.ndarray | None = None,
    weight: np.ndarray | None = None,
    base_people: int | None = None,
    persons: np.ndarray | None = None,
) -> Sheet:
    """A sheet of people in the order given.

    Traits are traits, or names with their kinds: ("buys:dogs", "purchase"), ("gender:female",).
    Activity (by kind, or one row for each of KINDS) counts the seed's needed events; `bare`
    does not, and is the activity itself when not given. Nobody showed `interest` unless said.
    """
    people = len(seed)
    seed = np.asarray(seed, bool)
    weight = np.ones(people) if weight is None else np.asarray(weight, float)
    full = _rows(activity, people)
    has = np.asarray(has)
    return Sheet(
        persons=np.arange(people, dtype=np.int64) if persons is None else persons,
        weight=weight,
        seed=seed,
        interest=np.zeros(people, bool) if interest is None else np.asarray(interest, bool),
        activity=full,
        bare=full if bare is None else _rows(bare, people),
        traits=tuple(
            t if isinstance(t, Trait) else trait(i, t[0], *t[1:]) for i, t in enumerate(traits)
        ),
        has=csr_array((has > 0).astype(np.float32)),
        events=csr_array((has if events is None else np.asarray(events)).astype(np.float32)),
        base_people=people if base_people is None else base_people,
        seed_people=round(float(weight[seed].sum())),
    )


def _rows(given: np.ndarray | dict[str, np.ndarray] | None, people: int) -> np.ndarray:
    if given is None or isinstance(given, dict):
        rows = [np.broadcast_to((given or {}).get(k, 0), people) for k in KINDS]
        return np.stack(rows).astype(np.int32)
    return np.asarray(given, dtype=np.int32)


GENDERS = ("gender:female", "gender:male")
BANDS = ("age:18-24", "age:25-34", "age:35-44", "age:45+")


def film_world(
    number: int,
    *,
    people: int = 5000,
    others: int = 20,
    draw: float = 1.0,
    women: float = 1.0,
    taste: float = 1.0,
    rate: float = 0.02,
    alike: float = 0.0,
    comps: float = 0.0,
) -> Sheet:
    """People of very unequal activity, of whom some want a film; what draws them is known.

    Activity is lognormal. A third like dramas and see them three times as often as others. Who
    saw three (the genre's trait) wants the film `taste` times as often and buys `buys:fans` twice
    as often, which draws nobody; buyers of `buys:hidden` want it `draw` times as often, women
    `women` times; `buys:t0` on are bought at random. Each buyer of `buys:hidden` likes dramas
    `alike` more likely than others. `comps`: so many times as many as want it saw a film that
    the same people like. Ratios are of risks.
    """
    g = np.random.default_rng(number)
    active = np.exp(g.normal(0, 1, people))
    active = np.minimum(active, 5)
    bought = g.poisson(active * 0.12)
    hidden = bought > 0
    likes = g.random(people) < 1 / 3 + alike * hidden
    drama = g.poisson(active * np.where(likes, 1.5, 0.5))
    fan = drama >= 3
    female, age = g.random(people) < 0.5, g.integers(0, len(BANDS), people)
    columns = {"buys:hidden": hidden * bought}
    columns["buys:fans"] = g.poisson(active * np.where(fan, 0.2, 0.1))
    for i in range(others):
        columns[f"buys:t{i}"] = g.poisson(active * np.exp(g.uniform(np.log(0.03), np.log(0.3))))
    purchases = sum(columns.values()) + g.poisson(active * 8)
    pull = rate * active * draw**hidden * women**female * taste**fan
    tickets = drama + g.poisson(active)
    wants, saw = g.poisson(3 * active), g.random(people) < pull * comps
    own = g.random(people) < pull
    has = [(v > 0) for v in columns.values()] + [fan, female, ~female]
    has += [age == i for i in range(len(BANDS))]
    events = [*columns.values(), drama] + [np.zeros(people, int)] * (2 + len(BANDS))
    names = [(n, "purchase") for n in columns]
    names += [("genre:drama", "view", "ticket"), *((n,) for n in (*GENDERS, *BANDS))]
    bare = {"purchase": purchases, "ticket": tickets, "want_to_see": wants}
    full = bare | {"ticket": tickets + saw, "want_to_see": wants + own}
    traits = [trait(i, *n, least=3 if n[0] == "genre:drama" else 1) for i, n in enumerate(names)]
    return sheet_of(
        np.stack(has, 1),
        own | saw,
        traits,
        activity=full,
        bare=bare,
        interest=own,
        events=np.stack(events, 1),
    )


def drawn(sheet: Sheet, number: int, *, seed_share: float = 1.0, other_share: float) -> Sheet:
    """A sample of a sheet's people, as the sheet of a large house is."""
    share = np.where(sheet.seed, seed_share, other_share)
    keep = np.flatnonzero(np.random.default_rng(number).random(len(share)) < share)
    return Sheet(
        persons=sheet.persons[keep],
        weight=1 / share[keep],
        seed=sheet.seed[keep],
        interest=sheet.interest[keep],
        activity=sheet.activity[:, keep],
        bare=sheet.bare[:, keep],
        traits=sheet.traits,
        has=sheet.has[keep],
        events=sheet.events[keep],
        base_people=len(share),
        seed_people=int(sheet.seed.sum()),
    )
