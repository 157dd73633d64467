"""`fullhouse propensity` and `fullhouse look-alike`: who is likely to go, who is like a list."""

from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.box import SIMPLE_HEAD
from rich.markup import escape
from rich.table import Table

from fullhouse import app
from fullhouse.cli.show import (
    AsOf,
    Film,
    Json,
    Territory,
    Where,
    opened,
    out,
    parse_day,
    progress,
    say_json,
)
from fullhouse.core.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fullhouse.app import FilmScores, LookAlikes, SavedPeople
    from fullhouse.propensity import GroupFairness, PropensityReason

Save = Annotated[str | None, typer.Option(metavar="NAME", help="Save these people as an audience.")]
Purpose = Annotated[str, typer.Option(help="--save: only people who take part in this purpose.")]
NEVER_CAUSE = (
    "A chance is how often people like these saw such films, not what an advertisement changes."
)


Most = Annotated[
    int | None, typer.Option("--people", metavar="PEOPLE", min=1, help="So many likeliest people.")
]
Threshold = Annotated[
    float | None,
    typer.Option("--at-least", metavar="CHANCE", help="Everybody whose chance is as large."),
]
Expected = Annotated[
    float | None,
    typer.Option(
        "--expect", metavar="PEOPLE", help="People of the house who will see it, if known."
    ),
]
Forward = Annotated[
    bool,
    typer.Option(help="Judge it forward in time too; builds the traits of an earlier day."),
]
File = Annotated[
    list[str] | None,
    typer.Option(
        "--out",
        help="File ending in .json (the model), .parquet (each person's chance, for the house),"
        " .svg, .png, .html (calibration); repeatable.",
    ),
]


def propensity(
    film: Film,
    *,
    as_of: AsOf = None,
    territory: Territory = None,
    most: Most = None,
    threshold: Threshold = None,
    expected: Expected = None,
    forward: Forward = True,
    save: Save = None,
    purpose: Purpose = "advertising",
    file: File = None,
    where: Where = ".",
    json: Json = False,
) -> None:
    """Learn how likely each person is to see a film, past or to come; cut and save audiences."""
    day = parse_day(as_of)
    files = [app.check_out(f, "propensity") for f in file or ()]
    with opened(where, quiet=json) as workspace, progress("Learning", quiet=json) as step:
        context = replace(workspace, progress=step)
        scores = app.film_propensity(
            context,
            app.ScoreFilm(
                film,
                territory=territory,
                as_of=day,
                top=most,
                at_least=threshold,
                save=save,
                purpose=purpose,
                expected_people=expected,
                forward=forward,
            ),
        )
        written = app.write_propensity(context, scores, files, as_of=day)
    if json:
        say_json(_scores_json(scores))
        return
    _print_scores(scores)
    for path in written:
        out.print(f"Wrote {path}", markup=False, soft_wrap=True)


Rule = Annotated[
    str | None,
    typer.Argument(metavar="RULE", help="Whose like to find: a rule, or audience:NAME."),
]
FileOf = Annotated[
    str | None,
    typer.Option("--list", metavar="FILE", help="Or a CSV or Parquet of source, account."),
]
People = Annotated[int, typer.Option(min=1, help="How many people to find.")]
Base = Annotated[str, typer.Option(metavar="RULE", help="Among whom.")]
LookAlikeFile = Annotated[
    list[str] | None,
    typer.Option("--out", help="File ending in .json, .svg, .png, .html; repeatable."),
]


def look_alike(
    rule: Rule = None,
    *,
    file_of: FileOf = None,
    people: People = 10_000,
    base: Base = "everyone",
    as_of: AsOf = None,
    save: Save = None,
    purpose: Purpose = "advertising",
    file: LookAlikeFile = None,
    where: Where = ".",
    json: Json = False,
) -> None:
    """Find the people most like a list of at least 500, by traits and what they have in common."""
    if (rule is None) == (file_of is None):
        raise InputError("Whose look-alikes? Give a rule such as audience:NAME, or --list FILE.")
    files = [app.check_out(f, "look_alike") for f in file or ()]
    request = app.FindLookAlikes(
        rule=rule,
        file=None if file_of is None else Path(file_of),
        people=people,
        base=base,
        as_of=parse_day(as_of),
        save=save,
        purpose=purpose,
    )
    with opened(where, quiet=json) as workspace, progress("Comparing people", quiet=json):
        result = app.look_alike_people(workspace, request)
        written = app.write_look_alike(result, files)
    if json:
        say_json(_look_alike_json(result))
        return
    _print_look_alike(result)
    for path in written:
        out.print(f"Wrote {path}", markup=False, soft_wrap=True)


def _scores_json(scores: "FilmScores") -> dict[str, Any]:
    from fullhouse.view.model_card import card_json

    audience, saved = scores.audience, scores.saved
    return {
        "card": card_json(scores.propensity.card),
        "used": [asdict(s) for s in scores.propensity.used],
        "base": scores.propensity.base,
        "audience": None
        if audience is None
        else {
            "persons": audience.people,
            "expected": audience.expected,
            "left_out": 0 if saved is None else saved.left_out,
            "reasons": [asdict(r) for r in audience.reasons],
            "audience": None if saved is None else str(saved.audience),
        },
        "simulated": scores.simulated,
    }


def _look_alike_json(result: "LookAlikes") -> dict[str, Any]:
    from fullhouse.view.model_card import look_alike_json

    saved = result.saved
    return look_alike_json(
        result.look_alike,
        seed=result.seed,
        saved=None if saved is None else str(saved.audience),
        left_out=0 if saved is None else saved.left_out,
        simulated=result.simulated,
    )


def _print_scores(scores: "FilmScores") -> None:
    from fullhouse.view.words.house import card_notes, forward_words, level_words

    card = scores.propensity.card
    out.print(f"[bold]“{escape(card.title)}”[/], as of {card.as_of}", soft_wrap=True)
    lines = [
        f"Fitted on {len(card.learned_from):,} past films of {card.people:,} people; uses"
        f" {', '.join(card.signals)}. Traits of {card.built_on}.",
        f"{card.expected_people:,.0f} people of the house are expected to see it,"
        f" {level_words(card.level)}.",
    ]
    lines.append(forward_words(card))
    if card.auc is not None and card.baseline_auc is not None:
        lines.append(
            f"Looking back, on past films left out in turn: AUC {card.auc:.3f} ({card.auc_low:.3f}–"
            f"{card.auc_high:.3f}), activity alone {card.baseline_auc:.3f}; calibration slope"
            f" {card.calibration_slope:.2f} (1 is right)."
        )
    for line in [*lines, *card_notes(card)]:
        out.print(line, markup=False, soft_wrap=True)
    out.print(_fairness(card.fairness))
    audience = scores.audience
    if audience is not None:
        out.print(_reasons(audience.reasons))
        out.print(
            f"{audience.people:,} people, of whom {audience.expected:,.0f} are expected to see it.",
            soft_wrap=True,
        )
    _print_saved(scores.saved)
    out.print(NEVER_CAUSE, style="dim", soft_wrap=True)


def _fairness(groups: "Sequence[GroupFairness]") -> Table:
    view = Table(box=SIMPLE_HEAD, title="Past films, by group", title_justify="left")
    view.add_column("group")
    for name in ("people", "predicted", "observed", "AUC", "of the best tenth", "of everybody"):
        view.add_column(name, justify="right")
    for group in groups:
        view.add_row(
            group.group,
            f"{group.persons:,}",
            _share(group.predicted),
            _share(group.observed),
            "-" if group.auc is None else f"{group.auc:.3f}",
            _share(group.share_of_top),
            _share(group.share),
        )
    return view


def _print_look_alike(result: "LookAlikes") -> None:
    people = result.look_alike
    out.print(_reasons(people.reasons))
    for leak in people.leaks:
        out.print(f"Left out, it is the list itself: {leak.trait}", markup=False, soft_wrap=True)
    out.print(
        f"{people.people:,} people most like the {people.seed_people:,} of {result.seed}. Of"
        f" people of the list held out, the best tenth holds {people.reached_in_top_tenth:.0%};"
        f" among as many, {people.precision:.2%} are of the list,"
        f" {people.by_chance:.2%} by chance.",
        markup=False,
        soft_wrap=True,
    )
    _print_saved(result.saved)


def _reasons(reasons: "Sequence[PropensityReason]") -> Table:
    view = Table(box=SIMPLE_HEAD, title="What sets them apart", title_justify="left")
    view.add_column("trait", overflow="fold")
    view.add_column("of them", justify="right")
    view.add_column("of everybody", justify="right")
    for each in reasons:
        view.add_row(escape(each.label), _share(each.share), _share(each.base_share))
    return view


def _print_saved(saved: "SavedPeople | None") -> None:
    if saved is not None:
        out.print(
            f"Saved {saved.audience}: {saved.audience.persons:,} people; {saved.left_out:,} take"
            " no part and are left out."
        )


def _share(value: float | None) -> str:
    return "-" if value is None else f"{value:.1%}"
