"""The house's pages: what its operators, officers for privacy and auditors look at."""

from collections.abc import Callable

from starlette.responses import Response

from fullhouse.web.visit import Page, Visit


def overview(visit: Visit) -> Page | Response:
    """The console's first page."""
    context = visit.console
    return Page("house.html", "House", {"house": context.settings.house}, active="house")


PAGES: list[tuple[str, Callable[[Visit], Page | Response], str]] = [("/house", overview, "GET")]
