"""`fullhouse plan`: where to spend on a film, and what it would sell; and the saved plans."""

from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.box import SIMPLE_HEAD
from rich.markup import escape
from rich.table import Table
from typer.core import TyperGroup

from fullhouse import app
from fullhouse.cli.room import As, opened_as
from fullhouse.cli.show import (
    AsOf,
    Film,
    Json,
    Rows,
    Where,
    first_rows,
    opened,
    out,
    parse_day,
    progress,
    say_json,
    table,
)
from fullhouse.core.errors import InputError
from fullhouse.core.values import as_json, file_text

if TYPE_CHECKING:
    from fullhouse.cleanroom.plans import TenantPlan
    from fullhouse.planning.plan import Amount, Plan

MAKE = "make"


class _PlanGroup(TyperGroup):
    """`fullhouse plan FILM` is `fullhouse plan make FILM`."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        if args and args[0] not in {*self.commands, *ctx.help_option_names}:
            args = [MAKE, *args]
        return super().parse_args(ctx, args)


commands = typer.Typer(
    cls=_PlanGroup,
    help="Plan a campaign for a film: `fullhouse plan FILM --budget AMOUNT`; list and show plans.",
    no_args_is_help=True,
)
Files = Annotated[
    list[str] | None,
    typer.Option("--out", metavar="FILE", help="File ending in .html or .json; repeatable."),
]


Budget = Annotated[float, typer.Option(metavar="AMOUNT", help="Most money to spend.")]
Channels = Annotated[
    str | None,
    typer.Option(metavar="FILE", help="TOML of channels; without it, made-up ones."),
]
Limits = Annotated[
    str | None,
    typer.Option(metavar="FILE", help="TOML of what to keep to: cities, weeks, exploring."),
]
Territory = Annotated[
    str | None,
    typer.Option(metavar="CODE", help="ISO 3166 code of the market; setting territory."),
]
Weeks = Annotated[
    int, typer.Option(metavar="N", min=1, max=26, help="Last weeks up to the opening.")
]
Cautious = Annotated[
    bool, typer.Option("--cautious", help="Best in the worst fifth of likely responses.")
]
Holdout = Annotated[
    float,
    typer.Option(metavar="SHARE", min=0.0, max=0.9, help="Share of people held out."),
]
Expected = Annotated[
    float | None,
    typer.Option("--expect", metavar="PEOPLE", help="People of the house who will see it."),
]
Save = Annotated[
    str | None, typer.Option(metavar="NAME", help="Save it as the next version of a name.")
]
ByHeadroom = Annotated[
    bool,
    typer.Option(
        "--headroom/--no-headroom", help="Whether who has heard of the film moves the money."
    ),
]
Piloted = Annotated[
    str | None,
    typer.Option(
        "--pilot", metavar="CAMPAIGN", help="Launched campaign of the film to learn from."
    ),
]
Price = Annotated[float | None, typer.Option(metavar="AMOUNT", help="--as: what a ticket costs.")]
Share = Annotated[
    float | None,
    typer.Option(metavar="SHARE", help="--as: of the market's tickets, the house's people's."),
]


@commands.command(MAKE)
def make(
    film: Film,
    *,
    budget: Budget,
    channels: Channels = None,
    limits: Limits = None,
    as_of: AsOf = None,
    territory: Territory = None,
    weeks: Weeks = 4,
    cautious: Cautious = False,
    holdout: Holdout = 0.1,
    expected: Expected = None,
    save: Save = None,
    headroom: ByHeadroom = True,
    pilot: Piloted = None,
    price: Price = None,
    share: Share = None,
    rows: Rows = 20,
    file: Files = None,
    who: As = None,
    where: Where = ".",
    json: Json = False,
) -> None:
    """Plan a campaign: audience × channel × cities × week, to sell most tickets for a budget."""
    files = [app.check_out(f, "plan") for f in file or ()]
    request = app.PlanFilm(
        film,
        budget,
        channels=_text(channels, "--channels"),
        limits=_text(limits, "--limits"),
        territory=territory,
        as_of=parse_day(as_of),
        weeks=weeks,
        attitude="cautious" if cautious else "neutral",
        holdout=holdout,
        expected_people=expected,
        name=save,
        by_headroom=headroom,
        pilot=pilot,
    )
    if who is not None:
        if pilot is not None:
            raise InputError("--pilot is the house's: a tenant's plan rests on released cards.")
        asked_for = {k: v for k, v in vars(request).items() if k not in ("by_headroom", "pilot")}
        own = app.PlanTitle(**asked_for, price=price, share=share)
        with opened_as(where, who, quiet=json) as tenant, progress("Planning", quiet=json):
            released = app.studio_plan(tenant, own)
        _print_released(released, app.write_plan(released.plan, files), rows, json=json)
        return
    if price is not None or share is not None:
        raise InputError("--price and --share are a tenant's: the house counts its own sales.")
    with opened(where, quiet=json) as house, progress("Planning", quiet=json) as step:
        plan = app.plan_film(replace(house, progress=step), request)
    _print(plan, app.write_plan(plan, files), rows, json=json)


def _print_released(plan: "TenantPlan", files: list[Path], rows: int, *, json: bool) -> None:
    """A tenant's plan, with the sizes and affinities that it rests on and their ranges."""
    if json:
        say_json(as_json(asdict(plan)))
        return
    from fullhouse.view.words.release import figure_words, note_words

    _print(plan.plan, files, rows, json=False)
    table(
        [(a.name, figure_words(a.people), figure_words(a.affinity)) for a in plan.audiences],
        ("audience", "people (95 %)", "affinity (95 %)"),
    )
    for note in plan.notes:
        out.print(note_words(note), markup=False, soft_wrap=True)
    for rest in plan.rests_on:
        out.print(f"Rests on entry {rest.position} of your log: {rest.kind} as of {rest.as_of}.")


ListFilm = Annotated[str | None, typer.Option(metavar="FILM", help="Only the plans of this film.")]


@commands.command("list")
def list_(
    film: ListFilm = None,
    rows: Rows = 0,
    who: As = None,
    where: Where = ".",
    json: Json = False,
) -> None:
    """List the saved plans, the newest version of each name first."""
    if who is not None:
        _list_own(film, rows, who, where, json=json)
        return
    with opened(where, quiet=json) as house:
        plans = app.plan_list(house, app.ListPlans(film))
    if json:
        say_json(
            {
                "plans": [
                    as_json({k: v for k, v in vars(p).items() if k != "body"})
                    | {k: p.body.get(k) for k in ("as_of", "budget", "spend", "currency")}
                    for p in plans
                ]
            }
        )
        return
    table(
        [
            (
                f"{p.name}@{p.version}", p.film, p.body.get("as_of"),
                f"{p.body.get('budget', 0):,.0f} {p.body.get('currency', '')}",
                f"{p.at:%Y-%m-%d %H:%M}",
            )
            for p in first_rows(plans, rows)
        ],
        ("plan", "film", "as of", "budget", "saved"),
    )  # fmt: skip


def _list_own(film: str | None, rows: int, who: str, where: str, *, json: bool) -> None:
    """The plans of a tenant, as the tenant sees them."""
    with opened_as(where, who, quiet=json) as tenant:
        own = app.studio_plans(tenant, app.ListOwnPlans(film)).plans
    if json:
        say_json({"plans": [as_json(asdict(p)) for p in own]})
        return
    cells = [
        (f"{p.name}@{p.version}", p.film, f"{p.budget:,.0f} {p.currency}", f"{p.at:%Y-%m-%d %H:%M}")
        for p in first_rows(own, rows)
    ]
    table(cells, ("plan", "film", "budget", "saved"))


@commands.command()
def show(
    plan: Annotated[
        str, typer.Argument(metavar="PLAN", help="NAME or NAME@VERSION of a saved plan.")
    ],
    rows: Rows = 20,
    file: Files = None,
    who: As = None,
    where: Where = ".",
    json: Json = False,
) -> None:
    """Show a saved plan, as it was when it was saved."""
    files = [app.check_out(f, "plan") for f in file or ()]
    if who is not None:
        with opened_as(where, who, quiet=json) as tenant:
            released = app.studio_plan_show(tenant, app.ShowOwnPlan(plan))
        _print_released(released, app.write_plan(released.plan, files), rows, json=json)
        return
    with opened(where, quiet=json) as house:
        saved = app.plan_show(house, app.ShowPlan(plan))
    _print(saved, app.write_plan(saved, files), rows, json=json)


def _print(plan: "Plan", written: list[Path], rows: int, *, json: bool) -> None:
    from fullhouse.view.words.plan import BY_HEADROOM_COLUMNS, by_headroom_row, plan_lines_words

    if json:
        say_json(plan.to_dict())
        return
    view = Table(box=SIMPLE_HEAD, title=f"Plan for “{plan.title}”", title_justify="left")
    view.add_column("audience", overflow="fold", min_width=20)
    view.add_column("on, where, from", overflow="fold", min_width=18)
    for name in ("spend", "reach", "extra tickets (80 %)"):
        view.add_column(name, justify="right", no_wrap=True)
    lines = first_rows(plan.lines, rows)
    for line in lines:
        view.add_row(
            escape(line.audience),
            f"{line.channel}, {line.cities}, {line.week}",
            f"{line.spend:,.0f}",
            f"{line.reach:,.0f}",
            _amount(line.tickets),
        )
    out.print(view)
    if len(plan.lines) > len(lines):
        out.print(f"{len(plan.lines) - len(lines):,} smaller lines: --rows 0 prints them all.")
    if plan.by_headroom:
        table([by_headroom_row(a) for a in plan.by_headroom], BY_HEADROOM_COLUMNS)
    for sentence in plan_lines_words(plan):
        out.print(sentence, markup=False, soft_wrap=True)
    for path in written:
        out.print(f"Wrote {path}", markup=False, soft_wrap=True)


def _amount(amount: "Amount") -> str:
    return f"{amount.middle:,.1f} ({amount.low:,.1f}–{amount.high:,.1f})"


def _text(file: str | None, option: str) -> str | None:
    if file is None:
        return None
    return file_text(Path(file).expanduser(), what=f"file for {option}:")
