"""The demo's campaign: plan, power, launch, weeks of it, readout beside the truth, and after."""

import json
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

import fullhouse as fh
from examples.demo.truth import Film
from examples.shell import console, echo, fullhouse, heading
from fullhouse import app
from fullhouse.cli.show import progress, table
from fullhouse.discovery.card import FilmDiscovery
from fullhouse.measurement.campaign_readout import CampaignReadout
from fullhouse.planning.plan import Amount, Outlook, Plan
from fullhouse.view.words.plan import headline, plan_lines_words, taught_words
from fullhouse_sim.feeds import respond_declarations
from fullhouse_sim.plain import TERRITORY

BUDGET, HOLDOUT = 600.0, 0.3
"""Dollars for a house of a hundred thousand; a third held out, as so few people need."""
LEARNING_SHARE = 0.15
"""Of the money, for the discovered audience, though the obvious one buys more anyway."""
LEARNING_A_HEAD = 0.02
"""Dollars a head at most for that: a few hundred people cannot be shown any more."""
PLAN, CAMPAIGN, NEXT = "bramble", "bramble-launch", "next-film"
EVERY_DAYS = 4
"""The campaign is looked at so often; each look is one more point of its forecast."""
RUN_DAYS = 27
OUTCOMES = ("tickets", "gross")


@dataclass(frozen=True)
class Played:
    """A campaign that has run: what was planned, each look, and what is true of it."""

    plan: Plan
    looks: tuple[CampaignReadout, ...]
    outlooks: tuple[Outlook, ...]
    true_tickets: int
    following: Plan

    @property
    def last(self) -> CampaignReadout:
        """The look at the end, on the day that was set before the launch."""
        return self.looks[-1]


def campaign(
    market: Path, house: Path, out: Path, film: Film, following: str, discovery: FilmDiscovery
) -> Played:
    """Plan for a film's audiences, launch with a holdout, read it to the end, and plan the next."""
    heading(f"A plan for “{film.title}”")
    plan = _plan(house, out, discovery)
    heading("What could it show? Before anybody is spoken to")
    fullhouse("campaign", "power", PLAN, "--holdout", str(HOLDOUT), "-w", house)
    heading("Launch: arms by household, a third held out")
    addresses = market / "feeds" / "addresses.csv.gz"
    deliveries = out / "deliveries"
    fullhouse(
        "campaign", "launch", PLAN, "--name", CAMPAIGN, "--out", deliveries,
        "--holdout", str(HOLDOUT), "--by", "household", "--households", addresses, "-w", house,
    )  # fmt: skip
    console.print("\nThe market answers: impressions, clicks and tickets come back as feeds.")
    _respond(market, house, deliveries)
    heading("Weeks of campaign: each look, and the forecast that moves with it")
    looks, outlooks = _weeks(house, plan, film)
    heading("What it changed, on the day that was set for it")
    end = film.opening + timedelta(days=RUN_DAYS)
    # Who saw the film is a trait now: so that cards can be judged.
    fullhouse("traits", "build", "--as-of", str(end), "-w", house)
    fullhouse("campaign", "readout", CAMPAIGN, "--as-of", str(end), "-w", house)
    with fh.open(str(house)) as workspace:
        request = fh.ReadCampaign(CAMPAIGN, as_of=end, learn=False)
        looks.append(fh.campaign_readout(workspace, request))
        outlooks.append(fh.campaign_outlook(workspace, fh.OutlookCampaign(CAMPAIGN, end)))
    heading("What was learned, and the next film")
    fullhouse("campaign", "cards", "-w", house)
    fullhouse("learned", "-w", house)
    after = _following(house, following, end)
    return Played(plan, tuple(looks), tuple(outlooks), _true_tickets(market), after)


def campaign_rows(played: Played) -> list[tuple[str, str, str, str]]:
    """What was claimed at the end and what is true, in the words of the demo's table."""
    effect = played.last.on("tickets")[0].effect
    total, true = effect.total, played.true_tickets
    seen = [s.on("tickets")[0].effect for s in played.looks]
    looks = [e.always_valid for e in seen if e.always_valid is not None]
    proven = [s.as_of for s in played.looks if _proven_early(s)]
    first = f"proven at any look since {proven[0]}" if proven else "proven only at the end"
    after = played.following
    before = "-" if after.untaught is None else _spread(after.untaught)
    return [
        (
            "tickets that the campaign won (95 %)",
            f"{total.value:,.0f} ({total.low:,.0f} – {total.high:,.0f})",
            f"{true:,}",
            "yes" if total.low <= true <= total.high else "no",
        ),
        (f"… over {len(looks)} looks on the way", first, "there is an effect", "-"),
        (
            "next film: tickets for the same money (80 %)",
            f"{_spread(after.tickets)}, having learned",
            f"{before}, before",
            "-",
        ),
    ]


def _spread(amount: Amount) -> str:
    return f"{amount.low:,.0f} – {amount.high:,.0f}"


def report(house: Path, out: Path, film: Film) -> list[Path]:
    """The film's report, and its page of one morning."""
    heading("The report, and the page of one morning")
    end = film.opening + timedelta(days=RUN_DAYS)
    morning = film.opening - timedelta(days=7)
    pages = [out / "report.html", out / "daily.html"]
    echo("report", film.slug, "--as-of", str(end), "--out", pages[0])
    with fh.open(str(house)) as workspace, progress("Writing the report") as step:
        request = fh.ReportFilm(film.slug, as_of=end, territory=TERRITORY)
        made = fh.film_report(workspace, request)
        fh.write_film_report(made, [pages[0], pages[0].with_suffix(".json")])
        step("Writing the morning page")
        echo("daily", film.slug, "--as-of", str(morning), "--out", pages[1])
        morning_page = fh.DailyPage(film.slug, morning, territory=TERRITORY)
        daily = fh.film_daily(workspace, morning_page)
        fh.write_daily(daily, [pages[1]])
    return pages


def _plan(house: Path, out: Path, discovery: FilmDiscovery) -> Plan:
    """A share of the money goes to the discovered audience: it is the one to learn of."""
    limits = out / "limits.toml"
    least = ""
    if discovery.cards:
        first = discovery.cards[0]
        money = min(LEARNING_SHARE * BUDGET, LEARNING_A_HEAD * first.persons)
        least = f"[audience_minimum]\n{json.dumps(first.rule)} = {money:.0f}\n"
    limits.write_text(least, "utf-8")
    echo("plan", discovery.film, "--budget", f"{BUDGET:.0f}", "--limits", limits, "--as-of",
         str(discovery.as_of), "--save", PLAN, "--out", out / "plan.html")  # fmt: skip
    with fh.open(str(house)) as workspace, progress("Planning"):
        request = fh.PlanFilm(
            discovery.film,
            BUDGET,
            limits=least,
            as_of=discovery.as_of,
            holdout=HOLDOUT,
            name=PLAN,
        )
        plan = fh.plan_film(workspace, request)
        fh.write_plan(plan, [out / "plan.html"])
    for line in plan_lines_words(plan):
        console.print(line, markup=False, soft_wrap=True)
    return plan


def _respond(market: Path, house: Path, deliveries: Path) -> None:
    echo("simulate", "respond", market, deliveries / "assigned.parquet")
    from fullhouse_sim.respond import respond
    from fullhouse_sim.write import read_market

    with progress("Playing the campaign"):
        response = respond(read_market(market), market, deliveries / "assigned.parquet")
    feeds = market / "feeds"
    files = [(feeds / f"{f.name}.toml", feeds / f.files) for f in respond_declarations()]
    files.append((feeds / "tickets-sales.toml", market / "respond" / "sales.csv.gz"))
    with fh.open(str(house)) as workspace, progress("Reading feeds"):
        for declared, file in files:
            if file.exists():
                app.ingest(workspace, app.IngestFiles(declared, (str(file),)))
    console.print(
        f"Took in {response.impressions:,} impressions, {response.clicks:,} clicks and"
        f" {response.sales:,} sales."
    )


def _weeks(house: Path, plan: Plan, film: Film) -> tuple[list[CampaignReadout], list[Outlook]]:
    """Looks from the first week to the day before the last: what they say, what they move."""
    first = min(x.week for x in plan.lines)
    end = film.opening + timedelta(days=RUN_DAYS)
    days = [first + timedelta(days=d) for d in range(EVERY_DAYS, (end - first).days, EVERY_DAYS)]
    looks: list[CampaignReadout] = []
    outlooks: list[Outlook] = []
    rows = []
    with fh.open(str(house)) as workspace, progress("Looking") as step:
        for day in days:
            step(str(day))
            try:
                request = fh.ReadCampaign(CAMPAIGN, as_of=day, cards=False)
                looks.append(fh.campaign_readout(workspace, request))
                look = _at_any_look(looks[-1])
            except fh.CannotTellError:
                look = "nothing is known yet"
            outlooks.append(fh.campaign_outlook(workspace, fh.OutlookCampaign(CAMPAIGN, day)))
            rows.append((str(day), look, _outlook(outlooks[-1])))
    heads = ("as of", "tickets won so far, at any look (95 %)", "added to the run's gross (80 %)")
    table(rows, heads)
    return looks, outlooks


def _following(house: Path, film: str, end: date) -> Plan:
    """The next film's plan, which starts from what was learned."""
    echo("plan", film, "--budget", f"{BUDGET:.0f}", "--as-of", str(end), "--save", NEXT)
    with fh.open(str(house)) as workspace, progress("Planning the next film"):
        plan = fh.plan_film(workspace, fh.PlanFilm(film, BUDGET, as_of=end, name=NEXT))
    for line in (headline(plan), *taught_words(plan)):
        console.print(f"“{plan.title}”: {line}", markup=False, soft_wrap=True)
    return plan


def _true_tickets(market: Path) -> int:
    """Tickets that treated people with an account at the ticket office would not have bought."""
    people = pq.read_table(market / "truth" / "respond" / "people.parquet")
    owners = pq.read_table(
        market / "truth" / "owners", filters=pc.field("source") == "tickets", columns=["person"]
    )
    seen = pc.is_in(people["person"], owners["person"].combine_chunks())
    treated = people.filter(pc.and_(seen, pc.equal(people["arm"], "treated")))
    won: pa.Scalar = pc.sum(pc.subtract(treated["tickets"], treated["tickets_without"]))
    return int(won.as_py())


def _proven_early(shown: CampaignReadout) -> bool:
    always = shown.on("tickets")[0].effect.always_valid
    return always is not None and (always.low > 0 or always.high < 0)


def _at_any_look(shown: CampaignReadout) -> str:
    effect = shown.on("tickets")[0].effect
    always = effect.always_valid
    if always is None:
        return "too few to tell"
    low, value, high = (round(effect.people * x) for x in (always.low, always.value, always.high))
    return f"{value:+,} ({low:+,} to {high:+,})"


def _outlook(outlook: Outlook) -> str:
    middle, low, high = (f"{x:,.0f}" for x in vars(outlook.added).values())
    return f"{middle} ({low} – {high}) {outlook.currency}, {outlook.basis}"
