"""A greenlight in the score book: with its date, and scored by what the film took at home."""

from fullhouse import control
from fullhouse.control import Entry
from fullhouse.core.code import code_version
from fullhouse.core.errors import InputError
from fullhouse.greenlight.greenlight import GREENLIGHT, FromForecast, FromPastFilms, Greenlight
from fullhouse.workspace.context import Context


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


def model_of(greenlight: Greenlight) -> str:
    """The fingerprint of the model that the gross comes from."""
    notes = [n for n in greenlight.notes if isinstance(n, FromForecast | FromPastFilms)]
    return notes[0].fingerprint if notes else ""
