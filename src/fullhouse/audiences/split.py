"""Save the people of a rule, whole, or cut by chance into parts that stay the same for ever."""

from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise

from fullhouse.audiences.audience import AudienceSplit, SavedAudience, SplitPart
from fullhouse.audiences.forms import to_text
from fullhouse.audiences.population import Population, basis, count, members_of
from fullhouse.audiences.rule import CompiledRule, Sample, both
from fullhouse.audiences.save import save_people
from fullhouse.core.errors import InputError
from fullhouse.workspace.context import Context


def save_rule(
    context: Context, population: Population, rule: CompiledRule, name: str
) -> SavedAudience:
    """Freeze the people who fit a rule and take part as the next version of a name."""
    (members,), left_out = members_of(population, rule)
    audience = save_people(
        context,
        name,
        to_text(rule.rule),
        members,
        build=population.build,
        purpose=population.purpose,
    )
    return SavedAudience(audience, left_out, basis(population, rule))


def split(
    context: Context,
    population: Population,
    rule: CompiledRule,
    shares: Sequence[Fraction],
    *,
    salt: str,
    save: str | None = None,
) -> AudienceSplit:
    """An audience cut by chance into parts of the given shares; what is left over is no part.

    With `save`, parts are saved as NAME, or NAME-1, NAME-2 and so on.
    """
    samples = samples_of(shares, salt)
    parts = []
    for i, sample in enumerate(samples, start=1):
        part = population.compile(both(rule.rule, sample))
        text = to_text(part.rule)
        if save is None:
            counted = count(population, part)
            parts.append(
                SplitPart(sample.low, sample.high, text, counted.persons, counted.left_out)
            )
            continue
        name = save if len(samples) == 1 else f"{save}-{i}"
        saved = save_rule(context, population, part, name)
        parts.append(
            SplitPart(
                sample.low, sample.high, text, saved.audience.persons, saved.left_out,
                saved.audience,
            )
        )  # fmt: skip
    return AudienceSplit(tuple(parts), basis(population, rule))


def samples_of(shares: Sequence[Fraction], salt: str) -> list[Sample]:
    """Samples of the given shares that share nobody, from the lowest keyed share on."""
    bounds = [Fraction(0)]
    for share in shares:
        bounds.append(bounds[-1] + share)
    if bounds[-1] > 1:
        raise InputError(f"The shares add up to {float(bounds[-1]):g}, more than 1.")
    return [Sample(low, high, salt) for low, high in pairwise(bounds)]
