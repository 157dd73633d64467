"""Readouts in plain sentences: what was brought, how sure that is, and what cannot be told."""

from math import isinf

from fullhouse.measurement.experiment import ArmEffect, Readout
from fullhouse.measurement.geo import GeoReadout
from fullhouse.measurement.uplift import Uplift
from fullhouse.stats.figures import Interval


def say_readout(readout: Readout) -> list[str]:
    """One sentence an effect, then checks and what was not checked."""
    said = [sentence for effect in readout.effects for sentence in say_effect(effect)]
    said += [f"Check passed: {c.name} (p = {_p(c.p)})." for c in readout.checks]
    return [*said, *readout.notes]


def say_effect(effect: ArmEffect) -> list[str]:
    """What an arm brought, or that the data cannot tell; then companions and unknowns."""
    found, per, times = effect.effect, *_unit(effect)
    low, high, value = (times * x for x in (found.low, found.high, found.value))
    surety = f"at {100 * found.level:g} %"
    name, what = f"The arm {effect.arm!r}", effect.outcome
    if effect.proven:
        way, sign = ("more", 1) if value > 0 else ("less", -1)
        ends = sorted((sign * low, sign * high))
        said = [
            f"{name} brought {abs(value):.3g} {way} {what} {per} than {effect.control!r}"
            f" ({ends[0]:.3g} to {ends[1]:.3g} {surety})."
        ]
    else:
        said = [
            f"The data cannot tell whether {name[0].lower()}{name[1:]} changed {what}: between"
            f" {low:.3g} and {high:.3g} {per} {surety}"
            + (
                f" alone, but not over all comparisons made (p = {_p(effect.holm_p)})."
                if low > 0 or high < 0
                else "."
            )
        ]
    return said + _companions(effect, per, times) + list(effect.unknown)


def say_geo(readout: GeoReadout) -> list[str]:
    """What the cities sold more, or that the data cannot tell."""
    u, r, cities = readout.units, readout.relative, " and ".join(readout.treated)
    ends = (
        f"{u.low:,.0f} to {u.high:,.0f}, {100 * r.low:.1f} % to {100 * r.high:.1f} %,"
        f" at {100 * readout.level:g} %"
    )
    best = f"{u.value:,.0f} {readout.value} ({100 * r.value:.1f} %)"
    tests = (
        f"Moved in time p = {_p(readout.p)}; moved to {readout.placebos} other sets of cities"
        f" p = {_p(readout.p_cities)}."
    )
    if readout.proven:
        return [f"The campaign brought {best} in {cities} ({ends}).", tests]
    return [
        f"The data cannot tell whether the campaign changed anything in {cities}: most likely"
        f" {best}, but {ends}.",
        tests,
    ]


def say_uplift(found: Uplift) -> str:
    """Whether a difference between people is proven."""
    q, gain = found.qini, found.gain
    figures = (
        f"Qini {q.value:.3f} ({q.low:.3f} to {q.high:.3f}) on held-out people,"
        f" {gain.value:+.3f} ({gain.low:+.3f} to {gain.high:+.3f}) against propensity alone"
    )
    if found.proven:
        return f"People differ in what {found.arm!r} changes in {found.outcome}: {figures}."
    return f"No difference between people proven for {found.arm!r} in {found.outcome}: {figures}."


def _companions(effect: ArmEffect, per: str, times: float) -> list[str]:
    said = []
    if effect.relative is not None:
        said.append(f"That is {_range(effect.relative, 100, ' %')} of the control's.")
    if effect.cuped is not None:
        c = effect.cuped
        said.append(
            f"Covariates explain {100 * c.rho2:.1f} % of the variance: the interval kept"
            f" {100 * c.width:.1f} % of its width (theory {100 * c.theory:.1f} %)."
        )
    if effect.always_valid is not None:
        a = effect.always_valid
        said.append(
            f"Looked at daily: {times * a.low:.3g} to {times * a.high:.3g} {per}"
            f" ({100 * a.share:.0f} % of what was intended)."
        )
    if effect.capped is not None:
        k, e = effect.capped, effect.capped.effect
        said.append(
            f"With each person capped at {k.cap:,.6g} ({k.above:,} were above):"
            f" {times * e.value:.3g} {per} ({times * e.low:.3g} to {times * e.high:.3g})."
        )
    if effect.cost_each is not None:
        said.append(f"What was won cost {_range(effect.cost_each, 1, '')} each.")
    if effect.return_on_spend is not None:
        said.append(
            f"A unit of money spent brought {_range(effect.return_on_spend, 1, '')}"
            f" {effect.outcome}."
        )
    return said


def _unit(effect: ArmEffect) -> tuple[str, float]:
    return ("per 100 people", 100.0) if effect.yes_or_no else ("a person", 1.0)


def _range(found: Interval, times: float, unit: str) -> str:
    high = "no upper end" if isinf(found.high) else f"{times * found.high:,.3g}{unit}"
    return f"{times * found.value:,.3g}{unit} ({times * found.low:,.3g}{unit} to {high})"


def _p(p: float) -> str:
    return "below .001" if p < 0.001 else f"{p:.3f}"
