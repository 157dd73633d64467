"""The one door through which a sentence passes, so that it can be translated."""

from typing import Any


def text(template: str, /, **values: Any) -> str:
    """A sentence in the language of the page: its template, translated, with its places filled.

    >>> text("{count} tickets", count="61")
    '61 tickets'
    """
    return template.format(**values)
