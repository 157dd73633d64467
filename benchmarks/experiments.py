"""What the readers of experiments find on real ones, beside what is published or in theory.

FULLHOUSE_DATA=... python -m benchmarks.experiments
"""

import numpy as np

from benchmarks.aa_runs import geo_panel
from benchmarks.measure import data_folder, table
from fullhouse.core.arrays import Floats
from fullhouse.measurement import (
    Readout,
    read_experiment,
    read_geo,
    read_uplift,
)
from fullhouse.stats.arms import adjusted, adjustment, joint, stratified, sums
from fullhouse.stats.figures import Interval
from fullhouse.stats.sample_ratio import lost_people, sample_ratio
from fullhouse.view.words.readout import effect_sentences, geo_sentences, uplift_sentence

CONTROL, ARMS = "No E-Mail", ("Mens E-Mail", "Womens E-Mail")
COVARIATES = ("recency", "history", "mens", "womens", "newbie", "zip_code", "channel")
"""`history_segment` is left out: it is `history` in bands."""


def hillstrom(covariates: tuple[str, ...] = ()) -> Readout:
    """The readout of the e-mail experiment."""
    return read_experiment(
        data_folder() / "hillstrom" / "hillstrom.csv",
        arm="segment",
        control=CONTROL,
        outcomes=["visit", "conversion", "spend"],
        covariates=covariates,
        shares={CONTROL: 1, **dict.fromkeys(ARMS, 1)},
        intended=64_000,
    )


def effects(plain: Readout, adjusted_one: Readout) -> list[tuple[object, ...]]:
    """A row for each arm and outcome."""
    rows: list[tuple[object, ...]] = []
    for effect in plain.effects:
        other = adjusted_one.effect(effect.arm, effect.outcome)
        cuped = other.cuped
        always = effect.always_valid
        times = 100.0 if effect.yes_or_no else 1.0
        rows.append(
            (
                effect.arm,
                f"{effect.outcome}{', points' if effect.yes_or_no else ', $'}",
                _range(effect.effect.value, effect.effect.low, effect.effect.high, times),
                _range(other.effect.value, other.effect.low, other.effect.high, times),
                f"{cuped.width:.4f}" if cuped else "",
                f"{cuped.theory:.4f}" if cuped else "",
                f"{times * always.low:.2f} to {times * always.high:.2f}" if always else "",
                f"{effect.holm_p:.1g}",
            )
        )
    return rows


def narrowing(seed: int = 1, people: int = 20_000) -> list[tuple[object, ...]]:
    """What CUPED keeps of the interval's width where rho is known."""
    rows: list[tuple[object, ...]] = []
    for rho in (0.3, 0.5, 0.7, 0.9):
        rng = np.random.default_rng(seed)
        before = rng.normal(size=people)
        y = rho * before + (1 - rho**2) ** 0.5 * rng.normal(size=people)
        arm = rng.random(people) < 0.5
        values = np.column_stack([y, before])
        cells = [joint(values[arm]), joint(values[~arm])]
        by = adjustment(cells)
        adjusted_effect = stratified(
            [adjusted(cells[0], by)], [adjusted(cells[1], by)], fitted=by.rank
        )
        plain = stratified([sums(y[arm])], [sums(y[~arm])])
        kept = (adjusted_effect.high - adjusted_effect.low) / (plain.high - plain.low)
        rows.append((rho, f"{kept:.4f}", f"{(1 - rho**2) ** 0.5:.4f}"))
    return rows


def alarms(seed: int = 1, runs: int = 1000) -> list[tuple[object, ...]]:
    """How often the loss of 1 % of one arm is caught, of 200,000 people assigned by lot."""
    rng = np.random.default_rng(seed)
    rows: list[tuple[object, ...]] = []
    for loss in (0.0, 0.01):
        caught = np.zeros(2)
        for _ in range(runs):
            assigned = [int(x) for x in rng.multinomial(200_000, [0.5, 0.5])]
            seen = [assigned[0], int(rng.binomial(assigned[1], 1 - loss))]
            made = sample_ratio(seen, [1, 1]), lost_people(assigned, seen)
            caught += [not check.passed for check in made]
        rows.append((f"{100 * loss:.0f} %", runs, *(f"{100 * c / runs:.1f} %" for c in caught)))
    return rows


def shuffled_days(own: Floats, predicted: Floats, start: int, seed: int = 1) -> float:
    """The p of GeoLift's test if days were exchangeable, as the walkthrough takes them."""
    rng = np.random.default_rng(seed)
    gap = own - predicted
    left = gap - gap[:start].mean()
    seen = abs(left[start:].sum())
    drawn = [abs(rng.permutation(left)[start:].sum()) for _ in range(2000)]
    return float((1 + sum(d >= seen for d in drawn)) / 2001)


def main() -> None:
    plain, adjusted_one = hillstrom(), hillstrom(COVARIATES)
    columns = ("arm", "outcome", "effect (95 %)", "CUPED (95 %)", "width kept", "theory")
    rows = effects(plain, adjusted_one)
    print(table((*columns, "looked at daily", "Holm's p"), rows))
    print("\nPublished: visits +7.66 and +4.52 points.\n")
    for arm in ARMS:
        print(" ".join(effect_sentences(plain.effect(arm, "visit"))))
    print("\n" + table(("rho, made up", "width kept", "root of 1 - rho²"), narrowing()))
    heads = ("lost of one arm of 100,000", "runs", "counts alone", "against the log")
    print("\n" + table(heads, alarms()))
    print("\n" + table(("e-mail", "Qini", "propensity", "gain", "splits", "proven"), uplifts()))
    geo()


def uplifts(seed: int = 0) -> list[tuple[object, ...]]:
    """Both e-mails: 10 repeats of 5-fold cross-fitting, 50 held-out Qinis each."""
    rows: list[tuple[object, ...]] = []
    for arm in ARMS:
        uplift = read_uplift(
            data_folder() / "hillstrom" / "hillstrom.csv",
            arm="segment",
            treated=arm,
            control=CONTROL,
            outcome="visit",
            covariates=COVARIATES,
            seed=seed,
        )
        print("\n" + uplift_sentence(uplift))
        ranges = [_interval(x) for x in (uplift.qini, uplift.propensity, uplift.gain)]
        rows.append((arm, *ranges, uplift.splits, "yes" if uplift.proven else "no"))
    return rows


def geo() -> None:
    """GeoLift's own test: published 5.4 %, 4,667 units, p about .01."""
    panel = geo_panel("GeoLift_Test.csv")
    rows = []
    for level in (0.9, 0.95):
        effect = read_geo(
            data_folder() / "geo_experiments" / "GeoLift_Test.csv",
            city="location",
            day="date",
            value="Y",
            treated=["chicago", "portland"],
            start=panel.days[90],
            end=panel.days[104],
            level=level,
        )
        units, share = effect.units, effect.relative
        rows.append(
            (
                f"{100 * level:.0f} %",
                f"{units.value:,.0f} ({units.low:,.0f} to {units.high:,.0f})",
                f"{100 * share.value:.1f} ({100 * share.low:.1f} to {100 * share.high:.1f})",
                f"{effect.p:.3f}",
                f"{effect.p_cities:.3f}",
                "yes" if units.low <= 4667 <= units.high else "no",
            )
        )
        print("\n" + " ".join(geo_sentences(effect)))
    columns = ("level", "units", "%", "p in time", "p in space", "holds the published 4,667")
    print("\n" + table(columns, rows))
    cities = list(panel.cities)
    own = panel.values[[cities.index(c) for c in effect.treated]].sum(0)
    weights = np.array([effect.weights.get(c, 0.0) for c in cities])
    base = panel.values / panel.values[:, :90].mean(1, keepdims=True)
    p = shuffled_days(own / own[:90].mean(), weights @ base / weights.sum(), 90)
    print(f"\nIf days were exchangeable, which they are not: p = {p:.4f}.")


def _range(value: float, low: float, high: float, times: float) -> str:
    return f"{times * value:.2f} ({times * low:.2f} to {times * high:.2f})"


def _interval(interval: Interval) -> str:
    return f"{interval.value:.4f} ({interval.low:.4f} to {interval.high:.4f})"


if __name__ == "__main__":
    main()
