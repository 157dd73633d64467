"""Attacks on the clean room: what each learns at the gate, and at a door without its protection.

python -m benchmarks.attacks

An attack that fails proves nothing until it has succeeded somewhere: so each one is also run
against a naive door (exact counts above a minimum, rounded counts, noise without a ledger), where
it must succeed. The attacker chooses the questions, knows everything but one secret, and is given
traits that single out whomever it likes: far more than a studio has.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import date
from math import erf, sqrt
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Lock, Thread
from typing import Protocol

import numpy as np
from scipy import sparse
from scipy.optimize import linprog
from scipy.stats import mannwhitneyu

from benchmarks.measure import machine, table
from benchmarks.private_house import chances, draw, simulate, source
from fullhouse.audiences.parse import parse
from fullhouse.audiences.rule import And, Everyone, Name, Not, Or, Rule
from fullhouse.cleanroom import gate, noise, tenants
from fullhouse.cleanroom.cards import discover_privately
from fullhouse.cleanroom.ledger import BudgetError
from fullhouse.cleanroom.policy import HOUSE_FILE, template
from fullhouse.cleanroom.private import PersonRows, TraitSizes
from fullhouse.cleanroom.question import Count
from fullhouse.cleanroom.release import NANO, ReleasedNumber
from fullhouse.cleanroom.sizes import measure_sizes
from fullhouse.core.arrays import Flags, Floats
from fullhouse.workspace.context import Context, init_house
from tests.audiences.conftest import write_house

World = Mapping[str, frozenset[int]]
"""The people of each trait; those of `everyone` under that name."""

DAY = date(2026, 11, 1)
MINIMUM = 50
TENANT, TITLE = "lion", "our-film-2026"
PLAN, ALL = 50_000_000, 500_000_000
"""What counts for one title, and all questions of a tenant, may cost in an epoch, in nano-rho."""


class RefusedError(Exception):
    """The door answers nothing more: a budget is used up."""


class Door(Protocol):
    """What an attacker can ask: how many people fit a rule; None for fewer than a minimum."""

    def count(self, rule: str) -> float | None:
        """The number that the door shows."""
        ...


@dataclass
class Exact:
    """A door that shows exact counts from a minimum on: the rule of most clean rooms."""

    world: World
    minimum: int = MINIMUM

    def count(self, rule: str) -> float | None:
        """The exact number, or None under the minimum."""
        people = len(_people(parse(rule), self.world))
        return float(people) if people >= self.minimum else None


@dataclass
class Rounded:
    """A door that shows counts rounded to tens, from a minimum on."""

    world: World
    minimum: int = MINIMUM

    def count(self, rule: str) -> float | None:
        """The number to the nearest ten, or None under the minimum."""
        people = len(_people(parse(rule), self.world))
        return round(people / 10) * 10.0 if people >= self.minimum else None


@dataclass
class Unpaid:
    """A door with good noise that is drawn anew each time, and no ledger."""

    world: World
    spread: float = 100.0
    draw: np.random.Generator = field(default_factory=lambda: np.random.default_rng(5))

    def count(self, rule: str) -> float | None:
        """The number with fresh noise."""
        return len(_people(parse(rule), self.world)) + float(self.draw.normal(0, self.spread))


@dataclass
class Gate:
    """The real one, as one tenant comes to it with its titles, one after the other."""

    context: Context
    own: Sequence[str] = (TITLE,)
    asked: int = 0
    paid: int = 0

    def count(self, rule: str) -> float | None:
        """The released number; `RefusedError` when no title of the tenant can pay any more."""
        for film in self.own[-1:] if self.asked else self.own:
            with suppress(BudgetError):
                return self.ask(Count(rule), film).value
        for film in self.own[:-1]:
            with suppress(BudgetError):
                return self.ask(Count(rule), film).value
        raise RefusedError

    def ask(self, question: Count, film: str) -> ReleasedNumber:
        """The figure of a count, and what it cost."""
        answer = gate.ask(self.context, question, title=film)
        self.asked += 1
        self.paid += answer.paid
        return answer.release.lines[0].figures["people"]


def make_house(
    folder: Path, world: World, *, films: Sequence[str] = (TITLE,), policy: str = "", url: str = ""
) -> Context:
    """A house of a world with the default policy, and a tenant in it."""
    environment = {"FULLHOUSE_KEY": "0" * 64} | ({"FULLHOUSE_CONTROL": url} if url else {})
    house = replace(init_house(str(folder), environment=environment), day=DAY)
    traits = {name: set(people) for name, people in world.items() if name != "everyone"}
    write_house(house.lake, traits, set(world["everyone"]), as_of=DAY)
    house.place.write(HOUSE_FILE, (policy or template()).encode())
    tenants.add_tenant(house.control, TENANT)
    tenants.add_user(house.control, TENANT, "ann", "owner")
    for film in films:
        tenants.add_title(house.control, TENANT, film)
    return replace(house, tenant=TENANT, actor="ann")


# The attacks


def averaged(door: Door, rule: str, repeats: int) -> tuple[float, int]:
    """The mean of the same question asked again and again, and how many answers differed."""
    wordings = (rule, f"({rule})", f"!!({rule})", f"({rule}) & everyone", f"({rule}) | ({rule})")
    shown = [door.count(wordings[n % len(wordings)]) or 0.0 for n in range(repeats)]
    return float(np.mean(shown)), len(set(shown))


def differences(door: Door, sets: Sequence[str], target: str) -> Floats:
    """For each set, its count less the count without the target: 1 if the target is in it."""
    return np.array(
        [(door.count(name) or 0.0) - (door.count(f"{name} & !{target}") or 0.0) for name in sets]
    )


def tracked(door: Door, sets: Sequence[str], target: str, secret: str) -> Floats:
    """Denning's tracker: whether the target has a secret, from counts that all are large.

    count(target & secret) is never asked for. It is count(set & secret | target & secret), less
    count(set & secret), where the set is known to be without the target.
    """
    inside = [f"({s} - {target}) & {secret}" for s in sets]
    padded = [f"(({s} - {target}) | {target}) & {secret}" for s in sets]
    pairs = zip(padded, inside, strict=True)
    return np.array([(door.count(a) or 0.0) - (door.count(b) or 0.0) for a, b in pairs])


def reconstructed(answers: Floats, members: Flags) -> Flags:
    """The secret bit of each person that fits the answers best: a linear program by HiGHS.

    `members` says of each question which people it is about. Minimised is the sum of what the
    answers miss, as Dinur and Nissim (PODS 2003) and Dwork, McSherry and Talwar (STOC 2007) do.
    """
    questions, people = members.shape
    rows = sparse.csr_array(members.astype(float))
    eye = sparse.eye_array(questions, format="csr")
    inequalities = sparse.vstack([sparse.hstack([rows, -eye]), sparse.hstack([-rows, -eye])])
    solved = linprog(
        np.concatenate([np.zeros(people), np.ones(questions)]),
        A_ub=inequalities,
        b_ub=np.concatenate([answers, -answers]),
        bounds=[(0, 1)] * people + [(0, None)] * questions,
        method="highs",
    )
    return np.asarray(solved.x[:people] > 0.5)


def subsets(people: int, questions: int, seed: int) -> Flags:
    """For each question a random half of the people."""
    return np.random.default_rng(seed).random((questions, people)) < 0.5


def auc(with_target: Sequence[float] | Floats, without: Sequence[float] | Floats) -> float:
    """How often a number from the world with the target is above one without it; ties half."""
    statistic = mannwhitneyu(with_target, without).statistic
    return float(statistic / (len(with_target) * len(without)))


def raced(ask: Callable[[int], object], many: int) -> tuple[int, int]:
    """How many of some requests at once were answered, and how many refused."""
    outcomes: list[bool] = []
    lock = Lock()

    def one(n: int) -> None:
        try:
            ask(n)
            answered = True
        except BudgetError:
            answered = False
        with lock:
            outcomes.append(answered)

    threads = [Thread(target=one, args=(n,)) for n in range(many)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(outcomes), len(outcomes) - sum(outcomes)


def told_apart(first: Sequence[float], second: Sequence[float]) -> float:
    """The chance of timings as different as these if both were of one kind (Mann-Whitney)."""
    return float(mannwhitneyu(first, second).pvalue)


# Worlds


def world_of(traits: Mapping[str, Flags]) -> World:
    """Traits as sets of people, who are numbered from 0."""
    people = len(next(iter(traits.values())))
    sets = {name: frozenset(np.nonzero(mask)[0].tolist()) for name, mask in traits.items()}
    return {"everyone": frozenset(range(people))} | sets


def secret_world(
    people: int, questions: int, *, seed: int = 3, base: float = 0.275
) -> tuple[World, Flags, Flags]:
    """Some people with a secret bit and traits of random halves; the bits; and the halves."""
    bits = np.random.default_rng(seed).random(people) < base
    halves = subsets(people, questions, seed + 1)
    traits = {f"buys:q{n}": half for n, half in enumerate(halves)}
    return world_of(traits | {"buys:secret": bits}), bits, halves


def target_world(sets: int, *, seed: int = 7, people: int = 4_000) -> tuple[World, Flags]:
    """Sets of 1,000 people, half of which hold the target, person 0; and which those are."""
    draw = np.random.default_rng(seed)
    holds = draw.random(sets) < 0.5
    traits: dict[str, Flags] = {}
    for n in range(sets):
        members = np.zeros(people, bool)
        members[1 + draw.permutation(people - 1)[: 1_000 - int(holds[n])]] = True
        members[0] = holds[n]
        traits[f"buys:s{n}"] = members
    target = np.zeros(people, bool)
    target[0] = True
    return world_of(traits | {"buys:target": target}), holds


def _people(rule: Rule, world: World) -> frozenset[int]:
    match rule:
        case Name(text):
            names = [n for n in world if n == text or n.partition(":")[2] == text]
            return world[names[0]]
        case Not(part):
            return world["everyone"] - _people(part, world)
        case And(parts):
            return frozenset.intersection(*(_people(p, world) for p in parts))
        case Or(parts):
            return frozenset.union(*(_people(p, world) for p in parts))
        case Everyone():
            return world["everyone"]
    raise TypeError(rule)


# Figures


def all_answers(door: Door, questions: int) -> Floats:
    """The answers to as many questions of a secret world as the door gives."""
    shown: list[float] = []
    with suppress(RefusedError):
        for n in range(questions):
            value = door.count(f"q{n} & secret")
            shown.append(float(MINIMUM) / 2 if value is None else value)
    return np.array(shown)


def share_right(answers: Floats, halves: Flags, bits: Flags) -> float:
    """The share of people whose bit a reconstruction from some answers gets right."""
    guessed = reconstructed(answers, halves[: len(answers)])
    return float(np.mean(guessed == bits))


def paid_answers(bits: Flags, halves: Flags, rho: int) -> Floats:
    """Answers with the product's noise when a budget is spread evenly over all questions."""
    exact = (halves & bits).sum(axis=1).astype(np.int64)
    return noise.noisy_vector(exact, rho // len(exact), 1.0).astype(np.float64)


def with_and_without(rho: int, runs: int = 20_000) -> float:
    """The AUC of telling 1,000 people from 999 when a budget is put on that one question."""
    ones = noise.noisy_vector(np.full(runs, 1_000), rho, 1.0)
    others = noise.noisy_vector(np.full(runs, 999), rho, 1.0)
    return auc(ones.tolist(), others.tolist())


def best_auc(rho: int) -> float:
    """The highest AUC that any attack on one person can have at a price: Φ(√ρ)."""
    return 0.5 * (1 + erf(sqrt(rho / NANO) / sqrt(2)))


def reconstruction() -> Iterator[tuple[str, str, str]]:
    """Lines of the table on linear reconstruction of 200 people."""
    people, questions = 200, 1_600
    world, bits, halves = secret_world(people, questions)
    base = max(bits.mean(), 1 - bits.mean())
    yield "reconstruction: guessing the majority", f"{base:.1%}", "-"
    doors: dict[str, Door] = {
        "minimum of 10 only": Exact(world, 10),
        "rounded to tens": Rounded(world, 10),
        "noise of 5, no ledger": Unpaid(world, 5.0),
    }
    for name, door in doors.items():
        right = share_right(all_answers(door, questions), halves, bits)
        yield f"reconstruction: {name}", f"{right:.1%}", "control"
    for name, rho in (("a title's plan", PLAN), ("all of a tenant's", ALL)):
        right = share_right(paid_answers(bits, halves, rho), halves, bits)
        yield f"reconstruction: ρ {rho / NANO:g} ({name})", f"{right:.1%}", "door"
    with TemporaryDirectory() as folder:
        few, bits, halves = secret_world(people, 300)
        with make_house(Path(folder) / "house", few) as context:
            right = share_right(all_answers(Gate(context), 300), halves, bits)
    yield "reconstruction: the gate itself, 300 questions", f"{right:.1%}", "door"


def one_person() -> Iterator[tuple[str, str, str]]:
    """Lines of the table on one person among a thousand."""
    sets = 100
    world, holds = target_world(sets)
    names = [f"s{n}" for n in range(sets)]
    exact = differences(Exact(world), names, "target")
    yield (
        "differencing 1,000 and 999: exact counts",
        f"AUC {auc(*_split(exact, holds)):.2f}",
        "control",
    )
    with TemporaryDirectory() as folder, make_house(Path(folder) / "house", world) as context:
        shown = differences(Gate(context), names, "target")
    yield "differencing 1,000 and 999: gate", f"AUC {auc(*_split(shown, holds)):.2f}", "door"
    for name, rho in (("one count", 50_000), ("a title's plan", PLAN), ("a tenant's all", ALL)):
        measured = with_and_without(rho)
        yield f"membership by counts, {name}", f"AUC {measured:.3f}", f"at most {best_auc(rho):.3f}"


def _split(values: Floats, holds: Flags) -> tuple[Floats, Floats]:
    return values[holds], values[~holds]


@dataclass(frozen=True)
class Target:
    """A small house, and the person in it with most traits, whom an attacker knows all of."""

    block: PersonRows
    place: int
    traits: frozenset[int]
    sizes: TraitSizes

    def house(self, *, inside: bool) -> PersonRows:
        """The house with the target in the film's audience, or without the target."""
        block, at = self.block, self.place
        if inside:
            seed = np.asarray(block.seed).copy()
            seed[at] = True
            return replace(block, seed=seed)
        first, last = int(block.offsets[at]), int(block.offsets[at + 1])
        offsets = np.delete(np.asarray(block.offsets), at)
        offsets[at:] -= last - first
        return PersonRows(
            np.delete(np.asarray(block.strata), at),
            offsets,
            np.delete(np.asarray(block.columns), slice(first, last)),
            np.delete(np.asarray(block.seed), at),
        )

    def scores(self, rho: int, runs: int, *, inside: bool) -> list[float]:
        """How strongly cards that were released speak of the target's traits, run after run."""
        people = source((self.house(inside=inside),))
        return [
            sum(c.z + 0.5 for c in discover_privately(people, self.sizes, rho).measured
                if c.column in self.traits)
            for _ in range(runs)
        ]  # fmt: skip


def target_of_cards(people: int = 4_000, traits: int = 120) -> Target:
    """A simulated house whose sizes are public, with an audience of one in twenty."""
    draw_from = np.random.default_rng(5)
    house = simulate(people, draw_from, traits=traits, activity=0.12)
    names = tuple(f"f:{n}" for n in range(traits))
    sizes = measure_sizes(source(house.blocks), names, 10, pairs_nano=None, most_traits=20)
    (block,) = draw(house, chances(house, 0.05), draw_from)
    place = int(np.argmax(block.held))
    held = block.columns[block.offsets[place] : block.offsets[place + 1]]
    return Target(block, place, frozenset(held.tolist()), sizes)


def membership_by_cards(rho: int, runs: int) -> float:
    """The AUC of telling by a film's cards whether the target is among its audience."""
    target = target_of_cards()
    sides = (target.scores(rho, runs, inside=True), target.scores(rho, runs, inside=False))
    return auc(*sides)


def by_cards() -> Iterator[tuple[str, str, str]]:
    """Lines of the table on one person in a film's cards."""
    exact = membership_by_cards(noise.nano(200), 60)
    yield "membership by cards, no noise to speak of", f"AUC {exact:.2f}", "control"
    rho = noise.nano(0.02)
    shown = membership_by_cards(rho, 400)
    yield "membership by cards, ρ 0.02", f"AUC {shown:.2f}", f"at most {best_auc(rho):.3f}"


def repeats() -> Iterator[tuple[str, str, str]]:
    """Lines of the table on the same question 10,000 times."""
    world, _ = target_world(1)
    mean, differing = averaged(Unpaid(world), "s0", 10_000)
    yield "averaging 10,000 repeats: no ledger", f"off by {abs(mean - 1_000):.1f}", "control"
    with TemporaryDirectory() as folder, make_house(Path(folder) / "house", world) as context:
        door = Gate(context)
        mean, differing = averaged(door, "s0", 10_000)
    words = f"{differing} answer, off by {abs(mean - 1_000):.0f}, paid {door.paid} nano-ρ"
    yield "averaging 10,000 repeats: gate", words, "door"


def main() -> None:
    """Print what each attack learns, at the door and without its protection."""
    print(f"Taken on {machine()}.\n")
    rows: list[tuple[str, str, str]] = []
    for attack in (repeats, one_person, by_cards, reconstruction):
        rows += attack()
    print(table(("attack", "what it learns", "where"), rows))


if __name__ == "__main__":
    main()
