"""How likely each person is to see a film, and who is like a list of people."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from threadpoolctl import threadpool_limits

from fullhouse import audiences, control
from fullhouse.app import traits as app_traits
from fullhouse.app.discoveries import expected_sales
from fullhouse.app.use_case import check_house, use_case
from fullhouse.audiences import Audience
from fullhouse.consent import ADVERTISING
from fullhouse.core.brief import Brief
from fullhouse.core.errors import CannotTellError, InputError
from fullhouse.core.person_sets import PersonSet, only, size
from fullhouse.core.request import request
from fullhouse.core.values import check_slug
from fullhouse.discovery.likely_audience import likely_audience
from fullhouse.propensity import LookAlike, ScoredAudience, listed_people, score_all
from fullhouse.propensity.film_propensity import (
    film_look_alike,
    fit_propensity,
    score_audience,
)
from fullhouse.propensity.forward import LEAST_DAYS, MOST_DAYS, cut_for, judge_forward
from fullhouse.propensity.propensity import FilmPropensity, ForwardCheck
from fullhouse.sample.analysis_sample import AnalysisSample, analysis_sample
from fullhouse.sample.sales import ExpectedSales
from fullhouse.view.charts import out_paths
from fullhouse.view.model_card import save_look_alike, save_propensity
from fullhouse.workspace.context import Context

SCORES = ".parquet"


@request
class ScoreFilm:
    """A film's propensity as of a day, and an audience of the likeliest people where one is cut.

    `top` takes that many people, `at_least` those whose chance is as large. With `save` they are
    frozen as an audience; whoever takes no part in its purpose is left out. `expected_people` of
    the house set the level; without it the forecast does, else films like it. With `forward` the
    card is judged on what came after an earlier cut, whose traits are built if they are not yet.
    """

    film: str
    territory: str | None = None
    as_of: date | None = None
    top: int | None = None
    at_least: float | None = None
    save: str | None = None
    purpose: str = ADVERTISING
    expected_people: float | None = None
    forward: bool = True


@request
class FindLookAlikes:
    """The people most like a list, and not on it: of a rule, or of a file of accounts.

    A rule may be audience:NAME; a file is CSV or Parquet with the columns source and account.
    """

    rule: str | None = None
    file: Path | None = None
    people: int = 10_000
    base: str = "everyone"
    as_of: date | None = None
    save: str | None = None
    purpose: str = ADVERTISING


@dataclass(frozen=True)
class SavedPeople:
    """People of a model who were saved as an audience, and how many take no part in its purpose."""

    audience: Audience
    left_out: int


@dataclass(frozen=True)
class FilmScores(Brief):
    """A film's propensity in a house, and the audience that was cut from it, if one was."""

    propensity: FilmPropensity
    audience: ScoredAudience | None
    saved: SavedPeople | None
    simulated: bool

    def in_brief(self) -> str:
        """The result in one line."""
        card = self.propensity.card
        return f"{card.title}: {card.expected_people:,.0f} of {card.people:,} people expected"


@dataclass(frozen=True)
class LookAlikes(Brief):
    """People like a list: how many, how far to trust it, and the audience they were saved as."""

    look_alike: LookAlike
    seed: str
    saved: SavedPeople | None
    simulated: bool

    def in_brief(self) -> str:
        """The result in one line."""
        return f"{size(self.look_alike.persons):,} people like {self.seed}"


@use_case
def film_propensity(context: Context, request: ScoreFilm) -> FilmScores:
    """The propensity model of a film, and an audience of the likeliest where one is asked for."""
    control.check_writable(context.control)
    cut = request.top is not None or request.at_least is not None
    if request.save is not None and not cut:
        raise InputError("To save an audience, say who: --top N, or --at-least CHANCE.")
    if request.top is not None and request.at_least is not None:
        raise InputError("Give --top or --at-least, not both.")
    if request.save is not None:
        check_slug(request.save, what="The name of an audience")
    sample = analysis_sample(context, territory=request.territory, as_of=request.as_of)
    with sample as house:
        film = house.find(request.film)
        context.progress("Reading interest and past films")
        sales = None if request.expected_people is not None else expected_sales(house, film)
        propensity = fit_propensity(
            house,
            film,
            likely_audience(house, film),
            sales=sales if isinstance(sales, ExpectedSales) else None,
            expected_people=request.expected_people,
            progress=context.progress,
        )
        if request.forward:
            context.progress("Judging forward in time")
            card = replace(propensity.card, forward=_forward(context, house))
            propensity = replace(propensity, card=card)
        audience = saved = None
        if cut:
            context.progress("Scoring everybody")
            audience = score_audience(house, propensity, top=request.top, at_least=request.at_least)
            rule = (
                f"propensity of {film.film}, the {request.top:,} likeliest"
                if request.top is not None
                else f"propensity of {film.film} at least {request.at_least:g}"
            )
            saved = _save(context, request, rule, audience.persons, house.day)
    detail: dict[str, object] = {"film": film.film, "model": propensity.card.fingerprint}
    control.record(context.control, "propensity", detail | {"saved": request.save})
    return FilmScores(propensity, audience, saved, context.settings.simulated)


@use_case
def look_alike_people(context: Context, request: FindLookAlikes) -> LookAlikes:
    """The people of a base who are most like a list, none of them on it."""
    control.check_writable(context.control)
    if (request.rule is None) == (request.file is None):
        raise InputError("Whose look-alikes? Give a rule such as audience:NAME, or a file.")
    if request.save is not None:
        check_slug(request.save, what="The name of an audience")
    with analysis_sample(context, as_of=request.as_of) as house:
        (everyone,) = house.people(request.base)
        if request.file is not None:
            seed, name = listed_people(context.lake, request.file), request.file.name
        else:
            name = str(request.rule)
            (seed,) = house.people(name)
        result = film_look_alike(house, everyone, seed, people=request.people)
        rule = f"the {request.people:,} most like {name}"
        saved = _save(context, request, rule, result.persons, house.day)
    detail: dict[str, object] = {"seed": name, "seed_people": result.seed_people}
    control.record(
        context.control, "look-alike", detail | {"people": request.people, "saved": request.save}
    )
    return LookAlikes(result, name, saved, context.settings.simulated)


def write_propensity(
    context: Context, scores: FilmScores, files: Iterable[str | Path], *, as_of: date | None
) -> list[Path]:
    """Write the model (.json), everybody's chance (.parquet, for the house), its charts."""
    check_house(context)
    paths = out_paths(files, "propensity")
    for path in paths:
        if path.suffix.lower() == SCORES:
            _write_scores(context, scores.propensity, path, as_of)
        else:
            save_propensity(scores.propensity, path, simulated=scores.simulated)
    return paths


def write_look_alike(result: LookAlikes, files: Iterable[str | Path]) -> list[Path]:
    """Write a look-alike's figures (.json), and its reach as a chart (.svg, .png, .html)."""
    paths = out_paths(files, "look_alike")
    for path in paths:
        save_look_alike(
            result.look_alike,
            path,
            seed=result.seed,
            saved=None if result.saved is None else str(result.saved.audience),
            left_out=0 if result.saved is None else result.saved.left_out,
            simulated=result.simulated,
        )
    return paths


@use_case
def _write_scores(
    context: Context, propensity: FilmPropensity, path: Path, as_of: date | None
) -> None:
    schema = pa.schema([("person", pa.int64()), ("chance", pa.float32())])
    with analysis_sample(context, as_of=as_of) as house, pq.ParquetWriter(path, schema) as writer:
        (base,) = house.people(propensity.base)
        for _, persons, chance in score_all(propensity.model, house.blocks, base):
            columns = [pa.array(persons.astype("int64")), pa.array(chance.astype("float32"))]
            writer.write_batch(pa.record_batch(columns, schema=schema))


def _forward(context: Context, house: AnalysisSample) -> ForwardCheck | None:
    """The check of the house's models as of the cut; None where nothing can judge it."""
    cut = cut_for(house.day)
    since, until = house.span
    if since is None or until is None or (cut - since).days < LEAST_DAYS:
        return None
    builds = app_traits.traits_builds(context, app_traits.EVERY_BUILD)
    known = [b.as_of for b in builds if cut - timedelta(days=LEAST_DAYS) <= b.as_of <= cut]
    if not known:
        app_traits.traits_build(context, app_traits.BuildTraits(as_of=cut))
    day = max(known, default=cut)
    if (house.day - day).days > MOST_DAYS:
        return None
    with analysis_sample(context, territory=house.territory, as_of=day) as earlier:
        try:
            with threadpool_limits(1):
                return judge_forward(earlier, house)
        except CannotTellError:
            # Too few films had been watched by then.
            return None


def _save(
    context: Context, request: ScoreFilm | FindLookAlikes, rule: str, people: PersonSet, day: date
) -> SavedPeople | None:
    """Freeze people as an audience, those who take no part in its purpose left out."""
    if request.save is None:
        return None
    population = audiences.population(context, as_of=day, purpose=request.purpose)
    (consenting,), _ = audiences.members_of(population, population.compile("everyone"))
    saved = audiences.save_people(
        context,
        request.save,
        rule,
        only(people, consenting),
        build=population.build,
        purpose=request.purpose,
    )
    control.record(
        context.control,
        "audience.save",
        {
            "audience": str(saved),
            "rule": rule,
            "purpose": request.purpose,
            "persons": saved.persons,
        },
    )
    return SavedPeople(saved, size(people) - saved.persons)
