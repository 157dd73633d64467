"""A film's headroom in words."""

from fullhouse.headroom.headroom import (
    AudienceHeadroom,
    Headroom,
    NothingShown,
    TooFewInterested,
    TooSelective,
    Unknown,
)
from fullhouse.view.words.figures import day_words, text

EXPOSURES = {"impression": "an advertisement", "trailer_view": "a trailer"}


def headline(headroom: Headroom) -> str:
    """The one sentence: how many audiences surely have headroom, and which first."""
    claimed = [a for a in headroom.audiences if a.claimed]
    estimated = [a for a in headroom.audiences if a.aware.value is not None]
    if not estimated:
        return text("Who has heard of “{film}” cannot be estimated yet.", film=headroom.title)
    if not claimed:
        return text(
            "No audience of “{film}” surely holds people who would come and have not heard of it.",
            film=headroom.title,
        )
    first = claimed[0]
    if first.extra.value is None:
        return text(
            "{name} would come to “{film}” and has not all heard of it.",
            name=first.name, film=headroom.title,
        )  # fmt: skip
    return text(
        "{name}: {extra} more tickets for “{film}” if everybody there had heard of it.",
        name=first.name, extra=count(first.extra.value), film=headroom.title,
    )  # fmt: skip


def unknown_words(reason: Unknown) -> str:
    """Why it cannot be told who has heard of the film."""
    match reason:
        case NothingShown(since):
            return text(
                "Nobody was shown the film by {day}: no advertisement, no trailer.",
                day=day_words(since),
            )
        case TooFewInterested(shown, others, needed):
            return text(
                "Too few wanted it: {shown} of those who were shown it and {others} others; at"
                " least {needed} are needed together.",
                shown=count(shown), others=count(others), needed=count(needed),
            )  # fmt: skip
        case TooSelective(ratio, limit):
            return text(
                "It was shown to the keenest: among people as active they want other films"
                " {ratio} times as much as those who were not shown it ({limit} at most).",
                ratio=f"{ratio.value or 0:.2g}", limit=f"{limit:g}",
            )  # fmt: skip


def pilot_words(audience: AudienceHeadroom) -> str:
    """What a pilot of the audience would tell."""
    pilot = audience.pilot
    if not pilot.enough:
        return text(
            "A pilot needs {people} people shown and as many held out; the audience has fewer whom"
            " nobody has shown the film.",
            people=count(pilot.people),
        )
    return text(
        "A pilot shown to {people} people, with as many held out, tells whether interest doubles.",
        people=count(pilot.people),
    )


def basis_words(headroom: Headroom) -> list[str]:
    """What the figures rest on."""
    lines = []
    if headroom.exposure is not None:
        template = (
            "Those shown {what} by {day} are compared with others as active, in what they wanted"
            " from then to {until}. The same comparison for other films gives {ratio}, by which"
            " all is divided."
        )
        line = text(
            template,
            what=EXPOSURES[headroom.exposure],
            day=day_words(headroom.landmark),
            until=day_words(headroom.as_of),
            ratio=f"{headroom.selection.value or 0:.2f}",
        )
        lines.append(line)
    if headroom.notes:
        lines.append(
            text("There is no forecast in tickets: headroom is the share who have heard only.")
        )
    lines.append(
        text(
            "Tickets are at the middle of the forecast; an audience has all that its people would"
            " buy, so audiences that overlap share some. What advertising adds by persuading those"
            " who have heard counts as if they had not."
        )
    )
    return lines


def count(number: float | None) -> str:
    """A count to three digits; a dash for none."""
    return "-" if number is None else f"{float(f'{number:.3g}'):,.0f}"
