"""Whether discovery finds what is hidden in the simulated market, and nothing where nothing is.

python -m benchmarks.hidden_audience [--seeds N] [--people N] [--null-seeds N] [--null-people N]
    [--first-seed N] [--days N] [--cards] [--null-films N] [--hidden HOBBY] [--workers 1|2]
    [--folder DIR]

For each seed a house is filled and asked for the scenario's film as a user would ask. With hidden
audiences: are dog, cat, young women and young families all among the first eight cards, does the
95 % interval of an affinity hold the true one, and how many of the goers are in the best tenth by
propensity, to the best tenth by the true chance? With none: how often is something found? Results
of each seed are kept in the folder, so that a run that was stopped goes on.

With `--cards` only the answer is judged, not every tested trait nor the propensity: a seed then
takes some 20 s. Each house is asked for a film without a hidden audience too, which has opened.
"""

import argparse
import json
import re
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from multiprocessing import get_context
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
from pyroaring import BitMap
from scipy.sparse import csr_array
from scipy.stats import binomtest

from benchmarks.measure import machine, table
from benchmarks.simulated_house import (
    House,
    Strata,
    Truth,
    fine,
    house,
    oracle_capture,
    slug,
    true_affinity,
)
from fullhouse import app, audiences
from fullhouse.app.discoveries import DiscoverFilm, discover_film
from fullhouse.core.arrays import Floats, Ints
from fullhouse.discovery import Blocks, Outcome, outcome_of
from fullhouse.discovery.card import Card, FilmDiscovery
from fullhouse.discovery.count import ComparedPeople, measure_base
from fullhouse.discovery.likely_audience import likely_audience
from fullhouse.discovery.strata import groups_for
from fullhouse.propensity.film_propensity import fit_propensity
from fullhouse.propensity.score import score_all
from fullhouse.sample.analysis_sample import analysis_sample
from fullhouse.sample.outcome import own_events
from fullhouse.sample.sheet import Sheet, sheet
from fullhouse.traits import Trait
from fullhouse.traits.film_traits import (
    BASKETS,
    FACTS,
    any_of,
    base_rule,
    fact_traits,
    sources_of,
)
from fullhouse.traits.names import levels, path_slug, title_words
from fullhouse.workspace.cache_files import CACHE
from fullhouse_sim import aisles, films
from fullhouse_sim.film import Film
from fullhouse_sim.films import scenario, slate
from fullhouse_sim.goods import goods
from fullhouse_sim.market import Market
from fullhouse_sim.population import HOBBIES
from fullhouse_sim.scripts import script
from fullhouse_sim.season import season

GROUPS = ("dog", "cat", "young woman", "young family")
FIRST = 8
"""Cards that somebody reads."""
REFERENCES = ("house", "activity")
"""What an interval is judged against: see `simulated_house.true_affinity`."""
TERRITORY = "ZZ"
EXPECTED = 1_000.0
"""Goers that set the level of propensity, which is not judged here: only its order is."""
FORMAT = 1
"""Of the kept results: another number and they are made again."""


# What the product says ----------------------------------------------------------------------------


def ask(made: House, film: str) -> FilmDiscovery:
    """What `fullhouse discover FILM` answers: the one call to change when its signature does."""
    day = made.market.today
    return discover_film(made.workspace, DiscoverFilm(film, territory=TERRITORY, as_of=day))


def scored(made: House, film: str) -> tuple[Ints, Floats]:
    """The people of whom a visit could be known, and their propensity, as the product scores."""
    with analysis_sample(made.workspace, territory=TERRITORY, as_of=made.market.today) as asked:
        known = asked.find(film)
        audience = likely_audience(asked, known)
        learned = fit_propensity(asked, known, audience, expected_people=EXPECTED)
        (base,) = asked.people(learned.base)
        parts = list(score_all(learned.model, asked.blocks, base))
    persons = np.concatenate([np.asarray(p, np.int64) for _, p, _ in parts])
    return persons, np.concatenate([np.asarray(x, np.float64) for _, _, x in parts])


# Which card stands for which hidden group ---------------------------------------------------------


@dataclass(frozen=True)
class Signs:
    """Names of traits that stand for a hobby or a pet, by hobby: aisles, and their own words."""

    aisles: Mapping[str, tuple[str, ...]]
    words: Mapping[str, frozenset[str]]

    @classmethod
    def of(cls, seed: int) -> "Signs":
        """Those of a market's shop; a word is a hobby's when no other shelf's titles have it."""
        shop = goods(seed)
        where: dict[str, set[str]] = {}
        for leaf, title in zip(shop.leaf.tolist(), shop.titles, strict=True):
            for word in title_words(title):
                where.setdefault(word, set()).add(shop.leaves[leaf])
        paths = {
            hobby: tuple(f"buys:{path_slug(levels(p))}" for p in roots)
            for hobby, roots in aisles.HOBBIES.items()
        }
        words = {
            hobby: frozenset(
                f"word:{word}"
                for word, leaves in where.items()
                if all(leaf.startswith(roots) for leaf in leaves)
            )
            for hobby, roots in aisles.HOBBIES.items()
        }
        return cls(paths, words)

    def hobby(self, trait: str, *hobbies: str) -> bool:
        """Whether a trait stands for one of some hobbies."""
        return any(
            trait in self.words[h] or any(trait == p or trait.startswith(f"{p}/")
                                          for p in self.aisles[h])
            for h in hobbies
        )  # fmt: skip


def stands_for(card: Card, signs: Signs, hobby: str) -> bool:
    """Whether a card stands for a hobby."""
    return any(signs.hobby(t, hobby) for t in _traits(card))


def _traits(card: Card) -> set[str]:
    return {*card.traits, *re.findall(r"[a-z]+:[^\s()|&!]+", card.rule)}


def groups_of(card: Card, signs: Signs) -> set[str]:
    """The hidden groups that a card stands for."""
    traits = _traits(card)
    groups = {h for h in ("dog", "cat") if any(signs.hobby(t, h) for t in traits)}
    ages = [t.removeprefix("age:") for t in traits if t.startswith("age:")]
    young = bool(ages) and all(_within(a, 18, 34) for a in ages)
    if "gender:female" in traits and young:
        groups.add("young woman")
    household = any(t.startswith("household:") and t != "household:1" for t in traits)
    parents = bool(ages) and all(_within(a, 18, 54) for a in ages)
    if any(signs.hobby(t, "baby", "children") for t in traits) or (household and parents):
        groups.add("young family")
    return groups


def _within(band: str, least: int, most: int) -> bool:
    ends = re.fullmatch(r"(\d+)-(\d+)", band)
    return ends is not None and int(ends[1]) >= least and int(ends[2]) <= most


# Beside the truth ---------------------------------------------------------------------------------


def chance_of(truth: Truth, rule: str) -> Floats:
    """The true chance that somebody is in an outcome of `wants:FILM` and `saw:FILM`, any of them.

    Of what the house can know: done through an account, from the feeds' first day on.
    """
    parts = re.findall(r"\b(wants|saw):([a-z0-9-]+)", rule)
    chances = [
        (truth.marks_known if kind == "wants" else truth.saw_known)(truth.film(film))
        for kind, film in dict.fromkeys(parts)
    ]
    return truth.any_of(chances)


@dataclass(frozen=True)
class Question:
    """People of a base in memory, with an outcome, as discovery compares them."""

    sheet: Sheet
    base: ComparedPeople
    outcome: Outcome
    chance: Floats
    truly: Strata
    """Fine strata of true activity."""

    def strata(self, traits: Sequence[Trait]) -> tuple[list[Strata], list[int]]:
        """The strata that the product holds equal for some traits, and which of them each has."""
        groups, of_trait = groups_for(traits, self.outcome.kinds, self.base.histograms)
        strata: list[Strata] = [g.strata(self.sheet.activity) for g in groups]
        return strata, of_trait.tolist()

    def truths(
        self, traits: Sequence[Trait], has: csr_array | None = None
    ) -> tuple[Floats, Floats]:
        """True affinities over the house's strata and at true activity; see `true_affinity`."""
        has = self.has(traits) if has is None else has
        strata, of_trait = self.strata(traits)
        everyone = [0] * len(of_trait)
        return (
            true_affinity(self.chance, has, strata, of_trait),
            true_affinity(self.chance, has, [self.truly], everyone),
        )

    def has(self, traits: Sequence[Trait]) -> csr_array:
        """Who has each trait."""
        return self.sheet.has[:, [self.sheet.column(t.name) for t in traits]]


def question(made: House, outcome: str, base: str) -> Question:
    """An outcome among a base, with the true chance of everybody there."""
    workspace, market = made.workspace, made.market
    population = audiences.population(workspace, as_of=market.today)
    plans = [population.compile(rule) for rule in (outcome, base)]
    people: list[dict[int, BitMap]] = [{}, {}]
    for block, sets, _ in audiences.people(population, *plans):
        people[0][block], people[1][block] = sets
    wanted = outcome_of(outcome, plans[0].rule, population.catalogue, people[0])
    blocks = Blocks(workspace.lake, population.build, workspace.place.path / CACHE)
    page = sheet(
        blocks,
        people[1],
        people[0],
        own_events(workspace.engine, workspace.lake, population.build, wanted),
        [t for t in population.catalogue.traits if t.built],
        key=population.key,
        most_seed=market.people,
        most_others=market.people,
    )
    return Question(
        page,
        measure_base(blocks, people[1]),
        wanted,
        chance_of(made.truth, outcome)[page.persons],
        fine(made.truth.log_activity[page.persons], made.truth.sources[page.persons]),
    )


@dataclass(frozen=True)
class Beside:
    """An estimate with its interval, and the true affinity by both references."""

    name: str
    ratio: float | None
    low: float | None
    high: float | None
    house: float
    activity: float

    def holds(self, reference: str) -> bool | None:
        """Whether the interval has the truth in it; None where there is no interval."""
        if self.low is None or self.high is None or self.ratio is None:
            return None
        truth: float = getattr(self, reference)
        return self.low <= truth <= self.high


def bases(made: House, rule: str) -> list[tuple[str, tuple[str, ...]]]:
    """Among whom the product compares which families: who could show the trait and the outcome."""
    sources = sources_of(made.workspace.lake)
    traits = app.traits_list(made.workspace, app.ListTraits()).traits
    kinds = {"wants": ("want_to_see",), "saw": ("view", "ticket")}
    seen = base_rule({k for f in ("wants", "saw") if f"{f}:" in rule for k in kinds[f]}, sources)
    baskets = f"{base_rule(['purchase'], sources)} & {seen}"
    candidates: list[tuple[str, tuple[str, ...]]] = [(baskets, BASKETS)]
    for family, several in fact_traits(traits).items():
        candidates.append((f"{seen} & {any_of([t.name for t in several])}", (family,)))
    return candidates


def tested(made: House, rule: str) -> tuple[list[Beside], dict[str, int]]:
    """Every trait that is tested against an outcome, beside the truth; verdicts by number."""
    rows: list[Beside] = []
    verdicts: dict[str, int] = {}
    built = {t.family for t in app.traits_list(made.workspace, app.ListTraits()).traits}
    for base, families in bases(made, rule):
        wanted = sorted(built.intersection(families))
        about = app.DiscoverOutcome(rule, base, families=tuple(wanted))
        answer = app.discover_outcome(made.workspace, about)
        asked = question(made, rule, base)
        by_name = {t.name: t for t in asked.sheet.traits}
        tested_rows = [r for r in answer.rows if r.q is not None]
        truths = asked.truths([by_name[r.trait] for r in tested_rows])
        for row, one, two in zip(tested_rows, *truths, strict=True):
            rows.append(Beside(row.trait, row.ratio, row.low, row.high, float(one), float(two)))
            verdicts[row.verdict] = verdicts.get(row.verdict, 0) + 1
    return rows, verdicts


def cards_beside(made: House, rule: str, cards: Sequence[Card]) -> list[Beside]:
    """Each card's affinity beside the truth, over the base that its kind is compared over."""
    asked = [question(made, rule, base) for base, _ in bases(made, rule)]
    pairs = []
    for card in cards:
        over = asked[0] if card.family in BASKETS else asked[-1]
        # A composition of facts stands for none of them, and is compared as each of them is.
        like = [t for t in over.sheet.traits if t.name in card.traits]
        first = (like or [t for t in over.sheet.traits if t.family in FACTS])[0]
        members = people_of(made, card.rule)
        who = csr_array(np.isin(over.sheet.persons, members)[:, None].astype(np.float32))
        one, two = over.truths([first], who)
        affinity = card.affinity
        pairs.append(Beside(card.name, affinity.value, affinity.low, affinity.high, one[0], two[0]))
    return pairs


def people_of(made: House, rule: str) -> Ints:
    """The persons who fit a rule and take part."""
    population = audiences.population(made.workspace, as_of=made.market.today)
    blocks = audiences.people(population, population.compile(rule))
    return np.concatenate([np.asarray(sets[0].to_array(), np.int64) for _, sets, _ in blocks])


# One seed, and many -------------------------------------------------------------------------------


@dataclass(frozen=True)
class Task:
    """One seed of a scenario; `folder` keeps its result."""

    market: Market
    folder: Path
    cards_only: bool = False
    null_films: int = 0
    hidden: str = "dog"

    @property
    def path(self) -> Path:
        """Where the result is kept."""
        m = self.market
        what = "cards" if self.cards_only else str(FORMAT)
        what += f"-null{self.null_films}" if self.null_films else ""
        what += f"-{self.hidden}" if self.hidden != "dog" else ""
        return self.folder / f"{what}-{m.scenario}-{m.people}-{m.days}-{m.seed}.json"


def run(task: Task) -> dict[str, Any]:
    """The result of a seed, from its file where it was kept."""
    if task.path.exists():
        kept: dict[str, Any] = json.loads(task.path.read_text())
        return kept
    with (
        tempfile.TemporaryDirectory(prefix="fullhouse-hidden-") as work,
        other_films(task.null_films, task.hidden),
    ):
        started = time.perf_counter()
        made = house(task.market, Path(work) / "house")
        built = time.perf_counter() - started
        try:
            result = answers(made, task) if task.cards_only else judged(made)
            result |= {"built_s": built, "s": time.perf_counter() - started}
        finally:
            made.workspace.close()
            season.cache_clear()
    half = task.path.with_suffix(".part")
    half.write_text(json.dumps(result))
    half.replace(task.path)
    return result


def answers(made: House, task: Task) -> dict[str, Any]:
    """What is answered for the scenario's film and for those without any hidden audience."""
    roles, every = scenario(made.market), slate(made.market)
    signs = Signs.of(made.market.seed)
    numbers = [n for n, role in films._roles(made.market).items() if role.startswith("null ")]
    return answered(made, slug(made.truth.film(roles.film)), signs, task.hidden) | {
        "seed": made.market.seed,
        "scenario": made.market.scenario,
        "null": answered(made, slug(made.truth.film(roles.null_film)), signs),
        "nulls": [answered(made, slug(every[n]), signs) for n in sorted(numbers)],
    }


@contextmanager
def other_films(null_films: int, hidden: str) -> Iterator[None]:
    """The slate with more films without a hidden audience, and another hobby for the dog's."""
    roles = films._roles

    def more_roles(market: Market) -> dict[int, str]:
        """They opened while the feeds run, long enough ago to have been seen."""
        given = roles(market)
        opened = [d.toordinal() - market.today.toordinal() for d in films._releases(market)]
        recent = [n for n, day in enumerate(opened) if -0.8 * market.days < day < -7]
        free = [n for n in recent if n not in given]
        at = np.unique(np.linspace(0, len(free) - 1, min(null_films, len(free))).astype(int))
        return given | {free[i]: f"null {i}" for i in at.tolist()}

    def other_script(film: Film, of: str, role: str, cinemas: int) -> Film:
        """The film as its role has it, drawn to by people with `hidden` for those with a dog."""
        made = script(film, of, role, cinemas)
        given = tuple((hidden if k == "dog" else k, v) for k, v in made.loadings)
        return replace(made, loadings=given)

    caches = (films.slate, films.scenario, films.earlier, films.unannounced)
    with (
        patch.object(films, "_roles", more_roles),
        patch.object(films, "script", other_script),
    ):
        try:
            for kept in caches:
                kept.cache_clear()
            yield
        finally:
            for kept in caches:
                kept.cache_clear()


def answered(made: House, film: str, signs: Signs, hidden: str = "dog") -> dict[str, Any]:
    """The answer for one film: its verdict, its cards, and which hidden groups they stand for."""
    started = time.perf_counter()
    answer = ask(made, film)
    first = [groups_of(card, signs) for card in answer.cards[:FIRST]]
    shown = {h for card in answer.cards[:FIRST] for h in HOBBIES if stands_for(card, signs, h)}
    return {
        "s": time.perf_counter() - started,
        "hidden": hidden in shown,
        "hobbies": sorted(shown),
        "film": film,
        "verdict": answer.verdict,
        "least_affinity": answer.least_affinity,
        "interest_people": answer.interest_people,
        "seed_people": answer.seed_people,
        "groups": {g: any(g in of for of in first) for g in GROUPS},
        "cards": [
            {
                "id": c.id,
                "basis": c.basis,
                "groups": sorted(groups_of(c, signs)),
                "affinity": [c.affinity.value, c.affinity.low, c.affinity.high],
                "beyond": [c.beyond.value, c.beyond.low, c.beyond.high],
                "interest": [c.interest.value, c.interest.low, c.interest.high],
            }
            for c in answer.cards
        ],
        "comps": [[c.film, c.likeness, c.people, c.used, c.unused] for c in answer.comps],
    }


def judged(made: House) -> dict[str, Any]:
    """What the product says of the scenario's film, beside the truth."""
    film = made.truth.film(scenario(made.market).film)
    answer = ask(made, slug(film))
    signs = Signs.of(made.market.seed)
    first = [groups_of(card, signs) for card in answer.cards[:FIRST]]
    rule = " | ".join(s.rule for s in answer.used if s.source != "text")
    rows, _ = tested(made, rule) if rule else ([], {})
    held = cards_beside(made, rule, [c for c in answer.cards if c.basis != "guess"])
    persons, propensity = scored(made, slug(film))
    return {
        "seed": made.market.seed,
        "scenario": made.market.scenario,
        "verdict": answer.verdict,
        "measured": sum(c.basis == "measured" for c in answer.cards),
        "expected": sum(c.basis == "expected" for c in answer.cards),
        "interest_people": answer.interest_people,
        "seed_people": answer.seed_people,
        "groups": {g: any(g in of for of in first) for g in GROUPS},
        "cards": [asdict(b) for b in held],
        "card_traits": [list(c.traits) for c in answer.cards],
        "tested": {r: _held(rows, r) for r in REFERENCES},
        "captures": captures(made, film, persons, propensity),
    }


def captures(made: House, film: Film, persons: Ints, propensity: Floats) -> dict[str, float]:
    """What the best tenth holds of the oracle's, as more of the truth is told to the product.

    To the log of its propensity the person's true activity is added, then all else that the film
    draws by, each as least squares of the true chance's log weigh it. What is left to 1 is the
    city: where the film is shown more, or better known.
    """
    goes = made.truth.goes(film)[persons]
    activity = made.truth.log_activity[persons]
    draw = np.log(np.maximum(made.truth.draw(film)[persons], 1e-12))
    score = np.log(np.maximum(propensity, 1e-12))
    columns, shares = [np.ones(len(persons)), score], {}
    target = np.log(np.maximum(goes, 1e-12))
    for name, more in (("activity", activity), ("draw", draw)):
        columns.append(more)
        fit = np.linalg.lstsq(np.stack(columns, axis=1), target, rcond=None)[0]
        shares[name] = oracle_capture(goes, np.stack(columns, axis=1) @ fit)
    return {"propensity": oracle_capture(goes, propensity),
            "activity_alone": oracle_capture(goes, activity), **shares}  # fmt: skip


def _held(rows: Sequence[Beside], reference: str) -> tuple[int, int]:
    """How many intervals hold the truth, of how many."""
    held = [h for r in rows if (h := r.holds(reference)) is not None]
    return sum(held), len(held)


def run_all(tasks: Sequence[Task], workers: int) -> Iterator[dict[str, Any]]:
    """The results of all seeds as they come."""
    if workers == 1:
        yield from map(run, tasks)
        return
    with ProcessPoolExecutor(workers, get_context("spawn")) as pool:
        for done in as_completed([pool.submit(run, t) for t in tasks]):
            yield done.result()


def hidden_rows(results: Sequence[Mapping[str, Any]]) -> list[tuple[str, str, str]]:
    """What is wanted of the hidden-audience scenario, and what there is."""
    every = [all(r["groups"].values()) for r in results]
    rows = [("all four groups in the first eight cards", "90 %", _share(every))]
    rows += [(f"… {g}", "", _share([r["groups"][g] for r in results])) for g in GROUPS]
    for reference in REFERENCES:
        cards = [Beside(**c).holds(reference) for r in results for c in r["cards"]]
        rows.append((f"cards whose 95 % interval holds the truth, {reference}", "93-97 %",
                     _share([c for c in cards if c is not None])))  # fmt: skip
        held, of = np.sum([r["tested"][reference] for r in results], axis=0).tolist()
        share = f"{held / of:.1%} of {of:,.0f}" if of else "none"
        rows.append((f"tested traits likewise, {reference}", "93-97 %", share))
    for name, words, wanted in (
        ("propensity", "ticket buyers in the best tenth by propensity, to the oracle's", "80 %"),
        ("activity_alone", "… by true activity alone", ""),
        ("activity", "… by propensity, when everybody's true activity is told", ""),
        ("draw", "… and how strongly the film draws each person", ""),
    ):
        rows.append((words, wanted, _middle([r["captures"][name] for r in results])))
    rows.append(("people with interest", "", _middle([r["interest_people"] for r in results])))
    rows.append(("people of the seed", "", _middle([r["seed_people"] for r in results])))
    return rows


def card_rows(results: Sequence[Mapping[str, Any]]) -> list[tuple[str, str, str]]:
    """The answers of the hidden-audience scenario: who is found, and what is said instead."""
    rows = [("the hidden hobby among the first eight cards", "95 %",
             _share([r.get("hidden", r["groups"]["dog"]) for r in results]))]  # fmt: skip
    rows += [(f"… {g}", "", _share([r["groups"][g] for r in results])) for g in GROUPS]
    verdicts = [r["verdict"] for r in results]
    rows.append(("said to have no audience, which it has", "0", _share(
        [v == "no_audience" for v in verdicts])))  # fmt: skip
    rows.append(
        ("said that the data cannot tell", "", _share([v == "cannot_tell" for v in verdicts]))
    )
    rows.append(("cards of none of the four groups, a film", "", _middle(
        [sum(not c["groups"] for c in r["cards"]) for r in results])))  # fmt: skip
    rows.append(("people with interest", "", _middle([r["interest_people"] for r in results])))
    rows.append(("people of the seed", "", _middle([r["seed_people"] for r in results])))
    return rows


def silent_rows(
    results: Sequence[Mapping[str, Any]], what: str = "null"
) -> list[tuple[str, str, str]]:
    """The answers for films that have no hidden audience."""
    cards = [[c["basis"] for c in r["cards"]] for r in results]
    return [
        (f"{what}: any card", "5 % at most", _share([bool(c) for c in cards])),
        (f"{what}: an audience is measured", "5 % at most",
         _share(["measured" in c for c in cards])),
        (f"{what}: no audience, as an answer", "", _share(
            [r["verdict"] == "no_audience" for r in results])),
        (f"{what}: cannot tell", "", _share([r["verdict"] == "cannot_tell" for r in results])),
    ]  # fmt: skip


def null_rows(results: Sequence[Mapping[str, Any]]) -> list[tuple[str, str, str]]:
    """The same for the scenario in which there is nothing to find."""
    return [
        ("null: an audience is measured", "5 % at most",
         _share([r["measured"] > 0 for r in results])),
        ("null: something is expected", "", _share([r["expected"] > 0 for r in results])),
        ("null: verdict no audience or cannot tell", "",
         _share([r["verdict"] in ("no_audience", "cannot_tell") for r in results])),
    ]  # fmt: skip


def _share(flags: Sequence[bool]) -> str:
    """A share with its exact 95 % interval."""
    if not flags:
        return "none"
    yes, of = int(np.sum(flags)), len(flags)
    interval = binomtest(yes, of).proportion_ci()
    return f"{yes} of {of}: {yes / of:.1%} ({interval.low:.0%}-{interval.high:.0%})"


def _middle(values: Sequence[float]) -> str:
    if not values:
        return "none"
    low, middle, high = np.quantile(values, [0.1, 0.5, 0.9])
    form = ",.0f" if middle > 10 else ".2f"
    return f"{middle:{form}} ({low:{form}}-{high:{form}})"


def rows_of(
    name: str, results: Sequence[Mapping[str, Any]], *, cards_only: bool
) -> list[tuple[str, str, str]]:
    """The lines of the table for the seeds of one scenario."""
    if not cards_only:
        return hidden_rows(results) if name == "hidden-audience" else null_rows(results)
    nulls = [n for r in results for n in (r["null"], *r.get("nulls", ()))]
    opened = silent_rows(nulls, f"{name}'s films without any, opened")
    if name == "hidden-audience":
        return card_rows(results) + opened
    return silent_rows(results, "null, before it opens") + opened


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--people", type=int, default=200_000)
    parser.add_argument("--null-seeds", type=int, default=3)
    parser.add_argument("--null-people", type=int, default=50_000)
    parser.add_argument("--days", type=int, default=365)
    parser.add_argument("--first-seed", type=int, default=1)
    parser.add_argument("--cards", action="store_true", help="judge the answers alone")
    parser.add_argument("--null-films", type=int, default=0, help="more of them in each house")
    parser.add_argument("--hidden", choices=HOBBIES, default="dog", help="instead of dog keepers")
    parser.add_argument("--workers", type=int, default=1, choices=(1, 2))
    parser.add_argument("--folder", type=Path, default=None, help="keeps each seed's result")
    asked = parser.parse_args()
    folder: Path = asked.folder or Path(tempfile.mkdtemp(prefix="fullhouse-hidden-audience-"))
    folder.mkdir(parents=True, exist_ok=True)
    print(f"Hidden audiences, {machine()}; simulated. Results of each seed: {folder}\n")
    sizes = (
        ("hidden-audience", asked.people, asked.seeds),
        ("null", asked.null_people, asked.null_seeds),
    )
    rows: list[tuple[str, str, str]] = []
    for name, people, seeds in sizes:
        tasks = [
            Task(
                Market(people=people, seed=s, scenario=name, days=asked.days),
                folder,
                asked.cards,
                asked.null_films,
                asked.hidden,
            )
            for s in range(asked.first_seed, asked.first_seed + seeds)
        ]
        results = []
        for result in run_all(tasks, asked.workers):
            results.append(result)
            line = f"{name} {len(results)}/{seeds}: seed {result['seed']}, {result['verdict']}"
            print(f"{line}, {result['s']:.0f} s", file=sys.stderr, flush=True)
        if results:
            rows += rows_of(name, results, cards_only=asked.cards)
    print(table(("simulated", "wanted", "measured"), rows))


if __name__ == "__main__":
    main()
