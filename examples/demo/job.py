"""The demo: the main job on a simulated market, and what was found beside what is true."""

import argparse
import shutil
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import fullhouse as fh
from examples.demo.audience import audience_rows, audiences
from examples.demo.box_office import HELD, Told, forecasts
from examples.demo.page import write_page
from examples.demo.truth import Linking, Truth, linking, read_truth
from examples.shell import console, echo, fullhouse, heading, near
from fullhouse import pipeline
from fullhouse.cli.discover_outcome import say
from fullhouse.cli.show import progress, table
from fullhouse.discovery import Discovery
from fullhouse.pipeline.discovery import discover, write_discovery
from fullhouse.report import affinity_chart, save_chart
from fullhouse.settings import SIMULATED
from fullhouse.simulation.feeds import declarations
from fullhouse.simulation.write import read_market
from fullhouse.traits.words import title_words

BASE = "source:shop & source:tickets"
"""Only who is known to both can show that the shop's traits go with the ticket service's films."""


def main(arguments: Sequence[str]) -> int:
    """Run the demo into a folder, from the start."""
    asked = _options(arguments)
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
    with fh.open(str(house)) as workspace:
        read, refused = _ingest(workspace, market)
    heading("Who is who")
    fullhouse("people", "resolve", "-w", house)
    fullhouse("people", "report", "--top", "3", "-w", house)
    heading("Traits, and an audience")
    today = str(read_market(market).today)
    fullhouse("traits", "build", "--as-of", today, "-w", house)
    fullhouse("traits", "list", "--search", "dogs", "--most", "6", "-w", house)
    fullhouse("audience", "count", "buys:pet-supplies/dogs & female & source:tickets", "-w", house)
    hidden = f"wants:{truth.coming.slug} | saw:{truth.alike.slug}"
    null = f"saw:{truth.null.slug}"
    with fh.open(str(house)) as workspace:
        heading(f"Who will want “{truth.coming.title}”? Nothing in its title or genre says so")
        console.print(f"[italic]{truth.coming.synopsis}[/]")
        found = _discover(workspace, hidden, null, out / "hidden-audience")
        heading(f"Who sees “{truth.null.title}”? Nobody in particular: there is nothing to find")
        nothing = _discover(workspace, null, hidden, out / "no-audience")
        links = linking(workspace.lake, truth)
    told = forecasts(market, house, out, truth)
    cards, nobody = audiences(house, out, truth.coming, truth.null, told.forecasts[0].as_of)
    heading("Found | true (all of it simulated)")
    rows = [
        *_rows(truth, links, read, refused, found, nothing),
        *audience_rows(cards, nobody, truth.times),
        *_forecast_rows(told),
    ]
    table(rows, ("simulated", "found", "true"))
    console.print(
        "A ratio found is below the true one, since baskets tell only in part who keeps a dog."
        " Two of a household who share an e-mail become one person, and accounts without an"
        " e-mail or a phone in common stay apart: so it is with real feeds, and the figures say"
        " how much."
    )
    page = write_page(out, SIMULATED, truth, rows, found, nothing, told, cards)
    console.print(f"\nOpen [bold]{near(page)}[/], or look at {near(out / 'hidden-audience.png')}")
    return 0


def _options(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="examples/demo/run.py", description=__doc__)
    parser.add_argument("out", type=Path, nargs="?", default=Path("demo"))
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--people", type=int, default=100_000)
    parser.add_argument("--days", type=int, default=120)
    return parser.parse_args(list(arguments))


def _clear(out: Path) -> None:
    # Only what an earlier demo made.
    for made, mark in ((out / "house", "fullhouse.toml"), (out / "market", "simulated.json")):
        if (made / mark).is_file():
            shutil.rmtree(made)
    out.mkdir(parents=True, exist_ok=True)


def _ingest(workspace: fh.Workspace, market: Path) -> tuple[int, int]:
    rows, reasons = [], Counter[str]()
    with progress("Reading feeds") as display:
        for feed in declarations(read_market(market)):
            display.update(display.task_ids[0], description=feed.files)
            declared, files = market / "feeds" / f"{feed.name}.toml", market / "feeds" / feed.files
            report = pipeline.ingest(workspace, declared, [str(files)])
            reasons.update(report.quarantined)
            refused = sum(report.quarantined.values())
            rows.append((feed.name, feed.files, report.read, report.written, refused))
    last = rows[-1]
    echo("ingest", market / "feeds" / f"{last[0]}.toml", market / "feeds" / str(last[1]))
    console.print("[dim]… and so for each of:[/]")
    table(rows, ("feed", "files", "read", "written", "refused"))
    if reasons:
        told = ", ".join(f"{reason} {n}" for reason, n in sorted(reasons.items()))
        console.print(f"Refused rows are kept with their reason: {told}.")
    return sum(r[2] for r in rows), reasons.total()


def _discover(workspace: fh.Workspace, outcome: str, placebo: str, path: Path) -> Discovery:
    asked = ("--outcome", outcome, "--base", BASE, "--placebo", placebo)
    echo("discover", *asked, "--most", "12")
    with progress("Discovering"):
        found = discover(workspace, outcome, base=BASE, placebo=placebo)
        chart = affinity_chart(found, most=15)
        for kind in (".png", ".html", ".svg"):
            save_chart(chart, path.with_suffix(kind))
        write_discovery(found, [path.with_suffix(".parquet")])
    say(found, 12)
    return found


def _families(truth: Truth, found: Discovery) -> dict[str, list[str]]:
    """What was found, by the hidden group that the baskets or facts are of."""
    of: dict[str, list[str]] = {"dog": [], "cat": [], "young woman": [], "young family": []}
    of["the films alike"], of["others"] = [], []
    for row in found.of("found"):
        groups = [g for g, words in _signs(truth).items() if any(w in row.trait for w in words)]
        of[groups[0] if groups else "others"].append(row.trait)
    return of


def _signs(truth: Truth) -> dict[str, tuple[str, ...]]:
    """Parts of trait names that stand for a hidden group."""

    def aisles(*hobbies: str) -> tuple[str, ...]:
        paths = [p for h in hobbies for p in truth.aisles[h]]
        slugs = [f"buys:{'/'.join('-'.join(title_words(part)) for part in p.split(' > '))}"
                 for p in paths]  # fmt: skip
        words = [f"word:{w}" for p in paths for w in title_words(p.split(" > ")[-1])]
        return (*slugs, *words)

    return {
        "dog": (*aisles("dog"), "buys:pet-supplies"),
        "cat": aisles("cat"),
        "young woman": ("gender:female", "age:18-24", "age:25-34"),
        "young family": aisles("baby", "children"),
        "the films alike": (truth.coming.slug, truth.alike.slug, "five-o-clock-from-lindwick"),
    }


def _rows(
    truth: Truth, links: Linking, read: int, refused: int, found: Discovery, nothing: Discovery
) -> list[tuple[str, str, str]]:
    families = _families(truth, found)
    accounts = " + ".join(f"{n:,}" for n in truth.accounts.values())
    rows = [
        ("rows read; refused", f"{read:,}; {refused:,}", f"{read:,}; 0"),
        ("people", f"{links.persons:,}", f"{truth.people:,} behind {accounts} accounts"),
        ("linked pairs of accounts that are one person", f"{links.precision:.1%}", "100%"),
        ("pairs that are one person that were linked", f"{links.recall:.1%}", "100%"),
    ]
    for group, times in truth.times.items():
        rows.append((f"“{truth.coming.title}”: {group}", _told(found, families[group]),
                     f"{times:.1f} times as likely"))  # fmt: skip
    alike = ("same director, same hidden audience", "nothing else is in the film")
    for group, why in zip(("the films alike", "others"), alike, strict=True):
        rows.append((f"… {group}", _told(found, families[group]), why))
    rows.append((f"“{truth.null.title}”", f"{len(nothing.of('found'))} traits", "0: nobody"))
    return rows


def _forecast_rows(told: Told) -> list[tuple[str, str, str]]:
    """The first forecast of the total, and how many of all ranges held what is true."""
    _, when, amounts, true, _ = told.rows[0]
    held = sum(verdict == HELD for *_, verdict in told.rows)
    return [
        (f"“{told.film.title}”: its total, {when}", f"{amounts} USD", f"{true} USD"),
        ("… 80 % ranges that held", f"{held} of {len(told.rows)}", "8 in 10 are to"),
    ]


def _told(found: Discovery, traits: Sequence[str]) -> str:
    """The strongest of some traits, and how many there are."""
    named = [r for r in found.rows if r.trait in traits]
    if not named:
        return "nothing"
    best = max(named, key=lambda r: r.ratio or 0)
    count = f"{len(named)} trait{'s' if len(named) > 1 else ''}"
    return f"{count}; up to {best.ratio:.1f} ({best.low:.1f}–{best.high:.1f}): {best.label}"
