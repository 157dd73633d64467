"""A property and what it is worth in words."""

from fullhouse.greenlight.property import PropertyValue, Turnout, Worth
from fullhouse.view.words.figures import money, money_between, share_words, text

UNKNOWN = {
    ("worth", "too_few_films"): "What it is worth the data cannot tell: too few past films have a"
    " budget and a gross. Import some: fullhouse film import budgets FILE.",
    ("worth", "kind"): "What it is worth the data cannot tell: fewer than ten past films were made"
    " of such a source.",
    ("fans", "no_traits"): "Who its fans are cannot be told: no traits are built.",
    ("fans", "no_match"): "Who its fans are cannot be told: no trait of the house's people bears"
    " its title. Look at those to review, or say who they are with --rule.",
    ("beyond_genre", "no_genre"): "How many are beyond the genre's usual audience cannot be told:"
    " give genres that the house's people are known by.",
    ("turnout", "too_few_adaptations"): "How such fans turn up cannot be told: fewer than three"
    " past adaptations of known properties have enough viewers here.",
}


def headline(value: PropertyValue) -> str:
    """The one sentence: what it is worth at most, or that the data cannot tell."""
    worth, title = value.worth, value.about.title
    if worth is None:
        return text("What “{title}” is worth, the data cannot tell.", title=title)
    if not value.proven:
        return text(
            "The data cannot tell whether “{title}” changes what a film takes: past films of such a"
            " source took {ratio} times as much as original stories, and it may be {low} to {high}"
            " (95 %).",
            title=title,
            ratio=f"{worth.effect.ratio:.2f}",
            low=f"{worth.effect.low:.2f}",
            high=f"{worth.effect.high:.2f}",
        )
    return text(
        "“{title}” goes with {ratio} times the gross of an original story ({low} to {high}, 95 %),"
        " {adds} of expected profit.",
        title=title,
        ratio=f"{worth.effect.ratio:.2f}",
        low=f"{worth.effect.low:.2f}",
        high=f"{worth.effect.high:.2f}",
        adds=money(worth.adds.value, value.currency),
    )


def price_words(worth: Worth, currency: str) -> str:
    """The most that may be paid, and what would change it."""
    stated = {"risk": share_words(worth.risk), "margin": share_words(worth.margin)}
    if worth.most is not None:
        return text(
            "At a chance of loss of {risk} at most and an expected profit of {margin} of all"
            " spending at least, it is worth {most} at most.",
            most=money(worth.most, currency),
            **stated,
        )
    if worth.ratio_needed is None:
        return text(
            "At a chance of loss of {risk} at most and a margin of {margin}, no price is low"
            " enough, whatever it brings.",
            **stated,
        )
    return text(
        "At a chance of loss of {risk} at most and a margin of {margin}, no price is low enough:"
        " the film would have to take {ratio} times what an original does.",
        ratio=f"{worth.ratio_needed:.2f}",
        **stated,
    )


def worth_words(worth: Worth, currency: str) -> list[str]:
    """The ranges with and without it, and the range of what it adds."""
    template = (
        "Gross of all countries with it {with_}, without {without} (80 % ranges)."
        if worth.everywhere
        else "Gross at home with it {with_}, without {without} (80 % ranges)."
    )
    return [
        text(
            template,
            with_=money_between(worth.gross_with[0], worth.gross_with[2], currency),
            without=money_between(worth.gross_without[0], worth.gross_without[2], currency),
        ),
        text(
            "It adds {low} to {high} to the expected profit (95 %, by what is not known of the"
            " kind); the chance to break even is {chance_with} with it and {chance} without.",
            low=money(worth.low, currency),
            high=money(worth.high, currency),
            chance_with=share_words(worth.break_even_with),
            chance=share_words(worth.break_even_without),
        ),
    ]


def fans_words(value: PropertyValue) -> list[str]:
    """How many fans there are, and how many beyond the genre's audience."""
    if value.fans is None or not value.people:
        return []
    lines = [
        text(
            "{fans} of {people} people of the house are fans of it ({share}).",
            fans=f"{value.fans:,}",
            people=f"{value.people:,}",
            share=share_words(value.fans / value.people),
        )
    ]
    if value.beyond_genre is not None:
        share = share_words(value.beyond_genre)
        lines.append(text("{share} of them are outside the genre's usual audience.", share=share))
    return lines


def turnout_words(turnout: Turnout) -> str:
    """How fans of such properties turned up, beside a placebo."""
    template = (
        "Fans of such properties saw its film {ratio} times as often as others alike in activity"
        " ({low} to {high}, {count} past films); for a new one expect {new_low} to {new_high}."
    )
    pooled, expected = turnout.pooled, turnout.expected
    words = text(
        template,
        ratio=f"{pooled.value:.2f}",
        low=f"{pooled.low:.2f}",
        high=f"{pooled.high:.2f}",
        count=len(turnout.adaptations),
        new_low=f"{expected.low:.2f}",
        new_high=f"{expected.high:.2f}",
    )
    if turnout.placebo is not None:
        words += " " + text(
            "Fans of properties as popular that the films were not made of: {placebo} times.",
            placebo=f"{turnout.placebo:.2f}",
        )
    if not turnout.proven:
        words += " " + text("The data cannot tell whether being a fan matters.")
    return words


def unknown_words(value: PropertyValue) -> list[str]:
    """What cannot be told, and why."""
    return [
        text("The rule of {property} has a trait that is not here: its fans are left out.",
             property=name)
        if part == "rule"
        else text(UNKNOWN[part, name])
        for part, name in value.unknown
    ]  # fmt: skip


def value_lines(value: PropertyValue) -> list[str]:
    """Everything that is told of its value, in order, the headline apart."""
    lines = fans_words(value)
    if value.turnout is not None:
        lines.append(turnout_words(value.turnout))
    if value.worth is not None:
        lines += [
            *worth_words(value.worth, value.currency),
            price_words(value.worth, value.currency),
        ]
    return [*lines, *unknown_words(value)]
