"""Audience cards of a film for a tenant, and the free table of trait sizes that they rest on.

The table is released once for all tenants, under the house, at a price that only the budget of all
together pays. What is asked about the film is
fixed by words alone: its own marks and tickets, or those of films that the tenant names.
"""

import base64
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from hashlib import sha256

import numpy as np
from sqlalchemy import insert, select

from fullhouse.cleanroom import ledger, log
from fullhouse.cleanroom.answers import Computed
from fullhouse.cleanroom.cards import discover_privately
from fullhouse.cleanroom.ledger import LedgerSpending
from fullhouse.cleanroom.people import hidden_traits, house_control
from fullhouse.cleanroom.person_rows import STRATA, person_rows
from fullhouse.cleanroom.policy import Policy, nano
from fullhouse.cleanroom.private import (
    CardNote,
    NoisyNumber,
    NothingHasPower,
    PrivateCard,
    RatiosLookHigh,
    SeedTooSmall,
    TraitSizes,
)
from fullhouse.cleanroom.question import Cards
from fullhouse.cleanroom.release import Noise, Note, ReleasedLine, ReleasedNumber
from fullhouse.cleanroom.sizes import measure_sizes
from fullhouse.control.schema import ReleasedRow
from fullhouse.core.errors import CannotTellError
from fullhouse.core.stored import from_bytes, to_bytes
from fullhouse.core.values import HOUSE
from fullhouse.sample.analysis_sample import AnalysisSample, analysis_sample
from fullhouse.sample.outcome import Outcome
from fullhouse.traits import Trait
from fullhouse.workspace.context import Context

OF_THE_OUTCOME = frozenset({"saw", "wants", "active", "source", "moviegoer", "viewer"})
"""Families that say how much somebody watches or buys, or which films: no audience to discover."""

SIZES = "sizes"


def cards(context: Context, policy: Policy, question: Cards, rho: int) -> Computed:
    """The cards of a film: traits whose people are likelier to want it, at their noisy ratios."""
    with house_sample(context, question.as_of) as sample:
        traits = tabled(context, policy, sample.traits)
        sizes = trait_sizes(context, policy, sample, traits)
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
    notes = tuple(_note(note) for note in result.notes)
    if not result.cards:
        notes = (Note("no_cards", {"tested": float(result.tested)}), *notes)
    return Computed(tuple(lines), (Noise(result.seed.sigma), *noise), notes)


def house_sample(context: Context, as_of: date | None) -> AnalysisSample:
    """The people as of a day, read for the house: what is remembered of them is not a tenant's."""
    return analysis_sample(replace(context, tenant=HOUSE), as_of=as_of)


def tabled(context: Context, policy: Policy, traits: Sequence[Trait]) -> list[Trait]:
    """The traits that the free table has, by name: what any tenant may ask about.

    Nothing of a secret title is in it, of whichever tenant.
    """
    hidden = hidden_traits(context, traits, tenant=HOUSE)
    allowed = [t for t in traits if policy.allows_trait(t.name, t.family) and t.name not in hidden]
    return sorted(allowed, key=lambda trait: trait.name)


def trait_sizes(
    context: Context, policy: Policy, sample: AnalysisSample, traits: Sequence[Trait]
) -> TraitSizes:
    """The free table of a build: as it was released, or released now and paid by all together."""
    build = sample.population.build
    names = "\n".join(trait.name for trait in traits)
    digest = sha256(f"{SIZES} build {build.id} {names}".encode()).hexdigest()
    with context.workspace.computing.holding((SIZES, digest)):
        known = _known_sizes(context, digest)
        return (
            known if known is not None else _release_sizes(context, policy, sample, traits, digest)
        )


def _known_sizes(context: Context, digest: str) -> TraitSizes | None:
    query = select(ReleasedRow.body).where(ReleasedRow.tenant == HOUSE)
    with context.control.connect() as connection:
        body = connection.scalar(query.where(ReleasedRow.digest == digest))
    if body is None:
        return None
    sizes: TraitSizes = from_bytes(base64.b64decode(body))
    return sizes


def _release_sizes(
    context: Context,
    policy: Policy,
    sample: AnalysisSample,
    traits: Sequence[Trait],
    digest: str,
) -> TraitSizes:
    control, build, at = house_control(context), sample.population.build, context.now
    epoch = policy.epoch(context.today)
    spending = LedgerSpending(HOUSE, SIZES, digest, nano(policy["sizes.rho"]), actor=HOUSE)
    reservation = ledger.reserve(control, policy, epoch, spending, at=at)
    try:
        (base,) = sample.people("everyone")
        sizes = measure_sizes(
            person_rows(sample.blocks, base, traits),
            [trait.name for trait in traits],
            STRATA,
            rho_nano=spending.rho,
            pairs_nano=None,
            most_traits=int(policy["bounds.traits"]),
        )
        body = base64.b64encode(to_bytes(sizes)).decode()
        detail: dict[str, str | int] = {
            "question": digest,
            "release": sha256(body.encode()).hexdigest(),
            "policy": policy.digest,
            "epoch": epoch.name,
            "nano_rho": spending.rho,
        }
        with control.begin() as connection:
            ledger.settle(connection, reservation, at=at)
            leaf = log.LogLeaf(HOUSE, "release.sizes", HOUSE, at, detail)
            row = {
                "tenant": HOUSE,
                "digest": digest,
                "epoch": epoch.name,
                "title": "",
                "campaign": "",
                "kind": SIZES,
                "question": f"build {build.id} as of {build.as_of}",
                "body": body,
                "position": log.append(connection, leaf).position,
                "rho": spending.rho,
                "reservation": reservation.id,
                "at": at,
            }
            connection.execute(insert(ReleasedRow).values(**row))
    except BaseException:
        ledger.cancel(control, reservation, at=context.now)
        known = _known_sizes(context, digest)
        if known is None:
            raise
        return known
    return sizes


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
