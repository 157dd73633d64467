"""`fullhouse propensity` and `fullhouse look-alike`: how likely each person is, and who is like."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.box import SIMPLE_HEAD
from rich.markup import escape
from rich.table import Table

from fullhouse import app
from fullhouse.cli.show import Json, Where, opened, out, progress, say_json
from fullhouse.core.errors import InputError
from fullhouse.core.person_sets import size
from fullhouse.core.values import parse_date

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fullhouse.app import Alike, Propensity
    from fullhouse.propensity import Reason

AsOf = Annotated[
    str | None, typer.Option("--as-of", help="With what was known on this day (today).")
]
Save = Annotated[str | None, typer.Option(metavar="NAME", help="Save these people as an audience.")]
Purpose = Annotated[str, typer.Option(help="--save: only people who take part in this purpose.")]
NEVER_CAUSE = (
    "A chance is what people like these did; it does not say what an advertisement would change."
)


def propensity(
    film: Annotated[str, typer.Argument(metavar="FILM", help="The film's id; see 'film list'.")],
    *,
    as_of: AsOf = None,
    territory: Annotated[
        str | None, typer.Option(help="ISO 3166 code of the market; setting territory.")
    ] = None,
    most: Annotated[
        int | None, typer.Option("--top", metavar="N", min=1, help="The N likeliest people.")
    ] = None,
    threshold: Annotated[
        float | None,
        typer.Option("--at-least", metavar="CHANCE", help="Everybody whose chance is as large."),
    ] = None,
    expected: Annotated[
        float | None,
        typer.Option(
            "--expect", metavar="PEOPLE", help="People of the house who will see it, if known."
        ),
    ] = None,
    save: Save = None,
    purpose: Purpose = "advertising",
    file: Annotated[
        list[str] | None,
        typer.Option(
            "--out",
            help="File ending in .json (the model), .parquet (each person's chance, for the house),"
            " .svg, .png, .html (calibration); repeatable.",
        ),
    ] = None,
    where: Where = ".",
    json: Json = False,
) -> None:
    """Learn how likely each person is to see a film, past or to come; cut and save audiences."""
    day = None if as_of is None else parse_date(as_of, what="--as-of")
    files = [app.check_propensity_out(f) for f in file or ()]
    with opened(where, quiet=json) as workspace, progress("Learning", quiet=json) as step:
        found = app.film_propensity(
            workspace,
            film,
            territory=territory,
            as_of=day,
            n=most,
            threshold=threshold,
            save=save,
            purpose=purpose,
            expected_people=expected,
            progress=step,
        )
        written = app.write_propensity(workspace, found, files, as_of=day)
    if json:
        say_json(found.to_dict())
        return
    _say(found)
    for path in written:
        out.print(f"Wrote {path}", markup=False, soft_wrap=True)


def look_alike(
    rule: Annotated[
        str | None,
        typer.Argument(metavar="RULE", help="Whose like to find: a rule, or audience:NAME."),
    ] = None,
    *,
    file_of: Annotated[
        str | None,
        typer.Option("--list", metavar="FILE", help="Or a CSV or Parquet of source, account."),
    ] = None,
    people: Annotated[int, typer.Option(min=1, help="How many people to find.")] = 10_000,
    base: Annotated[str, typer.Option(metavar="RULE", help="Among whom.")] = "everyone",
    as_of: AsOf = None,
    save: Save = None,
    purpose: Purpose = "advertising",
    file: Annotated[
        list[str] | None,
        typer.Option("--out", help="File ending in .json, .svg, .png, .html; repeatable."),
    ] = None,
    where: Where = ".",
    json: Json = False,
) -> None:
    """Find the people most like a list of at least 500, by traits and what they have in common."""
    if (rule is None) == (file_of is None):
        raise InputError("Whose like? Give a rule such as audience:NAME, or --list FILE.")
    day = None if as_of is None else parse_date(as_of, what="--as-of")
    files = [app.check_look_alike_out(f) for f in file or ()]
    seed = Path(file_of) if file_of is not None else str(rule)
    with opened(where, quiet=json) as workspace, progress("Looking for them", quiet=json):
        found = app.look_alike_people(
            workspace, seed, n=people, base=base, as_of=day, save=save, purpose=purpose
        )
        written = app.write_look_alike(found, files)
    if json:
        say_json(found.to_dict())
        return
    _say_alike(found)
    for path in written:
        out.print(f"Wrote {path}", markup=False, soft_wrap=True)


def _say(found: "Propensity") -> None:
    card = found.learned.card
    out.print(f"[bold]“{escape(card.title)}”[/], as of {card.as_of}", soft_wrap=True)
    lines = [
        f"Learned from {len(card.learned_from):,} past films of {card.people:,} people; uses"
        f" {', '.join(card.signals)}. Traits of {card.built_on}.",
        f"{card.expected_people:,.0f} people of the house are expected to see it: {card.level}.",
    ]
    if card.auc is not None and card.baseline_auc is not None:
        lines.append(
            f"Past films foretold as if unseen: AUC {card.auc:.3f} ({card.auc_low:.3f}–"
            f"{card.auc_high:.3f}), activity alone {card.baseline_auc:.3f}; calibration slope"
            f" {card.calibration_slope:.2f} (1 is right)."
        )
    for line in [*lines, *card.notes]:
        out.print(line, markup=False, soft_wrap=True)
    view = Table(box=SIMPLE_HEAD, title="Fairness: past films, by group", title_justify="left")
    view.add_column("group")
    for name in ("people", "foretold", "seen", "AUC", "of the best tenth", "of everybody"):
        view.add_column(name, justify="right")
    for each in card.fairness:
        view.add_row(
            each.group,
            f"{each.persons:,}",
            _share(each.predicted),
            _share(each.observed),
            "-" if each.auc is None else f"{each.auc:.3f}",
            _share(each.share_of_top),
            _share(each.share),
        )
    out.print(view)
    chosen = found.chosen
    if chosen is not None:
        out.print(_reasons(chosen.reasons))
        out.print(
            f"{chosen.persons:,} people, of whom {chosen.expected:,.0f} are expected to see it.",
            soft_wrap=True,
        )
        if chosen.saved is not None:
            _say_saved(str(chosen.saved), chosen.saved.persons, chosen.left_out)
    out.print(NEVER_CAUSE, style="dim", soft_wrap=True)


def _say_alike(found: "Alike") -> None:
    alike = found.found
    out.print(_reasons(alike.reasons))
    for leak in alike.leaks:
        out.print(f"Left out, it is the list itself: {leak.trait}", markup=False, soft_wrap=True)
    out.print(
        f"{size(alike.persons):,} people most like the {alike.seed_people:,} of"
        f" {found.seed}. Of people of the list held back, the best tenth holds"
        f" {alike.reached_in_top_tenth:.0%}; among as many, {alike.precision:.2%} are of the list,"
        f" by luck {alike.by_luck:.2%}.",
        markup=False,
        soft_wrap=True,
    )
    if found.saved is not None:
        _say_saved(str(found.saved), found.saved.persons, found.left_out)


def _reasons(reasons: "Sequence[Reason]") -> Table:
    view = Table(box=SIMPLE_HEAD, title="What sets them apart", title_justify="left")
    view.add_column("trait", overflow="fold")
    view.add_column("of them", justify="right")
    view.add_column("of everybody", justify="right")
    for each in reasons:
        view.add_row(escape(each.label), _share(each.share), _share(each.base_share))
    return view


def _say_saved(name: str, persons: int, left_out: int) -> None:
    out.print(f"Saved {name}: {persons:,} people; {left_out:,} take no part and are left out.")


def _share(value: float | None) -> str:
    return "-" if value is None else f"{value:.1%}"
