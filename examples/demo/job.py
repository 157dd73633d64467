"""The demo: the main job on a simulated market, and what is claimed beside what is true."""

import argparse
import shutil
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import fullhouse as fh
from examples.demo.audience import audience_rows, audiences
from examples.demo.box_office import HELD, IssuedForecasts, forecasts
from examples.demo.campaign import campaign, campaign_rows, report
from examples.demo.page import write_page
from examples.demo.truth import Linking, Truth, linking, read_truth
from examples.shell import console, echo, fullhouse, heading, near
from fullhouse import app
from fullhouse.cli.show import progress, table
from fullhouse.core.errors import CannotTellError
from fullhouse.core.settings import SIMULATED
from fullhouse_sim.feeds import declarations
from fullhouse_sim.write import read_market

Row = tuple[str, str, str, str]
"""What, as claimed, as true, and whether the claim's interval holds the truth."""


def main(arguments: Sequence[str]) -> int:
    """Run the demo into a folder, from the start."""
    asked = options(arguments)
    out = asked.out.absolute()
    market, house = out / "market", out / "house"
    _clear(out)
    console.print(
        "[bold]A simulated market.[/] Its people, films and shops are made up; every figure below"
        " is of this market, and none of a real one."
    )
    size = ("--people", str(asked.people), "--days", str(asked.days), "--seed", str(asked.seed))
    fullhouse("simulate", market, *size)
    truth = read_truth(market)
    heading("Three sources become one house")
    fullhouse("init", house, "--simulated")
    # Models learned on 1 July do for the whole summer: learning is what takes longest here.
    with (house / "fullhouse.toml").open("a", encoding="utf-8") as settings:
        settings.write('\nlearn_every = "quarter"\n')
    with fh.open(str(house)) as workspace:
        read, refused = _ingest(workspace, market)
    heading("Who is who")
    fullhouse("people", "resolve", "-w", house)
    fullhouse("people", "report", "--rows", "3", "-w", house)
    heading("Traits, and an audience")
    today = str(read_market(market).today)
    fullhouse("traits", "build", "--as-of", today, "-w", house)
    fullhouse("traits", "list", "--search", "dogs", "--rows", "6", "-w", house)
    fullhouse("audience", "count", "buys:pet-supplies/dogs & female & source:tickets", "-w", house)
    with fh.open(str(house)) as workspace:
        links = linking(workspace.lake, truth)
    issued = forecasts(market, house, out, truth)
    day = issued.forecasts[0].as_of
    cards, nobody = audiences(house, out, truth.coming, truth.null, day)
    try:
        played = campaign(market, house, out, truth.coming, truth.following.slug, cards)
    except CannotTellError as problem:
        # A market of another seed or size may have nobody to plan for.
        console.print(f"No campaign: {problem}", soft_wrap=True)
        played = None
    report(house, out, truth.coming)
    heading("Claimed | true (all of it simulated)")
    rows = [
        *_rows(truth, links, read, refused),
        *audience_rows(cards, nobody, truth.times),
        *_forecast_rows(issued),
        *(campaign_rows(played) if played else []),
    ]
    table(rows, ("simulated", "claimed", "true", "inside the interval"))
    console.print(
        "A measured ratio is below the true one, since baskets tell only in part who keeps a dog."
        " A few people of one household who share an e-mail become one person, and accounts with"
        " nothing in common stay apart: so it is with real feeds, and the figures say how much."
    )
    page = write_page(out, SIMULATED, truth, rows, issued, cards, nobody, played)
    console.print(f"\nOpen [bold]{near(page)}[/], and from there the film's report.")
    return 0


def options(arguments: Sequence[str]) -> argparse.Namespace:
    """What was asked on the command line."""
    parser = argparse.ArgumentParser(prog="examples/demo/run.py", description=__doc__)
    parser.add_argument("out", type=Path, nargs="?", default=Path("demo"))
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--people", type=int, default=100_000)
    parser.add_argument("--days", type=int, default=120)
    parser.add_argument("--no-serve", action="store_true", help="end without serving the house")
    return parser.parse_args(list(arguments))


def _clear(out: Path) -> None:
    # Only what an earlier demo made.
    for made, mark in ((out / "house", "fullhouse.toml"), (out / "market", "simulated.json")):
        if (made / mark).is_file():
            shutil.rmtree(made)
    out.mkdir(parents=True, exist_ok=True)


def _ingest(workspace: fh.Context, market: Path) -> tuple[int, int]:
    rows, reasons = [], Counter[str]()
    with progress("Reading feeds") as step:
        for feed in declarations(read_market(market)):
            step(feed.files)
            declared, files = market / "feeds" / f"{feed.name}.toml", market / "feeds" / feed.files
            report = app.ingest(workspace, app.IngestFiles(declared, (str(files),)))
            reasons.update(report.quarantined)
            refused = sum(report.quarantined.values())
            rows.append((feed.name, feed.files, report.read, report.written, refused))
    last = rows[-1]
    echo("ingest", market / "feeds" / f"{last[0]}.toml", market / "feeds" / str(last[1]))
    console.print("[dim]… and so for each of:[/]")
    table(rows, ("feed", "files", "read", "written", "refused"))
    if reasons:
        counts = ", ".join(f"{reason} {n}" for reason, n in sorted(reasons.items()))
        console.print(f"Refused rows are kept with their reason: {counts}.")
    return sum(r[2] for r in rows), reasons.total()


def _rows(truth: Truth, links: Linking, read: int, refused: int) -> list[Row]:
    accounts = " + ".join(f"{n:,}" for n in truth.accounts.values())
    return [
        ("rows read; refused", f"{read:,}; {refused:,}", f"{read:,}; 0", "-"),
        ("people", f"{links.persons:,}", f"{truth.people:,} behind {accounts} accounts", "-"),
        ("linked pairs of accounts that are one person", f"{links.precision:.1%}", "100%", "-"),
        ("pairs that are one person that were linked", f"{links.recall:.1%}", "100%", "-"),
    ]


def _forecast_rows(issued: IssuedForecasts) -> list[Row]:
    """The first forecast of the total, and how many of all ranges held what is true."""
    _, when, amounts, true, verdict = issued.rows[0]
    held = sum(v == HELD for *_, v in issued.rows)
    inside = "yes" if verdict == HELD else "no"
    return [
        (f"“{issued.film.title}”: its total, {when}", f"{amounts} USD", f"{true} USD", inside),
        ("… 80 % ranges that held", f"{held} of {len(issued.rows)}", "8 in 10 are to", "-"),
    ]
