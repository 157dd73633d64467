"""What is obvious about a film: fans of its genres and talent, core moviegoers, demographics."""

from fullhouse.discovery.obvious import ObviousTraits, obvious_traits
from fullhouse.sample.analysis_sample import AnalysisSample, KnownFilm
from fullhouse.sample.outcome import LikelyAudience


def obvious_of(house: AnalysisSample, film: KnownFilm, seed: LikelyAudience) -> ObviousTraits:
    """Fans of the film's genres and talent; the seed's own films are no talent to be fans of."""
    talent = {n.casefold() for n in film.facts.get("talent") or ()}
    series = film.facts.get("series")
    ours = {t.definition["film"] for t in seed.traits} | {film.slug}
    like = {
        k.slug
        for k in house.films.values()
        if k.slug
        and k.slug not in ours
        and (
            talent & {n.casefold() for n in k.facts.get("talent") or ()}
            or (series and k.facts.get("series") == series)
        )
    }
    return obvious_traits(
        house.traits,
        genres=film.facts.get("genres") or (),
        talent_films={s for s in like if s},
        seed={t.name for t in (*seed.outcome.traits, *seed.outcome.about)},
    )
