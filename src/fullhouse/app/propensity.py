"""Propensity and look-alike of a workspace: learned, explained, cut into audiences, saved."""

import secrets
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv
import pyarrow.parquet as pq
from pyroaring import BitMap
from threadpoolctl import threadpool_limits

from fullhouse import audiences, control
from fullhouse.app.discoveries import expected_sales
from fullhouse.audiences import Audience
from fullhouse.consent import ADVERTISING
from fullhouse.core.errors import InputError
from fullhouse.core.person_sets import PersonSet, by_block, size
from fullhouse.core.progress import Progress, silent
from fullhouse.core.tables import ACCOUNT_PERSON
from fullhouse.core.values import as_json, check_slug
from fullhouse.discovery.likely_audience import likely_audience
from fullhouse.propensity import (
    LookAlike,
    PropensityModel,
    Reason,
    at_least,
    look_alike,
    reasons,
    score_all,
    top,
)
from fullhouse.propensity.film_propensity import Learned, learn_propensity
from fullhouse.sample.analysis_sample import analysis_sample
from fullhouse.sample.film_sales import ExpectedSales
from fullhouse.view.calibration_chart import calibration_chart
from fullhouse.view.reach_chart import reach_chart
from fullhouse.view.save import CHART_SUFFIXES, save_chart
from fullhouse.workspace.context import Context

PROPENSITY_SUFFIXES = (".json", ".parquet", *CHART_SUFFIXES)
LOOK_ALIKE_SUFFIXES = (".json", *CHART_SUFFIXES)


@dataclass(frozen=True)
class Chosen:
    """An audience cut from a model: how many, the lowest chance in it, why they, and its save."""

    persons: int
    expected: float
    reasons: tuple[Reason, ...]
    left_out: int
    saved: Audience | None


@dataclass(frozen=True)
class Propensity:
    """A film's propensity in a house, and the audience that was cut from it, if one was."""

    learned: Learned
    chosen: Chosen | None
    simulated: bool

    def to_dict(self) -> dict[str, Any]:
        """The model's card and the audience as JSON can say them; no person is in it."""
        told: dict[str, Any] = as_json(
            {
                "card": asdict(self.learned.card),
                "used": [asdict(s) for s in self.learned.used],
                "base": self.learned.base,
                "audience": None if self.chosen is None else _chosen(self.chosen),
                "simulated": self.simulated,
            }
        )
        return told


@dataclass(frozen=True)
class Alike:
    """People like a list: who they are by number only, how far to trust it, and its save."""

    found: LookAlike
    seed: str
    left_out: int
    saved: Audience | None
    simulated: bool

    def to_dict(self) -> dict[str, Any]:
        """Everything but the people as JSON can say it."""
        found = self.found
        told: dict[str, Any] = as_json(
            {
                "seed": self.seed,
                "seed_people": found.seed_people,
                "persons": size(found.persons),
                "reached_in_top_tenth": found.reached_in_top_tenth,
                "precision": found.precision,
                "by_luck": found.by_luck,
                "curve": [asdict(p) for p in found.curve],
                "leaks": [asdict(x) for x in found.leaks],
                "reasons": [asdict(r) for r in found.reasons],
                "left_out": self.left_out,
                "audience": None if self.saved is None else str(self.saved),
                "simulated": self.simulated,
            }
        )
        return told


def film_propensity(
    context: Context,
    film: str,
    *,
    territory: str | None = None,
    as_of: date | None = None,
    n: int | None = None,
    threshold: float | None = None,
    save: str | None = None,
    purpose: str = ADVERTISING,
    expected_people: float | None = None,
    progress: Progress = silent,
) -> Propensity:
    """The propensity model of a film, and an audience of the likeliest where one is asked for.

    `n` takes that many people, `threshold` those whose chance is as large. With `save` they are
    frozen as an audience; whoever takes no part in its purpose is left out.
    """
    if save is not None and n is None and threshold is None:
        raise InputError("To save an audience, say who: --top N, or --at-least CHANCE.")
    if n is not None and threshold is not None:
        raise InputError("Give --top or --at-least, not both.")
    if save is not None:
        check_slug(save, what="The name of an audience")
    with analysis_sample(context, territory=territory, as_of=as_of) as house:
        known = house.find(film)
        progress("Reading interest and past films")
        audience = likely_audience(house, known)
        sales = None if expected_people is not None else expected_sales(house, known)
        learned = learn_propensity(
            house,
            known,
            audience,
            sales=sales if isinstance(sales, ExpectedSales) else None,
            expected_people=expected_people,
            progress=progress,
        )
        chosen = None
        if n is not None or threshold is not None:
            progress("Scoring everybody")
            (base,) = house.people(learned.base)
            model, blocks = learned.model, house.blocks
            if n is not None:
                mine = top(model, blocks, base, n, key=house.population.key)
                rule = f"propensity of {known.film}, the {n:,} likeliest"
            else:
                assert threshold is not None
                mine = at_least(model, blocks, base, threshold)
                rule = f"propensity of {known.film} at least {threshold:g}"
            expected = _sum(model, blocks, mine)
            why = reasons(model, mine, blocks, base) if mine else ()
            saved, left_out = _save(context, save, rule, purpose, mine, house.day)
            chosen = Chosen(size(mine), expected, why, left_out, saved)
    found = Propensity(learned, chosen, context.settings.simulated)
    detail: dict[str, object] = {"film": known.film, "model": learned.card.fingerprint}
    control.record(context.control, "propensity", detail | {"saved": save})
    return found


def look_alike_people(
    context: Context,
    seed: str | Path,
    *,
    n: int,
    base: str = "everyone",
    as_of: date | None = None,
    save: str | None = None,
    purpose: str = ADVERTISING,
) -> Alike:
    """The n people most like a seed: a rule (audience:NAME too), or a file of accounts.

    A file is CSV or Parquet with the columns source and account. None of the seed is among them.
    """
    if save is not None:
        check_slug(save, what="The name of an audience")
    with analysis_sample(context, as_of=as_of) as house:
        if isinstance(seed, Path):
            (everyone,) = house.people(base)
            mine, told = _listed(context, seed), str(seed.name)
        else:
            everyone, mine = house.people(base, seed)
            told = seed
        with threadpool_limits(1):
            found = look_alike(
                house.blocks,
                everyone,
                mine,
                house.traits,
                n=n,
                key=house.population.key,
                as_of=house.population.build.as_of,
                build=house.population.build.id,
            )
        rule = f"the {n:,} most like {told}"
        saved, left_out = _save(context, save, rule, purpose, found.persons, house.day)
    detail: dict[str, object] = {"seed": told, "seed_people": found.seed_people, "people": n}
    control.record(context.control, "look-alike", detail | {"saved": save})
    return Alike(found, told, left_out, saved, context.settings.simulated)


def write_propensity(
    context: Context, found: Propensity, files: Iterable[str | Path], *, as_of: date | None
) -> list[Path]:
    """Write the model (.json), everybody's chance (.parquet, for the house), its charts."""
    paths = [_path(f, PROPENSITY_SUFFIXES) for f in files]
    for path in paths:
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.suffix == ".json":
            path.write_text(found.learned.model.to_json() + "\n", "utf-8")
        elif path.suffix == ".parquet":
            _write_scores(context, found, path, as_of)
        else:
            chart = calibration_chart(
                found.learned.card.calibration,
                title=f"How well past films were foretold: {found.learned.card.title}",
                simulated=found.simulated,
            )
            save_chart(chart, path)
    return paths


def write_look_alike(found: Alike, files: Iterable[str | Path]) -> list[Path]:
    """Write what a look-alike says (.json), and its reach as a chart (.svg, .png, .html)."""
    import json

    paths = [_path(f, LOOK_ALIKE_SUFFIXES) for f in files]
    for path in paths:
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.suffix == ".json":
            path.write_text(json.dumps(found.to_dict(), indent=2, ensure_ascii=False), "utf-8")
        else:
            curves = {"people like the list": found.found.curve}
            save_chart(reach_chart(curves, simulated=found.simulated), path)
    return paths


def check_propensity_out(file: str | Path) -> Path:
    """The path itself, when its ending says what to write; an error before any work is done."""
    return _path(file, PROPENSITY_SUFFIXES)


def check_look_alike_out(file: str | Path) -> Path:
    """The path itself, when its ending says what to write; an error before any work is done."""
    return _path(file, LOOK_ALIKE_SUFFIXES)


def _path(file: str | Path, known: tuple[str, ...]) -> Path:
    path = Path(file).expanduser()
    if path.suffix.lower() not in known:
        raise InputError(f"--out takes a file ending in {', '.join(known)}, not {path.name!r}.")
    return path


def _write_scores(context: Context, found: Propensity, path: Path, as_of: date | None) -> None:
    schema = pa.schema([("person", pa.int64()), ("chance", pa.float32())])
    with analysis_sample(context, as_of=as_of) as house, pq.ParquetWriter(path, schema) as writer:
        (base,) = house.people(found.learned.base)
        for _, persons, chance in score_all(found.learned.model, house.blocks, base):
            columns = [pa.array(persons.astype("int64")), pa.array(chance.astype("float32"))]
            writer.write_batch(pa.record_batch(columns, schema=schema))


def _sum(model: PropensityModel, blocks: Any, people: PersonSet) -> float:
    return sum(float(chance.sum()) for _, _, chance in score_all(model, blocks, people))


def _save(
    context: Context,
    name: str | None,
    rule: str,
    purpose: str,
    people: PersonSet,
    day: date,
) -> tuple[Audience | None, int]:
    """Freeze people as an audience, those who take no part in its purpose left out."""
    if name is None:
        return None, 0
    population = audiences.population(context, as_of=day, purpose=purpose)
    everyone = population.compile("everyone")
    willing = {b: found for b, (found,), _ in audiences.people(population, everyone)}
    members = {b: p & willing.get(b, BitMap()) for b, p in people.items()}
    wanted = Audience(
        name=name,
        version=0,
        rule=rule,
        purpose=purpose,
        as_of=population.build.as_of,
        build=population.build.id,
        persons=0,
        at=datetime.now(UTC),
    )
    saved = audiences.freeze(
        context.lake, context.control, wanted, members, batch=secrets.token_hex(16)
    )
    control.record(
        context.control,
        "audience.save",
        {"audience": str(saved), "rule": rule, "purpose": purpose, "persons": saved.persons},
    )
    return saved, size(people) - saved.persons


def _listed(context: Context, file: Path) -> PersonSet:
    """The people of a file's accounts; accounts that nobody knows are left out."""
    if not file.is_file():
        raise InputError(f"There is no file {file}.")
    read = pq.read_table if file.suffix == ".parquet" else pacsv.read_csv
    try:
        rows = read(file)
    except (pa.ArrowInvalid, OSError) as problem:
        raise InputError(f"{file} cannot be read as a list of accounts: {problem}") from None
    missing = [c for c in ("source", "account") if c not in rows.column_names]
    if missing:
        raise InputError(
            f"{file} has no column {' and no column '.join(missing)}; it has"
            f" {', '.join(rows.column_names)}. A list of accounts needs source and account."
        )
    keys = pa.table({c: rows[c].cast(pa.string()) for c in ("source", "account")})
    known = context.lake.read(
        ACCOUNT_PERSON,
        columns=["source", "account", "person"],
        where=pc.field("source").isin(pc.unique(keys["source"]).to_pylist()),
    )
    ids = keys.join(known, ["source", "account"], join_type="inner")["person"].to_pylist()
    return by_block(np.array(ids, np.int64))


def _chosen(chosen: Chosen) -> dict[str, Any]:
    return {
        "persons": chosen.persons,
        "expected": chosen.expected,
        "left_out": chosen.left_out,
        "reasons": [asdict(r) for r in chosen.reasons],
        "audience": None if chosen.saved is None else str(chosen.saved),
    }
