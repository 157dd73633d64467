"""Talent: credits in, who is credited, what names add to gross, who asked not to appear."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from fullhouse import audiences, control, films
from fullhouse.app.use_case import use_case
from fullhouse.control import Entry
from fullhouse.core.brief import Brief
from fullhouse.core.errors import CannotTellError, InputError, Reason
from fullhouse.core.request import request
from fullhouse.core.values import as_json
from fullhouse.films.identity import SetLink
from fullhouse.talent.book import enter_rising, score_rising
from fullhouse.talent.credit import Credit, CreditSet, CreditsImported, TalentLine, folded
from fullhouse.talent.effects import TalentEffects
from fullhouse.talent.find_fit import credited_names, film_people, fit_talent, read_costs
from fullhouse.talent.find_rising import find_rising
from fullhouse.talent.fit import TalentFit
from fullhouse.talent.fit_effects import fit_effects
from fullhouse.talent.outcome import film_outcomes
from fullhouse.talent.read import read_credits
from fullhouse.talent.rising import RisingBook, RisingNames
from fullhouse.talent.store import (
    credits_of,
    find_talent,
    import_credits,
    known_credits,
    lines_of,
    openings_of,
    suppress_talent,
    suppressed,
)
from fullhouse.workspace.context import Context
from fullhouse.workspace.runs import remembered


@request
class ImportCredits:
    """Credits that a reader read, or a file in the plain form; `strict`: refused with a problem."""

    source: CreditSet | Path
    strict: bool = False


@use_case
def talent_import(context: Context, request: ImportCredits) -> CreditsImported:
    """Take dated credits; twice writes nothing, and suppressed names stay out."""
    control.check_writable(context.control)
    source = request.source
    credit_set = source if isinstance(source, CreditSet) else read_credits(source)
    if request.strict and credit_set.problems:
        first = credit_set.problems[0]
        raise InputError(
            code="film_problems",
            file=credit_set.file,
            problems=len(credit_set.problems),
            row=first.row,
            problem=first.problem,
            given=first.given,
        )
    imported = import_credits(
        context.lake,
        context.control,
        credit_set,
        films.links(context.control),
        key=context.key,
        at=context.now,
    )
    if not imported.already:
        record: dict[str, object] = {
            "set": imported.set,
            "file": imported.file,
            "credits": imported.written,
        }
        control.record(context.control, "talent.import", record)
    return imported


@request
class ListTalent:
    """People whose name holds a text, in a role, as known on a day; the first `most`."""

    search: str | None = None
    role: str | None = None
    as_of: date | None = None
    most: int | None = None


@dataclass(frozen=True)
class TalentList(Brief):
    """How many people fit, and the first of them: those with most films."""

    total: int
    talents: tuple[TalentLine, ...]


@use_case
def talent_list(context: Context, request: ListTalent | None = None) -> TalentList:
    """Who is credited in films of the catalogue, those with most films first."""
    asked = request or ListTalent()
    rows, _ = _known(context, asked.as_of or context.today)
    lines = [
        line
        for line in lines_of(rows)
        if folded(asked.search or "") in folded(line.name)
        and (asked.role is None or asked.role in line.roles)
    ]
    return TalentList(len(lines), tuple(lines[: asked.most or None]))


@request
class EstimateTalent:
    """A market (the workspace's), with what was known on a day (today)."""

    territory: str | None = None
    as_of: date | None = None


@use_case
def talent_effects(context: Context, request: EstimateTalent | None = None) -> TalentEffects:
    """What names add to gross beyond budget, genre, month, series and date; a placebo beside it.

    Computed before from the same tables, it is looked up.
    """
    asked = request or EstimateTalent()
    whole = replace(
        asked,
        territory=asked.territory or context.settings.territory,
        as_of=asked.as_of or context.today,
    )
    films.check_territory(str(whole.territory))
    result = remembered(
        context, whole, TalentEffects, partial(_effects, whole), inputs=_inputs(context)
    )
    record: dict[str, object] = {
        "territory": result.territory,
        "as_of": result.as_of.isoformat(),
        "films": result.films,
    }
    control.record(context.control, "talent.effects", record)
    return result


def _effects(request: EstimateTalent, context: Context) -> TalentEffects:
    assert request.territory is not None
    assert request.as_of is not None
    rows, links = _known(context, request.as_of)
    outcomes = film_outcomes(context.lake, links, request.territory, request.as_of)
    effects = fit_effects(
        outcomes.films,
        rows,
        territory=request.territory,
        as_of=request.as_of,
        progress=context.progress,
    )
    return replace(
        effects,
        other_currency=outcomes.other_currency,
        simulated=context.settings.simulated,
    )


@request
class ShowTalent:
    """A person, by name or id, in a market (the workspace's), as known on a day (today)."""

    name: str
    territory: str | None = None
    as_of: date | None = None


@dataclass(frozen=True)
class TalentView(Brief):
    """A person as of a day: films, and what goes with the name; `why_not` where nobody can tell."""

    talent: str
    name: str
    territory: str
    as_of: date
    credits: tuple[Credit, ...]
    effects: TalentEffects | None
    """Those of this person alone, with the check of all names."""
    why_not: Reason | None = None

    def rows(self) -> Sequence[Mapping[str, object]]:
        """A row for each film and role."""
        return [vars(c) for c in self.credits]

    def to_dict(self) -> dict[str, Any]:
        """Everything of this person as JSON takes it, and the check of names as a whole."""
        own = self.effects.of(self.talent) if self.effects else ()
        check = self.effects.check if self.effects else None
        plain: dict[str, Any] = as_json(
            {
                "talent": self.talent,
                "name": self.name,
                "territory": self.territory,
                "as_of": self.as_of,
                "credits": [asdict(c) for c in self.credits],
                "effects": [asdict(e) for e in own],
                "names_add": check.names_add if check else None,
                "check": asdict(check) if check else None,
                "why_not": str(self.why_not) if self.why_not else None,
            }
        )
        return plain


@use_case
def talent_show(context: Context, request: ShowTalent) -> TalentView:
    """A person's films as known on a day, and what goes with the name beyond the films' budgets."""
    day = request.as_of or context.today
    territory = request.territory or context.settings.territory
    films.check_territory(territory)
    rows, links = _known(context, day)
    names = dict(zip(rows["talent"].to_pylist(), rows["name"].to_pylist(), strict=True))
    talent = find_talent(names, request.name)
    outcomes = film_outcomes(context.lake, links, territory, day)
    try:
        every = talent_effects(context, EstimateTalent(territory, day))
        own = every.effects.filter(pc.equal(every.effects["talent"], talent))
        effects, why_not = replace(every, effects=own), None
    except CannotTellError as problem:
        effects, why_not = None, problem.reason
    return TalentView(
        talent=talent,
        name=names[talent],
        territory=territory,
        as_of=day,
        credits=credits_of(rows, talent, links, {f.film: f.gross for f in outcomes.films}),
        effects=effects,
        why_not=why_not,
    )


@request
class FindRising:
    """A market (the workspace's), as known on a day (today)."""

    territory: str | None = None
    as_of: date | None = None


@use_case
def talent_rising(context: Context, request: FindRising | None = None) -> RisingNames:
    """The chance of each newcomer to be among the top in five years, the likeliest first."""
    asked = request or FindRising()
    whole = replace(
        asked,
        territory=asked.territory or context.settings.territory,
        as_of=asked.as_of or context.today,
    )
    films.check_territory(str(whole.territory))
    return remembered(context, whole, RisingNames, partial(_rising, whole), inputs=_inputs(context))


def _rising(request: FindRising, context: Context) -> RisingNames:
    assert request.territory is not None
    assert request.as_of is not None
    rows, links = _known(context, request.as_of)
    outcomes = film_outcomes(context.lake, links, request.territory, request.as_of)
    rising = find_rising(
        outcomes.films,
        rows,
        territory=request.territory,
        as_of=request.as_of,
        simulated=context.settings.simulated,
    )
    return replace(rising, other_currency=outcomes.other_currency)


@request
class IssueRising:
    """Rising names that enter the score book."""

    rising: RisingNames


@use_case
def issue_rising(context: Context, request: IssueRising) -> Entry:
    """Enter a list of rising names into the score book; its entry, or the same one of before."""
    entry, _ = enter_rising(context, request.rising)
    return entry


@request
class ReadRisingBook:
    """The issued lists of a market (the workspace's), scored by what is known on a day (today)."""

    territory: str | None = None
    as_of: date | None = None


@use_case
def talent_scorebook(context: Context, request: ReadRisingBook | None = None) -> RisingBook:
    """How issued lists of rising names did whose five years are over, and how many wait."""
    asked = request or ReadRisingBook()
    territory = asked.territory or context.settings.territory
    films.check_territory(territory)
    day = asked.as_of or context.today
    rows, links = _known(context, day)
    return score_rising(
        context.control,
        film_outcomes(context.lake, links, territory, day).films,
        rows,
        key=context.key,
        territory=territory,
        as_of=day,
    )


@request
class FitTalent:
    """A film, and what names may cost together: `budget` goes with `costs`, a file of them.

    The file has columns name (or an id) and cost. As known on a day (today).
    """

    film: str
    budget: float | None = None
    costs: Path | None = None
    as_of: date | None = None


@use_case
def talent_fit(context: Context, request: FitTalent) -> TalentFit:
    """Names by the people their audiences add to a film's, and a set of them for a budget.

    The house's alone: it counts people exactly. An association, no reason to cast anybody.
    """
    if (request.budget is None) != (request.costs is None):
        raise InputError(
            "A budget goes with a file of what names cost, and such a file with a budget. Give"
            " both, or neither."
        )
    if request.budget is not None and not 0 < request.budget < float("inf"):
        raise InputError(f"The budget {request.budget:g} is no amount above 0.")
    day = request.as_of or context.today
    rows, links = _known(context, day)
    film = films.find(links, request.film)
    names = credited_names(rows)
    costs = read_costs(request.costs, names) if request.costs else None
    known = films.facts(
        context.lake, context.settings.territory, day, fields=["genres", "series"]
    ).to_pylist()
    values = {(r["film"], r["field"]): json.loads(r["value"]) for r in known if r["value"]}
    genres = {f: v for (f, field), v in values.items() if field == "genres" and v}
    titles = {k.film: k.title for k in reversed(links) if k.set != films.RETIRED}
    context.progress("Comparing fans")
    people = film_people(
        audiences.population(context, as_of=day),
        film,
        names,
        genres=genres,
        series={f: v for (f, field), v in values.items() if field == "series" and v},
        openings=openings_of(links),
        titles=titles,
    )
    result = fit_talent(
        people,
        names,
        film=film,
        title=titles[film],
        genres=genres[film],
        as_of=day,
        budget=request.budget,
        costs=costs,
        simulated=context.settings.simulated,
    )
    control.record(context.control, "talent.fit", {"film": film, "as_of": day.isoformat()})
    return result


@request
class SuppressTalent:
    """A person, by name or id, who asked not to appear."""

    name: str


@dataclass(frozen=True)
class TalentSuppressed(Brief):
    """How many credits were taken out; whoever it was appears in no output from here on."""

    credits: int


@use_case
def talent_suppress(context: Context, request: SuppressTalent) -> TalentSuppressed:
    """Take a person out of everything, for good; only a keyed digest of the name is held."""
    control.check_writable(context.control)
    removed, digests = suppress_talent(context.lake, context.control, request.name, key=context.key)
    record: dict[str, object] = {"digests": sorted(digests), "credits": removed}
    control.record(context.control, "talent.suppress", record)
    return TalentSuppressed(removed)


def _inputs(context: Context) -> str:
    """What results hang on beside the lake: who is suppressed, and which entry is which film."""
    mark = suppressed(context.control, context.key).mark
    links = hashlib.sha256(repr(films.links(context.control)).encode()).hexdigest()
    return f"{mark}:{links}"


def _known(context: Context, as_of: date) -> tuple[pa.Table, list[SetLink]]:
    links = films.links(context.control)
    hidden = suppressed(context.control, context.key)
    return known_credits(context.lake, links, hidden, as_of), links
