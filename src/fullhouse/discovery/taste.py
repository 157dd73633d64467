"""Whether taste explains why a film draws some people: what films with the same fans draw.

Who has seen three films of a genre is known; how much somebody likes it is not. So people alike in
the former still differ in the latter, and men stand out for a film of a genre that men like,
adjusted for or not. But that shows in past films too. Each film, past ones and this one, has a
profile: how many times as likely the fans of each genre are to be in its audience as others as
active. How many times as likely men are is regressed on the profiles of the past films. What the
film's own profile then predicts of it is taste's doing, and obvious.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.sparse import csc_array, csr_array, diags_array

from fullhouse.core.arrays import Flags, Floats, Integers, Singles
from fullhouse.discovery.columns import AudienceColumn
from fullhouse.sample.sheet import Sheet
from fullhouse.stats.mantel_haenszel import Z95, risk_ratio
from fullhouse.traits.film_traits import kinds_of
from fullhouse.traits.trait import KINDS, Trait

CLASSES = 60
"""Classes of activity; fewer people than `PEOPLE_EACH` to a class make fewer of them."""
PEOPLE_EACH = 200
LEAST_AUDIENCE = 100
"""People of a past film's audience from which its profile is of use."""
LEAST_FILMS = 20
"""Past films from which profiles predict anything."""
MOST_FILMS = 80
"""The past films with the largest audiences; more make no prediction better."""
RIDGES = (0.1, 1.0, 10.0)
"""Of standardised profiles, against films that count as one each on average."""
MOST_NOISE = 0.8
"""At most this share of the spread of profiles is taken for error."""


@dataclass(frozen=True)
class Unexplained:
    """A column's ratio ÷ the ratio that the film's profile of taste predicts, with 95 %."""

    ratio: Floats
    low: Floats
    high: Floats


def beyond_taste(
    sheet: Sheet, columns: Sequence[AudienceColumn], genres: Sequence[Trait], outcome: Flags
) -> Unexplained | None:
    """How far the columns stand out in an outcome beyond what its profile of taste predicts.

    `outcome` is the seed, or a part of it. None where too few past films have an audience among
    the sheet's people, or no genre is known: then nothing can be said of taste.
    """
    fans = [g for g in genres if g.name in {t.name for t in sheet.traits}]
    films = _films(sheet)
    if len(films) < max(LEAST_FILMS, len(fans) + 2) or not fans or not columns:
        return None
    past = _past_profiles(sheet, films, fans)
    own, own_errors = _profile(sheet, fans, outcome)
    alike: dict[tuple[tuple[str, ...], tuple[str, ...]], list[int]] = {}
    for i, column in enumerate(columns):
        alike.setdefault((column.facts, column.kinds), []).append(i)
    gaps = np.zeros((len(columns), 2))
    for (families, kinds), members in alike.items():
        known = sheet.known_in(families)
        holds = np.stack([columns[i].holders(len(sheet.persons)) for i in members], axis=1)
        ratios, _ = _by_kinds(sheet, films, holds.astype(np.float32), known, also=kinds)
        for at, i in enumerate(members):
            target = _ratio_of(sheet, holds[:, at], outcome, known, kinds)
            gaps[i] = _gap(past, ratios[:, at], _sizes(sheet, films), (own, own_errors), target)
    middle, reach = gaps[:, 0], Z95 * gaps[:, 1]
    return Unexplained(np.exp(middle), np.exp(middle - reach), np.exp(middle + reach))


def _films(sheet: Sheet) -> list[int]:
    """The columns of past films' audiences; those of the seed's own films are nobody's here."""
    films = [
        (i, size)
        for i, t in enumerate(sheet.traits)
        if t.family in ("saw", "wants")
        and "film" in t.definition
        and (size := len(sheet.holders(i))) >= LEAST_AUDIENCE
    ]
    return sorted(i for i, _ in sorted(films, key=lambda f: (-f[1], f[0]))[:MOST_FILMS])


def _sizes(sheet: Sheet, films: Sequence[int]) -> Floats:
    return np.array([len(sheet.holders(f)) for f in films], dtype=np.float64)


def _past_profiles(
    sheet: Sheet, films: Sequence[int], fans: Sequence[Trait]
) -> tuple[Floats, Floats]:
    """The log ratio of each genre's fans (columns) for each film (rows), and its variance.

    A fan of a genre is one by other films than the one whose audience is looked at.
    """
    places = [sheet.column(t.name) for t in fans]
    flags = np.zeros((len(sheet.persons), len(fans)), dtype=np.float32)
    for at, column in enumerate(places):
        flags[sheet.holders(column), at] = 1
    everyone = np.ones(len(sheet.persons), dtype=bool)
    own = _own_fans(sheet, films, fans)
    return _by_kinds(sheet, films, flags, everyone, own, _kinds(fans))


def _own_fans(
    sheet: Sheet, films: Sequence[int], fans: Sequence[Trait]
) -> dict[tuple[int, int], Integers]:
    """Rows of those who are a genre's fans only by a film, by its place and the genre's."""
    events = sheet.events_by_trait
    own: dict[tuple[int, int], Integers] = {}
    for at, film in enumerate(films):
        rows = sheet.holders(film)
        of_film = events[:, [film]].tocsr()[rows].toarray()[:, 0]
        for place, genre in enumerate(fans):
            of_genre = events[:, [sheet.column(genre.name)]].tocsr()[rows].toarray()[:, 0]
            if not (of_genre > 0).all():
                continue  # The film is none of that genre.
            least = float(genre.definition.get("min_events", 1))
            only = rows[(of_genre >= least) & (of_genre - of_film < least)]
            if len(only):
                own[at, place] = only
    return own


def _by_kinds(
    sheet: Sheet,
    films: Sequence[int],
    flags: Singles,
    known: Flags,
    own: dict[tuple[int, int], Integers] | None = None,
    also: Sequence[str] = (),
) -> tuple[Floats, Floats]:
    """The log ratio of each column of flags for each film, over activity in the film's kinds.

    And in those that the flags are counted from, `also`.
    """
    logs, variances = (np.zeros((len(films), flags.shape[1])) for _ in range(2))
    kinds = [kinds_of(sheet.traits[f]) for f in films]
    for each in sorted(set(kinds)):
        at = [i for i, k in enumerate(kinds) if k == each]
        strata, size = _classes(sheet, each, known, also)
        audience = sheet.by_trait[:, [films[i] for i in at]]
        moved = np.zeros((size, len(at), flags.shape[1]))
        for (film, column), rows in (own or {}).items():
            if film in at:
                inside = rows[known[rows]]
                moved[:, at.index(film), column] = np.bincount(
                    strata[inside], sheet.weight[inside], minlength=size
                )
        logs[at], variances[at] = _log_ratios(sheet.weight, strata, size, audience, flags, moved)
    return logs, variances


def _log_ratios(
    weight: Floats, strata: Integers, size: int, audience: csc_array, flags: Singles, moved: Floats
) -> tuple[Floats, Floats]:
    """Mantel–Haenszel log ratios of all flags (columns) for all audiences (rows); 0 where none.

    And their variances, as of rare outcomes: one over those in the audience with, and without.
    """
    numerator = np.zeros((audience.shape[1], flags.shape[1]))
    denominator, holders, others = numerator.copy(), numerator.copy(), numerator.copy()
    by_person: csr_array = (diags_array(weight) @ audience).tocsr()
    for stratum in range(size):
        rows = np.flatnonzero(strata == stratum)
        if not len(rows):
            continue
        here, people = by_person[rows], float(weight[rows].sum())
        a = np.asarray(here.T @ flags[rows], dtype=np.float64) - moved[stratum]
        every = np.asarray(here.sum(0)).ravel()[:, None]
        n1 = (weight[rows] @ flags[rows])[None] - moved[stratum]
        numerator += a * (people - n1) / people
        denominator += (every - a) * n1 / people
        holders, others = holders + a, others + every - a
    usable = (numerator > 0) & (denominator > 0)
    ratios = np.divide(numerator, denominator, out=np.ones_like(numerator), where=usable)
    return np.log(ratios), 1 / np.maximum(holders, 1) + 1 / np.maximum(others, 1)


def _classes(
    sheet: Sheet, kinds: Sequence[str], known: Flags, also: Sequence[str] = ()
) -> tuple[Integers, int]:
    """Classes of activity in some kinds, crossed with those in others; -1: not compared.

    Who has no event of the former could be in no audience of theirs, and is not compared.
    """
    rows, others = [KINDS.index(k) for k in kinds], [KINDS.index(k) for k in also if k not in kinds]
    crossed = [sheet.activity[r].sum(0) for r in (rows, others) if r]
    compared = known & (crossed[0] > 0) if rows else known
    cells = max(1, min(CLASSES, int(compared.sum()) // PEOPLE_EACH))
    many = max(1, round(cells ** (1 / max(1, len(crossed)))))
    strata, size = np.where(compared, 0, -1), 1
    for activity in crossed if compared.any() else ():
        edges = np.unique(np.quantile(activity[compared], np.arange(1, many) / many))
        step = np.searchsorted(edges, activity[compared], side="right")
        strata[compared] = strata[compared] * many + step
        size *= many
    return strata, size


def _profile(sheet: Sheet, fans: Sequence[Trait], outcome: Flags) -> tuple[Floats, Floats]:
    """The film's own profile, and its standard errors."""
    everyone = np.ones(len(sheet.persons), dtype=bool)
    both = []
    for genre in fans:
        flags = sheet.having_any([genre])
        both.append(_ratio_of(sheet, flags, outcome, everyone, _kinds(fans)))
    return np.array([b[0] for b in both]), np.array([b[1] for b in both])


def _kinds(traits: Sequence[Trait]) -> tuple[str, ...]:
    """The kinds of event that some traits count."""
    return tuple(k for k in KINDS if any(k in kinds_of(t) for t in traits))


def _ratio_of(
    sheet: Sheet, flags: Flags, outcome: Flags, known: Flags, also: Sequence[str] = ()
) -> tuple[float, float]:
    """The log ratio of some people for the outcome, and its standard error; 0 and NaN if none."""
    kinds = sheet.kinds_of(outcome)
    strata, size = _classes(sheet, kinds, known & (outcome | ~sheet.seed), also)
    rows = strata >= 0
    cells = strata[rows] * 4 + 2 * flags[rows] + outcome[rows]
    counts = np.bincount(cells, sheet.weight[rows], minlength=4 * size).astype(np.float64)
    n = counts.reshape(size, 2, 2)
    four = (n[:, 1, 1], n[:, 1].sum(1), n[:, 0, 1], n[:, 0].sum(1))
    ratio = risk_ratio(four[0][None], four[1][None], four[2][None], four[3][None])
    log_se = float(ratio.log_se[0])
    return (0.0, np.nan) if np.isnan(log_se) else (float(np.log(ratio.ratio[0])), log_se)


def _gap(
    past: tuple[Floats, Floats],
    y: Floats,
    sizes: Floats,
    own: tuple[Floats, Floats],
    target: tuple[float, float],
) -> tuple[float, float]:
    """The log ratio less the predicted one, and the standard error of that.

    Films count by their audiences, none for more than ten times the smallest. The ridge is the one
    that predicts left-out films best.
    """
    w = np.minimum(sizes, 10 * LEAST_AUDIENCE)
    w = w / w.mean()
    profiles, variances = past
    centre, spread = np.average(profiles, axis=0, weights=w), profiles.std(0) + 1e-9
    x = np.column_stack([np.ones(len(profiles)), (profiles - centre) / spread])
    x0 = np.concatenate([[1.0], (own[0] - centre) / spread])
    fits = [_ridge(x, y, w, ridge) for ridge in RIDGES]
    _, weights, inverse, variance = min(fits, key=lambda f: f[0])
    log_ratio, error = target
    predicted = float(x0 @ weights)
    uncertain = variance * float(x0 @ inverse @ x0)
    noise = float(np.nansum((weights[1:] / spread * own[1]) ** 2))
    # Profiles are measured with error, which makes slopes too flat: by as much as this, or less.
    share = np.minimum(np.average(variances, axis=0, weights=w) / spread**2, MOST_NOISE)
    flat = float((share / (1 - share) * weights[1:] * x0[1:]).sum())
    return log_ratio - predicted, float(np.sqrt(error**2 + uncertain + noise + flat**2))


def _ridge(x: Floats, y: Floats, w: Floats, ridge: float) -> tuple[float, Floats, Floats, float]:
    """Mean squared error of left-out films; weights; inverse that errors come from; variance."""
    penalty = ridge * np.eye(x.shape[1])
    penalty[0, 0] = 0
    inverse: Floats = np.linalg.inv(x.T @ (w[:, None] * x) + penalty).astype(np.float64)
    weights = inverse @ (x.T @ (w * y))
    leverage = w * np.einsum("ij,jk,ik->i", x, inverse, x)
    left_out = (y - x @ weights) / np.maximum(1 - leverage, 1e-6)
    freedom = max(1.0, len(y) - float(leverage.sum()))
    variance = float((w * (y - x @ weights) ** 2).sum() / freedom)
    return float((w * left_out**2).mean()), weights, inverse, variance
