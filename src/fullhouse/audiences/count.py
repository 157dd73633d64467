"""Count a rule, and collect the people in it."""

from collections.abc import Iterator

from pyroaring import BitMap

from fullhouse.audiences.audience import Count
from fullhouse.audiences.kernel import Kernel, Set, as_bitmap
from fullhouse.audiences.plan import Plan
from fullhouse.audiences.population import Population


def count(population: Population, plan: Plan) -> Count:
    """How many people fit, and how many more would but for consent."""
    kernel = Kernel(population.key)
    persons = left_out = 0
    for block, (sets,) in population.sets(plan):
        if population.out.none_in(block):
            persons += kernel.count(plan.root, sets, block)
            continue
        people = kernel.evaluate(plan.root, sets, block)
        gone = population.out.within(kernel, people, block)
        persons += kernel.size(people) - gone
        left_out += gone
    return Count(persons, left_out)


def people(population: Population, *plans: Plan) -> Iterator[tuple[int, list[BitMap], int]]:
    """Block after block, the people who fit each plan and take part, as bitmaps of their own.

    With them comes how many fit any of the plans but are left out for want of consent.
    """
    kernel = Kernel(population.key)
    for block, sets in population.sets(*plans):
        found: list[BitMap] = []
        gone = BitMap()
        for plan, leaves in zip(plans, sets, strict=True):
            fit: Set = kernel.evaluate(plan.root, leaves, block)
            if population.out.none_in(block):
                found.append(BitMap(as_bitmap(fit, block)))
                continue
            everyone = BitMap(as_bitmap(fit, block))
            kept = BitMap(as_bitmap(population.out.taken_out(kernel, fit, block), block))
            found.append(kept)
            gone |= everyone - kept
        yield block, found, len(gone)
