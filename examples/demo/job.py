"""The demo: the main job on a simulated market, and what was found beside what is true."""

import shutil
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

import altair as alt

import fullhouse as fh
from examples.demo import words
from examples.demo.make_set import Truth, make
from examples.shell import console, echo, fullhouse, heading, near
from fullhouse import pipeline
from fullhouse.cli.discover import say
from fullhouse.cli.show import progress, table
from fullhouse.discovery import Discovery
from fullhouse.pipeline.discovery import discover, write_discovery
from fullhouse.report import affinity_chart, save_chart
from fullhouse.tables import ACCOUNT_PERSON
from fullhouse.traits.words import title_words

HERE = Path(__file__).resolve().parent
SEED = 7
AS_OF = "2025-06-30"
HIDDEN = "saw:the-long-way-home-2024"
NULL = "saw:midnight-ledger-2024"
BASE = "source:shop & source:tickets"
"""Only who is known to both can show that the shop's traits go with the ticket service's films."""

FEEDS = (
    ("shop-accounts", "shop_accounts.csv.gz"),
    ("video-accounts", "video_accounts.jsonl.gz"),
    ("tickets-accounts", "tickets_accounts.csv.gz"),
    ("shop-products", "shop_products.jsonl"),
    ("shop-orders", "shop_orders.parquet"),
    ("shop-orders", "shop_orders_late.csv"),
    ("video-films", "video_films.csv"),
    ("video-plays", "video_plays.parquet"),
    ("tickets-films", "tickets_films.csv"),
    ("tickets-sales", "tickets_sales.csv.gz"),
    ("tickets-consent", "tickets_consent.csv"),
)


@dataclass(frozen=True)
class Linking:
    """How well accounts were put together: over pairs of accounts, against the truth."""

    persons: int
    right: int
    linked: int
    same: int

    @property
    def precision(self) -> float:
        """Share of the linked pairs that are one person."""
        return self.right / self.linked

    @property
    def recall(self) -> float:
        """Share of the pairs that are one person that were linked."""
        return self.right / self.same


def main(arguments: Sequence[str]) -> int:
    """Run the demo into a folder, from the start; 0 when it found what is true."""
    out = Path(arguments[0] if arguments else "demo").absolute()
    seed = int(arguments[1]) if len(arguments) > 1 else SEED
    house = out / "house"
    _clear(out)
    console.print(
        "[bold]A simulated market.[/] Its people, films and orders are made up by the seed"
        f" {seed}; every figure below is of this market, and none of a real one."
    )
    with progress("Making the market"):
        truth = make(out / "feeds", seed=seed)
    heading("Eleven files of three sources become one house")
    fullhouse("init", house)
    with fh.open(str(house)) as workspace:
        refused = _ingest(workspace, out / "feeds")
    heading("Who is who")
    fullhouse("people", "resolve", "-w", house)
    fullhouse("people", "report", "--top", "3", "-w", house)
    heading("Traits, and an audience")
    fullhouse("traits", "build", "--as-of", AS_OF, "-w", house)
    fullhouse("traits", "list", "--search", "dog", "--most", "6", "-w", house)
    fullhouse("audience", "count", "buys:pet-supplies/dogs & female & source:tickets", "-w", house)
    fullhouse(
        *("audience", "describe", HIDDEN, "--base", BASE),
        *("--family", "gender", "--family", "moviegoer", "-w", house),
    )
    with fh.open(str(house)) as workspace:
        heading(f"Who sees “{words.HIDDEN}”? Nothing in its title or genre says so")
        found = _discover(workspace, HIDDEN, NULL, out / "hidden-audience")
        heading(f"Who sees “{words.NULL}”? Nobody in particular: there is nothing to find")
        nothing = _discover(workspace, NULL, HIDDEN, out / "no-audience")
        linking = _linking(workspace, truth)
    heading("Found | true (all of it simulated)")
    _summary(truth, linking, refused, found, nothing)
    chart = near(out / "hidden-audience.png")
    console.print(
        "Two of a household who share an e-mail become one person, and accounts without an e-mail"
        " or a phone in common stay apart: so it is with real feeds, and the figures say how"
        " much. The ratio found is below the true one since purchases tell only in part who keeps"
        " a dog."
    )
    console.print(f"\nLook at [bold]{chart}[/], or open {chart.replace('.png', '.html')}")
    return 0 if _dogs(found) and not nothing.of("found") else 1


def _clear(out: Path) -> None:
    # Only what an earlier demo made.
    for made in (out / "house", out / "feeds"):
        if (out / "house" / "fullhouse.toml").is_file() or made.name == "feeds":
            shutil.rmtree(made, ignore_errors=True)
    out.mkdir(parents=True, exist_ok=True)


def _ingest(workspace: fh.Workspace, folder: Path) -> int:
    reasons: Counter[str] = Counter()
    rows = []
    with progress("Reading feeds") as display:
        for feed, file in FEEDS:
            display.update(display.task_ids[0], description=file)
            report = pipeline.ingest(
                workspace, HERE / "feeds" / f"{feed}.toml", [str(folder / file)]
            )
            reasons.update(report.quarantined)
            rows.append((feed, file, report.read, report.written, sum(report.quarantined.values())))
    echo("ingest", HERE / "feeds" / "shop-orders.toml", folder / "shop_orders.parquet")
    console.print("[dim]… and so for each of:[/]")
    table(rows, ("feed", "file", "read", "written", "refused"))
    told = ", ".join(f"{reason} {n}" for reason, n in sorted(reasons.items()))
    console.print(f"Refused rows are kept with their reason: {told}.")
    return reasons.total()


def _discover(workspace: fh.Workspace, outcome: str, placebo: str, path: Path) -> Discovery:
    asked = ("--outcome", outcome, "--base", BASE, "--placebo", placebo)
    echo("discover", *asked, "--most", "12")
    with progress("Discovering"):
        found = discover(workspace, outcome, base=BASE, placebo=placebo)
        chart = affinity_chart(found, most=15)
        assert isinstance(chart.title, alt.TitleParams)
        chart.title.subtitle = [
            "SIMULATED MARKET: no figure is of a real one.",
            *chart.title.subtitle,
        ]
        for kind in (".png", ".html", ".svg"):
            save_chart(chart, path.with_suffix(kind))
        write_discovery(found, [path.with_suffix(".parquet")])
    say(found, 12)
    return found


def _dogs(found: Discovery) -> list[str]:
    """Traits found that dog products have a part in: their categories and words of titles."""
    dogs = [leaf for leaf in words.leaves() if " Dogs " in leaf]
    names = {f"word:{w}" for leaf in dogs for w in title_words(leaf)} | {"buys:pet-supplies"}
    return [r.trait for r in found.of("found") if "/dogs" in r.trait or r.trait in names]


def _linking(workspace: fh.Workspace, truth: Truth) -> Linking:
    rows = workspace.lake.read(ACCOUNT_PERSON).to_pylist()
    together: dict[int, list[int]] = {}
    for row in rows:
        owner = truth.owners[row["source"], row["account"]]
        together.setdefault(row["person"], []).append(owner)
    pairs = [a == b for owners in together.values() for a, b in combinations(owners, 2)]
    accounts = Counter(truth.owners.values())
    same = sum(n * (n - 1) // 2 for n in accounts.values())
    return Linking(len(together), sum(pairs), len(pairs), same)


def _summary(
    truth: Truth, linking: Linking, refused: int, found: Discovery, nothing: Discovery
) -> None:
    dogs = _dogs(found)
    best = max((r.ratio or 0 for r in found.of("found") if r.trait in dogs), default=0.0)
    others = len(found.of("found")) - len(dogs)
    accounts = " + ".join(f"{n:,}" for n in truth.accounts.values())
    table(
        [
            ("rows refused", f"{refused}", f"{truth.dirty_rows}"),
            ("people", f"{linking.persons:,}", f"{truth.people:,} behind {accounts} accounts"),
            ("linked pairs of accounts that are one person", f"{linking.precision:.1%}", "100%"),
            ("pairs that are one person that were linked", f"{linking.recall:.1%}", "100%"),
            (
                f"“{truth.hidden_film}”",
                f"{len(dogs)} traits of dog products, up to {best:.1f} times; {others} others",
                f"who keeps a dog is {truth.dog_times:g} times as likely, nobody else more",
            ),
            (
                f"“{truth.null_film}”",
                f"{len(nothing.of('found'))} traits",
                "nobody in particular",
            ),
        ],
        ("simulated", "found", "true"),
    )
