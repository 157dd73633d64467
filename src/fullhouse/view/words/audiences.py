"""The words of audiences: what a note on a count says."""

from fullhouse.audiences.audience import PartlyOutside
from fullhouse.view.words.text import text


def note_words(note: PartlyOutside) -> str:
    """The sentence of a note.

    >>> note_words(PartlyOutside("age:18-30", ("18-24",), ("25-34",)))
    'age:18-30 counts only the bands 18-24; 25-34 lies partly outside and is not counted.'
    """
    return text(
        "{name} counts only the bands {counted}; {left} lies partly outside and is not counted.",
        name=note.name,
        counted=", ".join(note.counted),
        left=", ".join(note.not_counted),
    )
