"""Cards where nobody has shown interest and no film is like this one: what its words point to."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from fullhouse.core.values import slug
from fullhouse.discovery.card import (
    Card,
    Estimate,
    Evidence,
    FilmDiscovery,
    Stability,
    WordMatch,
)
from fullhouse.discovery.cards import plain_name
from fullhouse.discovery.columns import Column
from fullhouse.discovery.film_counts import counted
from fullhouse.discovery.obvious import obvious_traits
from fullhouse.sample.analysis_sample import AnalysisSample
from fullhouse.sample.film_traits import BASKETS
from fullhouse.sample.outcome import Seed
from fullhouse.traits import Trait
from fullhouse.view.discovery_words import headline

MOST = 8


def guesses(
    house: AnalysisSample, bare: FilmDiscovery, words: Sequence[WordMatch]
) -> FilmDiscovery:
    """The same with cards of the best matches; each says that no behaviour speaks for it."""
    film = house.films[bare.film]
    obvious = obvious_traits(house.traits, genres=film.facts.get("genres") or ())
    by_name = {t.name: t for t in house.traits}
    mine = [m for m in words if by_name[m.trait].family in BASKETS][:MOST]
    cards = [_card(by_name[m.trait], m) for m in mine]
    parts, everyone, exact = counted(house, obvious, cards)
    # By score, not by rank: nothing was measured that could rank them.
    order = {m.trait: -m.score for m in mine}
    found = replace(
        bare,
        used=(Seed("text", bare.title, 0, "its title, synopsis, keywords and genres"),),
        base_people=everyone,
        obvious=parts[:-1],
        obvious_people=parts[-1].persons if parts else 0,
        cards=tuple(sorted(exact, key=lambda c: (order[c.traits[0]], c.id))),
        verdict="guess" if cards else "cannot tell",
        notes=(
            "Nobody's behaviour speaks for these audiences: they are what words point to."
            " Edit them with --plus and --minus.",
        ),
    )
    return replace(found, sentence=headline(found))


def _card(trait: Trait, match: WordMatch) -> Card:
    said = ", ".join(a if a == b else f"{a} ~ {b}" for a, b in match.words) or "you named it"
    return Card(
        id=slug(trait.name),
        name=plain_name(
            Column(trait.name, trait.label, trait.family, (), (), np.zeros(0, np.int64))
        ),
        rule=trait.name,
        traits=(trait.name,),
        family=trait.family,
        standing="guess",
        persons=0,
        base_people=0,
        not_moviegoers=0,
        share=0.0,
        likely=0,
        likely_share=0.0,
        index=Estimate(),
        naive=None,
        affinity=Estimate(),
        beyond=Estimate(),
        interest=Estimate(),
        placebo=Estimate(),
        p=None,
        q=None,
        excess=None,
        extra=0,
        unobviousness=0.0,
        size=0.0,
        strength=0.0,
        rank=0.0,
        overlap=(),
        evidence=Evidence(0, None, (), None, None),
        stability=Stability(),
        reason=f"the film's words: {said}",
    )
