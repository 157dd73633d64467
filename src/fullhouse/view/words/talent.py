"""What names add to a gross, in words."""

from fullhouse.talent.effects import NameEffect, TalentEffects
from fullhouse.talent.fit import MOST_FILMS, NameFit, SetStep, TalentFit
from fullhouse.talent.rising import TOP, YEARS, RisingBook, RisingNames
from fullhouse.view.words.figures import day_words, number_words, share_words, text

ROLES = {
    "cast": "in the cast",
    "director": "as a director",
    "writer": "as a writer",
    "producer": "as a producer",
    "composer": "as a composer",
    "camera": "behind the camera",
    "editor": "as an editor",
}


def headline(effects: TalentEffects) -> str:
    """The one sentence: whether names improve a forecast beyond the budget."""
    check = effects.check
    if check is None:
        return text("There are too few later films to tell whether names add to a gross.")
    if not check.names_add:
        return text(
            "Beyond the budget, names tell little: on later films ({films}) they improved forecasts"
            " by no more than chance or names shuffled would.",
            films=f"{check.films:,}",
        )
    return text(
        "Names improved forecasts of later films ({films}) beyond budget, genre, month, series,"
        " which shuffled names did not.",
        films=f"{check.films:,}",
    )


def basis_words(effects: TalentEffects) -> list[str]:
    """What the figures rest on."""
    lines = []
    check = effects.check
    if check is not None:
        lines.append(
            text(
                "Of log gross {without} is accounted for without names, {own} with them, and"
                " {placebo} with names shuffled within year and budget third, on films of {first}"
                " to {last}, each year from the years before.",
                without=share(check.r2_without), own=share(check.r2_with),
                placebo=share(check.r2_placebo),
                first=day_words(check.first), last=day_words(check.last),
            )
        )  # fmt: skip
        lines.append(
            text(
                "The squared error fell by {gain} a film ({low} to {high} with 95 %); with names"
                " shuffled by {placebo} at most.",
                gain=small(check.gain), low=small(check.gain_low), high=small(check.gain_high),
                placebo=small(max(check.placebo_gains)),
            )
        )  # fmt: skip
    lines.append(
        text(
            "A factor is what goes with the name at the same budget, genre, month and series,"
            " drawn towards 1 as far as few films cannot tell; * where the 95 % range leaves out"
            " 1. It is an association, and no reason to cast. From {films} films.",
            films=f"{effects.films:,}",
        )
    )
    return lines + currency_words(effects.other_currency)


def currency_words(films: int) -> list[str]:
    """How many films are left out for their currency, where there are any."""
    if not films:
        return []
    return [
        text(
            "Left out, since their budget or gross is in another currency: {films} films.",
            films=f"{films:,}",
        )
    ]


def effect_words(name: str, effect: NameEffect) -> str:
    """A person's effect in one role."""
    values = {
        "name": name,
        "role": ROLES[effect.role],
        "films": f"{effect.films:,}",
        "factor": number_words(effect.factor),
        "low": number_words(effect.low),
        "high": number_words(effect.high),
        "placebo": number_words(effect.placebo),
    }
    if effect.clear:
        return text(
            "{name} {role}, {films} films: {factor} times what the budget would give (80 % range"
            " {low} to {high}; {placebo} with names shuffled).",
            **values,
        )
    return text(
        "{name} {role}, {films} films: no effect can be told, {factor} times (80 % range {low} to"
        " {high}; {placebo} with names shuffled).",
        **values,
    )


def share(value: float) -> str:
    """A share of variance to three digits."""
    return f"{100 * value:.1f} %"


def small(value: float) -> str:
    """A gain, which may be below 0."""
    return f"{value:.3f}"


def rising_headline(rising: RisingNames) -> str:
    """The one sentence: who is likeliest, or that the chances tell no more than gross so far."""
    first = rising.names[0] if rising.names else None
    if first is None:
        return text("There is no newcomer with one to three films.")
    if rising.check is not None and not rising.check.better:
        return text("In earlier years such chances told no more than the gross so far.")
    return text(
        "{name} is the likeliest of {people} newcomers to be among the top in {years} years: {p}.",
        name=first.name, people=f"{rising.people:,}", years=str(YEARS),
        p=share_words(first.probability),
    )  # fmt: skip


def rising_basis(rising: RisingNames) -> list[str]:
    """What the chances mean, and how such chances did."""
    lines = [
        text(
            "A chance is that of being, over the next {years} years, among the {top} of newcomers"
            " (one to three films of the catalogue so far) whose leading roles take most on"
            " average; films of a series in which they were before do not count.",
            years=str(YEARS), top=share_words(TOP),
        )
    ]  # fmt: skip
    check = rising.check
    if check is None:
        lines.append(text("Too few years are over, or too few rose, to tell how such chances did."))
        return lines + currency_words(rising.other_currency)
    lines.append(
        text(
            "Such chances made from {first} to {last} ranked {people} people with an area under the"
            " curve of {auc}; gross so far gave {popularity} (difference {low} to {high} with"
            " 95 %). {expected} were expected and {happened} happened; slope {slope}.",
            first=day_words(check.first), last=day_words(check.last), people=f"{check.people:,}",
            auc=small(check.auc), popularity=small(check.popularity),
            low=small(check.difference_low), high=small(check.difference_high),
            expected=share_words(check.expected), happened=share_words(check.happened),
            slope=number_words(check.slope),
        )
    )  # fmt: skip
    return lines + currency_words(rising.other_currency)


def book_words(book: RisingBook) -> str:
    """How many lists are scored and how many wait."""
    words = text(
        "Issued lists of rising names with an outcome: {scored}; waiting until {years} years are"
        " over: {waiting}.",
        scored=str(len(book.scores)), waiting=str(book.waiting), years=str(YEARS),
    )  # fmt: skip
    if book.unscored:
        words += " " + text(
            "Over, but of nobody in them is the outcome known here: {unscored}.",
            unscored=str(book.unscored),
        )
    return words


VERDICTS = {
    "adds": "adds",
    "no_more": "no more than others",
    "cannot_tell": "cannot tell",
}


def fit_headline(fit: TalentFit) -> str:
    """The one sentence: whose audience adds most, that nobody's does, or that nobody can tell."""
    values = {"title": fit.title, "names": f"{len(fit.names):,}"}
    if not any(n.verdict != "cannot_tell" for n in fit.names):
        return text(
            "Of no name can be told whether its audience adds to that of {title}.", **values
        )
    first = next(iter(fit.adding), None)
    if first is None:
        return text(
            "No name's audience can be shown to add to that of {title}: its fans saw films of the"
            " genre no more than fans of other films as large did.",
            **values,
        )
    return text(
        "{first} adds most to the audience of {title}: {people} fans beyond its usual audience,"
        " about {extra} more ticket buyers than as many fans of other films would be (95 % range"
        " for a new film {low} to {high}).",
        first=first.name,
        people=f"{first.beyond:,}",
        extra=whole(first.extra),
        low=whole(first.extra_low),
        high=whole(first.extra_high),
        **values,
    )


def set_words(fit: TalentFit) -> list[str]:
    """What the chosen set brings, and how far the best set may be from it."""
    chosen = fit.chosen
    lines = []
    if chosen.steps:
        values = {
            "names": ", ".join(s.name for s in chosen.steps),
            "people": f"{chosen.people:,}",
            "most": f"{chosen.at_most:,}",
            "bound": share_words(chosen.bound),
        }
        together = text(
            "{names}: {people} people beyond the usual audience, each counted once. No set that can"
            " be had here brings more than {most}; such a choice has at least {bound} of the best.",
            **values,
        )
        if chosen.budget is not None:
            together = text(
                "For {cost} of {budget}: {set}",
                cost=f"{chosen.cost or 0:,.0f}",
                budget=f"{chosen.budget:,.0f}",
                set=together,
            )
        lines.append(together)
    elif fit.adding:
        lines.append(text("No name that adds can be had for the budget."))
    else:
        lines.append(text("So no set of names is chosen."))
    if fit.without_cost:
        lines.append(
            text("Names that add but have no cost: {count}.", count=f"{fit.without_cost:,}")
        )
    if fit.unknown_costs:
        lines.append(
            text("Costs of names that nobody here has: {count}.", count=f"{fit.unknown_costs:,}")
        )
    return lines


def fit_basis(fit: TalentFit) -> list[str]:
    """What the figures mean and rest on."""
    lines = [
        text(
            "Fans are people of the house who saw, searched for or marked a film with the name"
            " among the first three of the cast or as the director. The usual audience of {title}"
            " ({usual} of {people} people) are fans of its genre, of its series and its own names,"
            " core moviegoers, and whoever showed interest in it. Extra buyers are those beyond it"
            " at a film that sells as the genre's do, above what fans of anything as large give.",
            title=fit.title, usual=f"{fit.usual_audience:,}", people=f"{fit.people:,}",
        ),
        text(
            "Affinity compares fans with people who saw as many other films, and as many other"
            " films of the genre, on the latest {most} of {films} films of the genre, the name's"
            " own apart. With people drawn alike in place of the fans it is {placebo} on average;"
            " shuffled is what fans of other films of like year, size and genre give. A name adds"
            " where it is above that by more than chance: of those that add, about one in twenty"
            " is there by chance.",
            most=f"{min(MOST_FILMS, fit.genre_films)}",
            films=f"{fit.genre_films:,}",
            placebo="-" if fit.placebo is None else number_words(fit.placebo),
        ),
        text(
            "It is an association in what people did before, and no reason to cast or not to cast"
            " anybody."
        ),
    ]  # fmt: skip
    if fit.not_shuffled:
        lines.append(
            text(
                "Names that cannot be shuffled, since no other film is like theirs: {names}. They"
                " are compared with the shuffled films of the others.",
                names=f"{fit.not_shuffled:,}",
            )
        )
    return lines


def fit_cells(n: NameFit) -> tuple[str, ...]:
    """A name as a row of a table."""
    affinity = "-" if n.affinity is None else number_words(n.affinity)
    low_high = "-"
    if n.low is not None and n.high is not None:
        low_high = f"{number_words(n.low)}-{number_words(n.high)}"
    extra_range = "-" if n.extra is None else f"{whole(n.extra_low)} to {whole(n.extra_high)}"
    return (
        n.name,
        f"{n.fans:,}",
        f"{n.beyond:,}",
        affinity,
        low_high,
        "-" if n.shuffled is None else number_words(n.shuffled),
        "-" if n.extra is None else whole(n.extra),
        extra_range,
        VERDICTS[n.verdict],
    )


FIT_COLUMNS = (
    "name", "fans", "beyond", "affinity", "95 % range", "shuffled", "extra buyers",
    "95 % range of a new film", "",
)  # fmt: skip


def step_cells(step: SetStep) -> tuple[str, ...]:
    """A step of the set as a row of a table."""
    return (
        step.name,
        f"{step.people:,}",
        f"{step.covered:,}",
        whole(step.extra),
        f"{step.people_so_far:,}",
        "-" if step.cost is None else f"{step.cost:,.0f}",
        "-" if step.cost_so_far is None else f"{step.cost_so_far:,.0f}",
    )


STEP_COLUMNS = (
    "taken", "people added", "already covered", "extra buyers", "people so far", "cost",
    "cost so far",
)  # fmt: skip


def whole(value: float | None) -> str:
    """A number of people that may be below 0."""
    return "-" if value is None else f"{value:,.0f}"
