"""What is released, its price and its budget, in words; and what a policy allows."""

from collections.abc import Iterator, Sequence

from fullhouse.cleanroom.policy import KindFacts, PolicyFacts
from fullhouse.cleanroom.release import (
    NANO,
    Answer,
    BudgetLeft,
    Note,
    Price,
    Release,
    ReleasedNumber,
    RuleSizes,
)
from fullhouse.view.words.figures import plain, text

KIND_WORDS = {
    "count": "how many people are in an audience",
    "breakdown": "an audience by age, city or another family of traits",
    "describe": "what is typical of an audience",
    "overlap": "how audiences overlap",
    "reach": "how many people a campaign reached, and how often",
    "cards": "audience cards of a film",
    "readout": "what a campaign changed",
    "tickets": "tickets of an audience by city",
    "match": "how many of a list's people the house knows",
}
NO_WIDTH = ("cards", "readout")
"""Answers of many numbers, of which the width of one number says nothing."""
SCOPE_WORDS = {
    "tenant": "your account",
    "title": "your title",
    "stage": "this stage of your title",
    "campaign": "this campaign",
    "together": "all tenants together",
}
_TOO_SMALL = (
    "About {seed} people want it: too few to show an audience that is {ratio} times likelier. It"
    " would take about {seed_needed} of them, or a house of about {people_needed} people"
)
NOTE_WORDS = {
    "arm_too_noisy": (
        "Too few people are {arm} to compare them under noise; from {needed} on it can be done."
    ),
    "drawn_by_household": (
        "Chance was drawn for households; the ranges take people one by one and may be a little"
        " narrow."
    ),
    "cannot_tell": "The data do not answer this question.",
    "no_cards": "No audience stands out of the {tested} that were compared.",
    "least_affinity": (
        "An audience of one in {one_in} people is likely to be shown here from about {ratio} times"
        " as likely as others on; a weaker one can stay unseen."
    ),
    "nothing_has_power": "So few people want it that no audience could stand out.",
    "consent_not_counted": (
        "Who takes part in advertising is not counted here: a launch leaves all others out."
    ),
    "expected_from_interest": (
        "Without a forecast in tickets, as many people are expected to buy one anyway as want it;"
        " give the price of a ticket and the house's share of sales to have it from the forecast."
    ),
    "fits_other_counts": (
        "Adjusted to counts that you were given before: part of an audience is no larger than all"
        " of it."
    ),
    "plan_from_releases": (
        "Computed from your released cards and the free table of sizes, with their noise in the"
        " ranges; traits count as independent among people who are equally active."
    ),
    "ratios_look_high": (
        "So few people want it that the affinities which pass are too high on average; from"
        " {enough} people on they are not."
    ),
    "seed_too_small": _TOO_SMALL + "; no price would do.",
    "seed_too_small_at_price": _TOO_SMALL + ", or a price of {rho_needed} ρ.",
    "signals_left_out": (
        "Without the house's own signals of interest ({kinds}): they count its people."
    ),
    "traits_clamped": (
        "Whoever has more traits than the house lets one person count for, counts for each in a"
        " part: shares of common traits may be a little low."
    ),
}
KEY_WORDS = {
    "allow.kinds": "the kinds of questions that are allowed",
    "sensitive.families": "families of traits that nobody may ask about",
    "sensitive.traits": "traits that nobody may ask about",
}


def note_words(note: Note) -> str:
    """What a reader must know of a release."""
    facts = {
        name: plain(float(f"{value:.2g}"))
        if name.endswith("_needed") and isinstance(value, int)
        else _fact(value)
        for name, value in note.facts.items()
    }
    return text(NOTE_WORDS[note.code], **facts)


def _fact(value: float | str | None) -> str:
    return plain(value) if isinstance(value, int | float) else str(value)


def rho_words(nano: int) -> str:
    """A price or budget as a decimal number.

    >>> rho_words(50_000), rho_words(0), rho_words(2_000_000_000)
    ('0.00005', '0', '2')
    """
    return f"{nano // NANO}.{nano % NANO:09d}".rstrip("0").rstrip(".")


def figure_words(figure: ReleasedNumber) -> str:
    """A released number with its 95 % interval."""
    if figure.value is None or figure.low is None or figure.high is None:
        return str(figure)
    if figure.unit in ("ratio", "index", "share"):
        return f"{figure.value:,.3g} ({figure.low:,.3g} to {figure.high:,.3g})"
    return f"{figure.value:,.0f} ({figure.low:,.0f} to {figure.high:,.0f})"


def release_table(release: Release) -> tuple[list[tuple[str, ...]], tuple[str, ...]]:
    """The lines of a release as rows with their head."""
    of = list(dict.fromkeys(name for line in release.lines for name in line.of))
    names = list(dict.fromkeys(name for line in release.lines for name in line.figures))
    rows = [
        (
            *(line.of.get(name, "") for name in of),
            *(figure_words(line.figures[n]) if n in line.figures else "" for n in names),
        )
        for line in release.lines
    ]
    head = (*(n.replace("_", " ") for n in of), *(f"{n.replace('_', ' ')} (95 %)" for n in names))
    return rows, head


def answer_sentences(answer: Answer, *, tenant: str) -> Iterator[str]:
    """What an answer to a tenant rests on, what it cost, and what is left."""
    release = answer.release
    for note in release.notes:
        yield note_words(note)
    if release.noise:
        yield text(
            "Every number holds noise, so that no person can be found in it; 95 times of 100 the"
            " truth lies in the range."
        )
    day = release.data.get("as_of", "")
    if "build" in release.data:
        yield text("Traits as of {day} (build {build}).", day=day, build=release.data["build"])
    if answer.paid:
        yield text("This cost {paid} ρ.", paid=rho_words(answer.paid))
    else:
        yield text("You had this answer already: it cost nothing.")
    yield from budget_sentences(answer.left)
    yield text(
        "Receipt: fullhouse log receipt {entry} --as {tenant}",
        entry=str(answer.receipt["position"]), tenant=tenant,
    )  # fmt: skip


def price_sentences(price: Price) -> Iterator[str]:
    """What a question would cost, how wide its answer will be, and what would be left."""
    if price.answered:
        yield text("You have this answer: it costs nothing.")
    elif price.kind in NO_WIDTH:
        yield text("It would cost {rho} ρ.", rho=rho_words(price.rho))
    else:
        yield text(
            "It would cost {rho} ρ and give a number of people to ±{width} (95 %, noise alone).",
            rho=rho_words(price.rho),
            width=plain(float(f"{price.half_width:.2g}")),
        )
    yield from budget_sentences(price.budgets, minus=price.rho)
    if not price.affordable:
        yield text("That is more than is left until {ends}.", ends=price.epoch_ends)


def sizes_sentences(sizes: RuleSizes) -> Iterator[str]:
    """What free sizes rest on, and what an exact figure would cost instead."""
    yield text(
        "Free, from the table of sizes as of {day} (build {build}): the truth lies within the"
        " bounds, however traits go together.",
        day=sizes.as_of.isoformat(), build=plain(sizes.build),
    )  # fmt: skip
    yield text(
        "A count to ±{width} (95 %) costs {rho} ρ: fullhouse audience count",
        width=plain(float(f"{sizes.half_width:.2g}")), rho=rho_words(sizes.count_rho),
    )  # fmt: skip


def budget_sentences(budgets: Sequence[BudgetLeft], *, minus: int = 0) -> Iterator[str]:
    """What is left of each budget; with `minus`, before and after."""
    for budget in budgets:
        after = text(", {after} after", after=rho_words(max(budget.left - minus, 0)))
        yield text(
            "Left for {scope}{name}: {left} of {cap} ρ{after}.",
            scope=SCOPE_WORDS[budget.scope],
            name=f" ({budget.name})" if budget.name else "",
            left=rho_words(budget.left),
            cap=rho_words(budget.cap),
            after=after if minus else "",
        )


def policy_sentences(facts: PolicyFacts) -> Iterator[str]:
    """What a policy allows, in plain words."""
    if not facts.files:
        yield "There is no policy: nothing is allowed. Write one with: fullhouse policy check --new"
    else:
        yield text("Policy of {files}; the strictest wins.", files=", ".join(facts.files))
    allowed = [KIND_WORDS[k.kind] for k in facts.kinds if k.allowed]
    denied = [KIND_WORDS[k.kind] for k in facts.kinds if not k.allowed]
    yield text("Tenants may ask: {kinds}.", kinds="; ".join(allowed) or "nothing")
    if denied:
        yield text("They may not ask: {kinds}.", kinds="; ".join(denied))
    yield text(
        "A noisy number under {minimum} is said to be fewer than {minimum}.",
        minimum=plain(facts.minimum),
    )
    yield text(
        "Of one person count at most {traits} traits, {tickets} tickets, {money} of money,"
        " {cities} cities and {frequency} contacts.",
        **{name: plain(most) for name, most in facts.bounds.items()},
    )
    nobody = [*facts.sensitive_families, *facts.sensitive_traits]
    if nobody:
        yield text("Nobody may ask about: {nobody}.", nobody=", ".join(nobody))
    yield text(
        "Until {ends} a title may spend {title} ρ, a tenant {tenant}, all together {together}.",
        ends=facts.epoch.last.isoformat(),
        **{scope: rho_words(nano) for scope, nano in facts.budgets.items()},
    )
    stages = ", ".join(f"{stage} {rho_words(nano)}" for stage, nano in facts.stages.items())
    yield text("A title's stages: {stages}.", stages=stages)
    yield text("A list for a match needs {least} people.", least=plain(facts.match_minimum))


def policy_rows(facts: PolicyFacts) -> tuple[list[tuple[str, ...]], tuple[str, ...]]:
    """For each kind of question its price and how wide an answer will be, by the people in it."""
    rows = [_policy_row(kind) for kind in facts.kinds]
    head = ("question", "allowed", "ρ", "±", "of 10,000", "of 1 m", "of 100 m", "stage buys")
    return rows, head


def _policy_row(kind: KindFacts) -> tuple[str, ...]:
    widths = [_share(share) for share in kind.widths.values()] or ["-", "-", "-"]
    return (
        kind.kind,
        "yes" if kind.allowed else "no",
        rho_words(kind.rho),
        "-" if kind.half_width is None else f"{kind.half_width:,.0f}",
        *widths,
        f"{kind.questions_of_a_title:,}",
    )


def _share(share: float) -> str:
    return f"{100 * share:.2g} %" if share >= 0.0001 else "< 0.01 %"
