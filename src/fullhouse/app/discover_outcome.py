"""Find the traits that go with an outcome, and write what was found to files."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

import pyarrow.csv as pacsv
import pyarrow.parquet as pq

from fullhouse import audiences, control, discovery
from fullhouse.audiences import Catalogue, CompiledRule, Rule
from fullhouse.core.errors import InputError, did_you_mean
from fullhouse.core.person_sets import PersonSet
from fullhouse.discovery import Blocks, Discovery, Outcome
from fullhouse.traits import Trait
from fullhouse.view.affinity import affinity_chart
from fullhouse.view.save import CHART_SUFFIXES, save_chart
from fullhouse.workspace import CACHE
from fullhouse.workspace.context import Context

TABLE_SUFFIXES = (".parquet", ".csv")


def discover(
    context: Context,
    outcome: Rule | str,
    *,
    base: Rule | str = "everyone",
    placebo: Rule | str | None = None,
    as_of: date | None = None,
    families: Sequence[str] = (),
) -> Discovery:
    """Every trait's affinity with an outcome, among the people of a base who allow analytics.

    Traits are those of the newest build as of a day or earlier. What was asked is recorded.
    """
    population = audiences.population(context, as_of=as_of)
    chosen = _chosen(population.catalogue, families)
    rules = [outcome, base] + ([] if placebo is None else [placebo])
    plans = [population.compile(r) for r in rules]
    people, refused = audiences.members_of(population, *plans)
    seen = [_outcome(p, population.catalogue, people[i]) for i, p in enumerate(plans)]
    with TemporaryDirectory(prefix="fullhouse-discover-") as folder:
        found = discovery.discover(
            context.engine,
            context.lake,
            population.build,
            seen[0],
            traits=chosen,
            base=people[1],
            base_rule=seen[1].rule,
            blocks=Blocks(context.lake, population.build, _cache(context, Path(folder))),
            placebo=seen[2] if placebo is not None else None,
            refused=refused,
        )
    found = replace(found, simulated=context.settings.simulated)
    _record(context, found)
    return found


def write_discovery(found: Discovery, files: Iterable[str | Path], *, most: int = 25) -> list[Path]:
    """Write a discovery as tables (.parquet, .csv) and charts (.svg, .png, .html)."""
    paths = [check_out(f) for f in files]
    for path in paths:
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.suffix == ".parquet":
            pq.write_table(found.to_arrow(), path)
        elif path.suffix == ".csv":
            pacsv.write_csv(found.to_arrow(), path)
        else:
            save_chart(affinity_chart(found, most=most), path)
    return paths


def check_out(file: str | Path) -> Path:
    """The path itself, when its ending says what to write; an error before any work is done."""
    path = Path(file).expanduser()
    known = (*TABLE_SUFFIXES, *CHART_SUFFIXES)
    if path.suffix.lower() not in known:
        raise InputError(f"--out takes a file ending in {', '.join(known)}, not {path.name!r}.")
    return path


def _chosen(catalogue: Catalogue, families: Sequence[str]) -> list[Trait]:
    known = {t.family for t in catalogue.traits}
    for family in families:
        if family not in known:
            raise InputError(
                f"There is no family {family!r} in this build.{did_you_mean(family, known)}"
            )
    return [t for t in catalogue.traits if not families or t.family in families]


def _outcome(plan: CompiledRule, catalogue: Catalogue, people: PersonSet) -> Outcome:
    return discovery.outcome_of(audiences.to_text(plan.rule), plan.rule, catalogue, people)


def _cache(context: Context, folder: Path) -> Path:
    # Files are mapped into memory, so they are kept beside a local workspace only.
    return context.place.path / CACHE if context.place.is_local else folder


def _record(context: Context, found: Discovery) -> None:
    control.record(
        context.control,
        "discover",
        {
            "outcome": found.outcome,
            "base": found.base,
            "placebo": found.placebo,
            "build": found.build,
            "tested": found.tested,
            "found": len(found.of("found")),
            "verdict": found.verdict,
        },
    )
