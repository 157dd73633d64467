"""Audience cards of a film for a tenant, which rest on the free table of trait sizes.

What is asked about the film is fixed by words alone: its own marks and tickets, or those of films
that the tenant names.
"""

from collections.abc import Sequence

import numpy as np

from fullhouse.cleanroom.answers import Computed
from fullhouse.cleanroom.cards import WANTED_SHARE, discover_privately
from fullhouse.cleanroom.people import hidden_traits
from fullhouse.cleanroom.person_rows import person_rows
from fullhouse.cleanroom.policy import Policy
from fullhouse.cleanroom.private import (
    CardNote,
    NoisyNumber,
    NothingHasPower,
    PrivateCard,
    PrivateCards,
    RatiosLookHigh,
    SeedTooSmall,
    TraitSizes,
)
from fullhouse.cleanroom.question import Cards
from fullhouse.cleanroom.release import Noise, Note, ReleasedLine, ReleasedNumber
from fullhouse.cleanroom.size_table import house_sample, size_table, tabled
from fullhouse.core.errors import CannotTellError
from fullhouse.sample.analysis_sample import AnalysisSample
from fullhouse.sample.outcome import Outcome
from fullhouse.traits import Trait
from fullhouse.workspace.context import Context

OF_THE_OUTCOME = frozenset(
    {"saw", "wants", "trailer", "searched", "active", "source", "moviegoer", "viewer"}
)
"""Families that say how much somebody watches or buys, or which films: no audience to discover."""


def cards(context: Context, policy: Policy, question: Cards, rho: int) -> Computed:
    """The cards of a film: traits whose people are likelier to want it, at their noisy ratios."""
    table = size_table(context, policy, question.as_of)
    with house_sample(context, question.as_of) as sample:
        sizes, traits = table.only(tabled(context, policy, sample.traits))
        outcome = _outcome(sample, context, (question.film, *question.comps))
        own = sample.own_events(outcome)
        (base,) = sample.people("everyone")
        people = person_rows(sample.blocks, base, traits, outcome=outcome, own=own)
        wanted = np.array([t.family not in OF_THE_OUTCOME for t in traits], dtype=bool)
        result = discover_privately(people, sizes, rho, wanted=wanted)
    by_name = {trait.name: trait for trait in traits}
    lines = [ReleasedLine({"trait": "all who want it"}, {"people": _number(result.seed, policy)})]
    lines += [_card(c, by_name[c.trait], sizes, policy) for c in result.cards]
    noise = tuple(Noise(card.sigma) for card in result.cards)
    return Computed(tuple(lines), (Noise(result.seed.sigma), *noise), notes_of(result))


def _outcome(sample: AnalysisSample, context: Context, films: Sequence[str]) -> Outcome:
    """Who marked, or saw, one of some films: by their names alone, never by what people did."""
    hidden = hidden_traits(context, sample.traits, tenant=context.tenant)
    own: list[Trait] = []
    for film in films:
        slug = sample.films[film].slug if film in sample.films else None
        if slug is not None and slug in sample.film_traits:
            own += sample.film_traits[slug].both
    shown = [trait for trait in own if trait.name not in hidden]
    if not shown:
        raise CannotTellError(code="no_interest")
    return sample.outcome(shown)


def _card(card: PrivateCard, trait: Trait, sizes: TraitSizes, policy: Policy) -> ReleasedLine:
    of = {"trait": trait.name, "family": trait.family, "label": trait.label}
    ratio = ReleasedNumber(card.ratio, card.low, card.high, "ratio")
    return ReleasedLine(of, {"affinity": ratio, "people": _number(sizes.size(card.column), policy)})


def _number(number: NoisyNumber, policy: Policy) -> ReleasedNumber:
    if number.value < policy.minimum:
        return ReleasedNumber(None, 0.0, float(policy.minimum), "people", policy.minimum)
    return ReleasedNumber(round(number.value), number.low, number.high, "people")


def notes_of(result: PrivateCards) -> tuple[Note, ...]:
    """What a reader of cards must know: without any first of all that; from what affinity on."""
    notes = [Note("no_cards", {"tested": float(result.tested)})] if not result.cards else []
    if result.least_ratio is not None:
        least = {"ratio": result.least_ratio, "one_in": round(1 / WANTED_SHARE)}
        notes.append(Note("least_affinity", least))
    return (*notes, *map(_note, result.notes))


def _note(note: CardNote) -> Note:
    match note:
        case SeedTooSmall():
            rho = None if note.rho_needed is None else f"{note.rho_needed / 1e9:.3g}"
            return Note(
                "seed_too_small" if rho is None else "seed_too_small_at_price",
                {
                    "seed": round(note.seed.value, -1),
                    "seed_needed": note.seed_needed,
                    "people_needed": note.people_needed,
                    "rho_needed": rho,
                    "ratio": note.ratio,
                    "share": note.share,
                },
            )
        case RatiosLookHigh():
            return Note("ratios_look_high", {"enough": note.enough})
        case NothingHasPower():
            return Note("nothing_has_power", {"traits": note.traits})
