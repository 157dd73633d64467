"""Audience cards of a release as a page shows them: one axis of affinity for all."""

from dataclasses import dataclass

from markupsafe import Markup

from fullhouse.cleanroom.release import Release, ReleasedLine, ReleasedNumber
from fullhouse.view.words.rule import name_text
from fullhouse.web.language import current, say
from fullhouse.web.pictures import Axis, range_strip


@dataclass(frozen=True)
class CardRow:
    """A card: the trait, how much likelier its people are, how many they are, and its picture."""

    trait: str
    trait_text: str
    label: str
    family: str
    affinity: ReleasedNumber
    people: ReleasedNumber
    strip: Markup


def card_rows(release: Release) -> list[CardRow]:
    """The cards of a release, the highest affinity first."""
    lines = [line for line in release.lines if "affinity" in line.figures]
    most = max((line.figures["affinity"].high or 1 for line in lines), default=1)
    axis = Axis(0, max(most, 1.5))
    rows = [_row(line, axis) for line in lines]
    return sorted(rows, key=lambda row: -(row.affinity.value or 0))


def _row(line: ReleasedLine, axis: Axis) -> CardRow:
    affinity, label = line.figures["affinity"], line.of.get("label") or line.of["trait"]
    low, high = affinity.low or 0, affinity.high or 0
    number = current().number
    words = say(
        "{label}: {value} times as likely, between {low} and {high}",
        label=label,
        value=number(affinity.value, digits=1),
        low=number(low, digits=1),
        high=number(high, digits=1),
    )
    strip = range_strip(axis, low, high, words, middle=affinity.value, mark=1.0)
    people = line.figures["people"]
    text = name_text(line.of["trait"])
    return CardRow(
        line.of["trait"], text, label, line.of.get("family", ""), affinity, people, strip
    )
