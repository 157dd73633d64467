"""What names add to a gross, in words."""

from fullhouse.talent.effects import NameEffect, TalentEffects
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
    return lines


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
        lines.append(text("Too few years are over to tell how such chances did."))
        return lines
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
    return lines


def book_words(book: RisingBook) -> str:
    """How many lists are scored and how many wait."""
    return text(
        "Issued lists of rising names with an outcome: {scored}; waiting until {years} years are"
        " over: {waiting}.",
        scored=str(len(book.scores)), waiting=str(book.waiting), years=str(YEARS),
    )  # fmt: skip
