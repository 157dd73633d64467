"""A greenlight in the score book: with its date, and scored by what the film took at home."""

from fullhouse import control
from fullhouse.control import Entry
from fullhouse.core.code import code_version
from fullhouse.core.errors import InputError
from fullhouse.greenlight.greenlight import GREENLIGHT, FromForecast, FromPastFilms, Greenlight
from fullhouse.greenlight.property import PropertyValue
from fullhouse.workspace.context import Context

PROPERTY = "property"
"""The horizon under which the book has what properties were said to be worth."""


def enter_greenlight(context: Context, greenlight: Greenlight) -> tuple[Entry, bool]:
    """The entry of a greenlight in the book of the context's tenant, and whether it is new."""
    control.check_writable(context.control)
    if greenlight.simulated != context.settings.simulated:
        raise InputError(
            "A simulated greenlight enters the score book of a simulated workspace only, and a"
            " real one that of a real workspace."
        )
    now = context.now
    entry = control.issue(
        context.control,
        greenlight.to_dict(),
        film=greenlight.film,
        territory=greenlight.territory,
        as_of=greenlight.as_of,
        horizon=GREENLIGHT,
        code=code_version(),
        model=model_of(greenlight),
        issued_at=now,
    )
    new = entry.issued == now
    if new:
        record: dict[str, object] = {"entry": entry.id, "film": entry.film, "hash": entry.hash}
        control.record(context.control, "scorebook.issue", record)
    return entry, new


def enter_property(context: Context, value: PropertyValue) -> tuple[Entry, bool]:
    """The entry of a property's value in the book, and whether it is new.

    It has no range that a film's run could be held against: it is dated, and not scored.
    """
    control.check_writable(context.control)
    if value.simulated != context.settings.simulated:
        raise InputError("A simulated value enters the score book of a simulated workspace only.")
    now = context.now
    about: dict[str, object] = {"title": value.about.title, "opening": None, "ranges": {}}
    entry = control.issue(
        context.control,
        {**value.to_dict(), **about},
        film=f"property-{value.about.id}",
        territory=value.territory,
        as_of=value.as_of,
        horizon=PROPERTY,
        code=code_version(),
        model="",
        issued_at=now,
    )
    new = entry.issued == now
    if new:
        record: dict[str, object] = {"entry": entry.id, "film": entry.film, "hash": entry.hash}
        control.record(context.control, "scorebook.issue", record)
    return entry, new


def model_of(greenlight: Greenlight) -> str:
    """The fingerprint of the model that the gross comes from."""
    notes = [n for n in greenlight.notes if isinstance(n, FromForecast | FromPastFilms)]
    return notes[0].fingerprint if notes else ""
