"""What a film's audiences would buy if all of them had heard of it."""

from dataclasses import replace
from datetime import date
from functools import partial

from fullhouse import control
from fullhouse.app.discoveries import DiscoverFilm, discover_film, expected_sales
from fullhouse.app.use_case import use_case
from fullhouse.core.errors import InputError
from fullhouse.core.request import request
from fullhouse.headroom.film_headroom import measure_headroom
from fullhouse.headroom.headroom import Headroom
from fullhouse.planning import read_channels
from fullhouse.sample.analysis_sample import analysis_sample
from fullhouse.workspace.context import Context
from fullhouse.workspace.runs import remembered

DAYS = 28


@request
class FilmHeadroom:
    """A film's headroom by audience, as known on a day; today where none is given.

    Interest is that of the last `days`; who was shown the film before them is compared. `channels`
    is TOML with prices, by itself the shipped, made-up ones.
    """

    film: str
    territory: str | None = None
    as_of: date | None = None
    days: int = DAYS
    channels: str | None = None

    def __post_init__(self) -> None:
        if not 7 <= self.days <= 180:
            raise InputError(f"days must be from 7 to 180, not {self.days}.")


@use_case
def film_headroom(context: Context, request: FilmHeadroom) -> Headroom:
    """For every card and the obvious audience: who has heard of the film, and tickets if all had.

    The house's alone. A headroom of the same tables that was computed before is looked up.
    """
    control.check_writable(context.control)
    whole = replace(
        request,
        territory=request.territory or context.settings.territory,
        as_of=request.as_of or context.today,
    )
    result = remembered(context, whole, Headroom, partial(_headroom, whole), daily=True)
    detail: dict[str, object] = {
        "film": result.film,
        "as_of": result.as_of.isoformat(),
        "claimed": [a.rule for a in result.audiences if a.claimed],
    }
    control.record(context.control, "headroom", detail)
    return result


def _headroom(request: FilmHeadroom, context: Context) -> Headroom:
    cheapest = min(read_channels(request.channels), key=lambda c: c.unit_price)
    about = DiscoverFilm(request.film, territory=request.territory, as_of=request.as_of)
    discovery = discover_film(context, about)
    with analysis_sample(context, territory=request.territory, as_of=request.as_of) as sample:
        sales = expected_sales(sample, sample.find(request.film))
        return measure_headroom(
            context,
            sample,
            discovery,
            sales,
            days=request.days,
            price=cheapest.unit_price,
            currency=cheapest.currency,
        )
