"""What names add to a gross, in words."""

from fullhouse.talent.effects import NameEffect, TalentEffects
from fullhouse.view.words.figures import day_words, number_words, text

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
            "Beyond the budget, names tell little: on {films} later films they improved forecasts"
            " by no more than chance or names shuffled would.",
            films=f"{check.films:,}",
        )
    return text(
        "Names improved forecasts of {films} later films beyond budget, genre, month and series,"
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
