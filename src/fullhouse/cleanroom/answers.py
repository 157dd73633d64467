"""Answers to questions about audiences and contacts: exact numbers from stages, noised here.

Each function takes what is asked of, and the price in nano-rho; what it returns holds its noise.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from math import exp, log, sqrt

import numpy as np
from pyroaring import BitMap

from fullhouse import audiences
from fullhouse.audiences import Name, Population
from fullhouse.audiences.kernel import as_bitmap
from fullhouse.cleanroom import consistent
from fullhouse.cleanroom.noise import noisy, noisy_vector, sigma, split
from fullhouse.cleanroom.people import CleanRoom
from fullhouse.cleanroom.question import Breakdown, Count, Describe, Overlap
from fullhouse.cleanroom.release import Z95, Noise, Note, ReleasedLine, ReleasedNumber, figure
from fullhouse.core.arrays import Floats, Ints
from fullhouse.core.person_sets import PersonSet, size
from fullhouse.core.values import BLOCK_BITS, BLOCK_SIZE
from fullhouse.traits import Trait

WEIGHT = 1 << 10
"""Parts of one in which a person with more traits than the bound counts for each."""


@dataclass(frozen=True)
class Computed:
    """What a question's computation gives: lines with noise, what noise it was, and notes."""

    lines: tuple[ReleasedLine, ...]
    noise: tuple[Noise, ...]
    notes: tuple[Note, ...] = ()


def count(
    room: CleanRoom,
    question: Count,
    rho: int,
    *,
    least: float = 0.0,
    most: float = float("inf"),
) -> Computed:
    """How many people fit a rule and take part, within what the tenant's own numbers imply."""
    rule = room.population.compile(question.rule)
    exact = audiences.count(room.population, rule).persons
    spread, measured = sigma(rho), noisy(exact, rho)
    value = consistent.within(measured, least=least, most=most)
    people = figure(value, Z95 * spread, minimum=room.policy.minimum)
    notes: tuple[Note, ...] = ()
    if value != measured and people.value is not None:
        notes = (Note("fits_other_counts"),)
        # The interval stays that of the measurement, widened to hold the number that is shown.
        low, high = max(measured - Z95 * spread, 0.0), measured + Z95 * spread
        people = replace(people, low=min(low, value), high=max(high, value))
    line = ReleasedLine({"audience": question.rule}, {"people": people})
    return Computed((line,), (Noise(spread),), notes)


def breakdown(room: CleanRoom, question: Breakdown, rho: int) -> Computed:
    """The people of a rule by a family's traits; each person counts in the first that fits.

    Parts and total are measured each on their own and then made to add up. What is under the
    minimum is one more line together.
    """
    names = room.of_family(question.by)
    cells, total = _partition(room.population, question.rule, names)
    for_parts, for_total = split(rho, 1, 1)
    spread, of_total = sigma(for_parts), sigma(for_total)
    parts = consistent.add_up(
        noisy_vector(cells, for_parts, 1.0).tolist(),
        noisy(total, for_total),
        of_parts=spread,
        of_total=of_total,
    )
    width, total_width = (
        Z95 * s for s in consistent.sigmas(len(parts), of_parts=spread, of_total=of_total)
    )
    minimum = room.policy.minimum
    labels = [{question.by: name} for name in names] + [{question.by: "none of these"}]
    lines = [
        ReleasedLine(label, {"people": figure(int(n), width, minimum=minimum)})
        for label, n in zip(labels, parts.tolist(), strict=True)
    ]
    lines += _under_minimum(parts, minimum, width, {question.by: "all under the minimum"})
    whole = figure(int(parts.sum()), total_width, minimum=minimum)
    lines.append(ReleasedLine({question.by: "total"}, {"people": whole}))
    return Computed(tuple(lines), (Noise(spread), Noise(of_total)))


def overlap(room: CleanRoom, question: Overlap, rho: int) -> Computed:
    """The people in each combination of some rules, and their sums: sizes, pairs, and the union."""
    rules = [room.population.compile(rule) for rule in question.rules]
    exact = audiences.overlap(room.population, rules)
    places = range(len(rules))
    cells = [c for many in range(1, len(rules) + 1) for c in combinations(places, many)]
    for_parts, for_total = split(rho, 1, 1)
    spread, of_total = sigma(for_parts), sigma(for_total)
    values = np.array([exact.exclusive.get(cell, 0) for cell in cells], np.int64)
    parts = consistent.add_up(
        noisy_vector(values, for_parts, 1.0).tolist(),
        noisy(exact.union, for_total),
        of_parts=spread,
        of_total=of_total,
    )
    of_part, of_union = consistent.sigmas(len(parts), of_parts=spread, of_total=of_total)

    def summed(inside: Sequence[int], kind: str, width: float) -> ReleasedLine:
        chosen = [
            i for i, c in enumerate(cells) if kind == "union" or set(inside) <= set(c)
        ] if kind != "only" else [cells.index(tuple(inside))]  # fmt: skip
        named = " & ".join(question.rules[i] for i in inside)
        value = int(parts[chosen].sum())
        shown = figure(value, width * Z95, minimum=room.policy.minimum)
        return ReleasedLine({"kind": kind, "audiences": named}, {"people": shown})

    def spread_of(members: int) -> float:
        return sqrt(members) * spread

    half = 1 << (len(rules) - 1)
    lines = [summed([i], "size", spread_of(half)) for i in places]
    lines += [summed(p, "pair", spread_of(max(half // 2, 1))) for p in combinations(places, 2)]
    lines += [summed(c, "only", of_part) for c in cells]
    lines.append(summed(list(places), "union", of_union))
    return Computed(tuple(lines), (Noise(spread), Noise(of_total)))


def describe(room: CleanRoom, question: Describe, rho: int) -> Computed:
    """The share of each trait of some families among a rule's people, against a base.

    A person counts for at most the policy's bound of traits: whoever has more counts for each in
    a part, so that no person moves all numbers together by more than the bound allows.
    """
    names = [name for family in question.families for name in room.of_family(family)]
    by_name = {t.name: t for t in room.population.catalogue.traits}
    traits = [by_name[name] for name in dict.fromkeys(names)]
    most = min(int(room.policy["bounds.traits"]), len(traits))
    inner, outer = _sides(room, question)
    half, other = split(rho, 1, 1)
    columns = (
        _noisy_side(room.population, traits, inner, most, half),
        _noisy_side(room.population, traits, outer, most, other),
    )
    minimum = room.policy.minimum
    lines = _sizes_of_sides(columns, minimum)
    lines += [_compared(trait, i, columns, minimum) for i, trait in enumerate(traits)]
    bounds = {"traits_per_person": float(most)}
    noise = tuple(Noise(side.of_counts, sqrt(most), bounds) for side in columns)
    return Computed(tuple(lines), noise, (Note("traits_clamped"),) if len(traits) > most else ())


def reach(contacts: Mapping[int, int], cap: int, minimum: int, rho: int) -> Computed:
    """How many people were reached and how often, from the people by their number of contacts.

    A person of `cap` contacts or more counts in the last cell, with `cap` of them. Reach is the
    sum of the cells and contacts their weighted sum, so that the frequency, their ratio, is 1 at
    least wherever anybody was reached.
    """
    exact = np.zeros(cap, np.int64)
    for many, people in contacts.items():
        exact[min(many, cap) - 1] += people
    for_parts, for_total = split(rho, 1, 1)
    spread, of_total = sigma(for_parts), sigma(for_total)
    cells = consistent.add_up(
        noisy_vector(exact, for_parts, 1.0).tolist(),
        noisy(int(exact.sum()), for_total),
        of_parts=spread,
        of_total=of_total,
    )
    of_part, of_reach = consistent.sigmas(cap, of_parts=spread, of_total=of_total)
    times = np.arange(1, cap + 1, dtype=np.int64)
    reached, contacted = int(cells.sum()), int(cells @ times)
    of_contacts = spread * sqrt(float((times**2).sum()))
    figures = {"reach": figure(reached, Z95 * of_reach, minimum=minimum)}
    if figures["reach"].fewer_than is None:
        figures["contacts"] = ReleasedNumber(
            contacted, max(contacted - Z95 * of_contacts, reached), contacted + Z95 * of_contacts,
            "contacts",
        )  # fmt: skip
        frequency = contacted / reached
        relative = Z95 * sqrt((of_contacts / contacted) ** 2 + (of_reach / reached) ** 2)
        figures["frequency"] = ReleasedNumber(
            frequency, max(frequency * (1 - relative), 1.0), frequency * (1 + relative), "ratio"
        )
    lines = [ReleasedLine({"contacts": "all"}, figures)]
    lines += [
        ReleasedLine({"contacts": f"{n}" if n < cap else f"{n} or more"},
             {"people": figure(int(cells[n - 1]), Z95 * of_part, minimum=minimum)})
        for n in times.tolist()
    ]  # fmt: skip
    noise = (Noise(spread, 1.0, {"contacts_per_person": float(cap)}), Noise(of_total))
    return Computed(tuple(lines), noise)


def _partition(population: Population, rule: str, names: Sequence[str]) -> tuple[Ints, int]:
    """The people of a rule by the first of some traits that they have, and by none; and all."""
    wanted = [population.compile(rule), *(population.compile(Name(n)) for n in names)]
    cells, total = np.zeros(len(names) + 1, np.int64), 0
    for _, (members, *having), _ in audiences.people(population, *wanted):
        rest = members
        total += len(members)
        for i, trait in enumerate(having):
            cells[i] += len(rest & trait)
            rest = rest - trait
        cells[-1] += len(rest)
    return cells, total


def _under_minimum(
    parts: Ints, minimum: int, width: float, label: Mapping[str, str]
) -> list[ReleasedLine]:
    """One line of all cells that are under the minimum, where there are two of them or more."""
    small = parts[parts < minimum]
    if len(small) < 2:
        return []
    together = figure(int(small.sum()), width * sqrt(len(small)), minimum=minimum)
    return [ReleasedLine(label, {"people": together})]


def _sides(room: CleanRoom, question: Describe) -> tuple[PersonSet, PersonSet]:
    """The audience as far as it lies in the base, and the base."""
    rules = [room.population.compile(question.rule), room.population.compile(question.base)]
    (members, base), _ = audiences.members_of(room.population, *rules)
    return {b: m & base[b] for b, m in members.items()}, base


@dataclass(frozen=True)
class _Side:
    """The noisy counts of traits in an audience or its base, and its noisy size."""

    counts: Floats
    of_counts: float
    people: int
    of_people: float


def _noisy_side(
    population: Population,
    traits: Sequence[Trait],
    people: PersonSet,
    most: int,
    rho: int,
) -> _Side:
    for_traits, for_size = split(rho, 9, 1)
    exact = _trait_counts(population, traits, people, most)
    l2 = sqrt(most) * WEIGHT
    return _Side(
        noisy_vector(exact, for_traits, l2) / WEIGHT,
        sigma(for_traits, l2) / WEIGHT,
        noisy(size(people), for_size),
        sigma(for_size),
    )


def _trait_counts(
    population: Population, traits: Sequence[Trait], people: PersonSet, most: int
) -> Ints:
    """How many people have each trait, in 1 / WEIGHT, each person's row of norm sqrt(most)."""
    place = {trait.id: i for i, trait in enumerate(traits)}
    counts = np.zeros(len(traits), np.int64)
    if len(traits) <= most:
        for trait, members in _having(population, list(place), people):
            counts[place[trait]] += len(members) * WEIGHT
        return counts
    held = {block: np.zeros(BLOCK_SIZE, np.int32) for block, members in people.items() if members}
    for _, members in _having(population, list(place), people):
        held[members[0] >> BLOCK_BITS][_offsets(members)] += 1
    # Cut towards zero, so that rounding makes no person count for more than the bound.
    weights = {
        block: np.floor(WEIGHT * np.sqrt(np.minimum(1.0, most / np.maximum(many, 1))))
        for block, many in held.items()
    }
    for trait, members in _having(population, list(place), people):
        counts[place[trait]] += int(weights[members[0] >> BLOCK_BITS][_offsets(members)].sum())
    return counts


def _having(
    population: Population, traits: Sequence[int], people: PersonSet
) -> Iterator[tuple[int, BitMap]]:
    """For each trait and block the people of a set who have it, where there are any."""
    wanted = set(traits)
    for trait, block, _, having in population.bitmaps.every(sorted(wanted)):
        if trait in wanted and people.get(block):
            members = people[block] & BitMap(as_bitmap(having, block))
            if members:
                yield trait, members


def _offsets(members: BitMap) -> Ints:
    return np.asarray(members.to_array(), np.int64) & (BLOCK_SIZE - 1)


def _sizes_of_sides(columns: tuple[_Side, _Side], minimum: int) -> list[ReleasedLine]:
    sizes = {
        name: figure(side.people, Z95 * side.of_people, minimum=minimum)
        for name, side in zip(("people", "base_people"), columns, strict=True)
    }
    return [ReleasedLine({"trait": "all"}, sizes)]


def _compared(trait: Trait, i: int, columns: tuple[_Side, _Side], minimum: int) -> ReleasedLine:
    """A trait's people on both sides, and the index of the shares with noise and sampling in it."""
    side, base = columns
    n, base_n = side.people, base.people
    base_x = consistent.within(float(base.counts[i]), most=max(base_n, 0))
    x = consistent.within(float(side.counts[i]), most=max(min(base_x, n), 0.0))
    figures = {
        "people": figure(round(x), Z95 * side.of_counts, minimum=minimum),
        "base_people": figure(round(base_x), Z95 * base.of_counts, minimum=minimum),
    }
    of = {"trait": trait.name, "family": trait.family, "label": trait.label}
    if min(x, base_x, n, base_n) < minimum:
        return ReleasedLine(of, figures)
    middle = log(x / n) - log(base_x / base_n)
    noise = (side.of_counts / x) ** 2 + (base.of_counts / base_x) ** 2
    noise += (side.of_people / n) ** 2 + (base.of_people / base_n) ** 2
    sampled = max(1 / x - 1 / n, 0.0) + max(1 / base_x - 1 / base_n, 0.0)
    wide = Z95 * sqrt(noise + sampled)
    figures["index"] = ReleasedNumber(
        100 * exp(middle), 100 * exp(middle - wide), 100 * exp(middle + wide), "index"
    )
    return ReleasedLine(of, figures)
