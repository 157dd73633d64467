"""Rising names in the score book: issued with their day, scored when five years are over.

An entry holds chances by a keyed digest of each person's id, never a name: an entry cannot be
changed, and a person who is suppressed later must be in no output.
"""

import hmac
from collections.abc import Iterator, Sequence
from datetime import date, timedelta

import numpy as np
import pyarrow as pa

from fullhouse import control
from fullhouse.control import Control, Entry
from fullhouse.core.code import code_version, computing_digest
from fullhouse.core.errors import InputError
from fullhouse.talent.find_rising import careers, is_over, newcomers
from fullhouse.talent.outcome import FilmOutcome
from fullhouse.talent.rising import (
    HORIZON,
    RISING,
    YEARS,
    RisingBook,
    RisingNames,
    RisingScore,
)
from fullhouse.workspace.context import Context

DIGITS = 16
IN_TIME = timedelta(days=31)
"""A list that was issued later than so long after its day looked back."""


def person_mark(key: bytes, talent: str) -> str:
    """What stands for a person in an entry."""
    return hmac.digest(key, f"rising\0{talent}".encode(), "sha256").hex()[:DIGITS]


def enter_rising(context: Context, rising: RisingNames) -> tuple[Entry, bool]:
    """The entry of a list in the book of the context's tenant, and whether it is new."""
    control.check_writable(context.control)
    if rising.simulated != context.settings.simulated:
        raise InputError(
            "Simulated names enter the score book of a simulated workspace only, and real ones"
            " that of a real workspace."
        )
    now = context.now
    chances = {person_mark(context.key, n.talent): round(n.probability, 6) for n in rising.names}
    payload = {
        "film": RISING,
        "as_of": rising.as_of.isoformat(),
        "territory": rising.territory,
        "horizon": HORIZON,
        "years": YEARS,
        "people": rising.people,
        "simulated": rising.simulated,
        "chances": chances,
        "ranges": {},
    }
    entry = control.issue(
        context.control,
        payload,
        film=RISING,
        territory=rising.territory,
        as_of=rising.as_of,
        horizon=HORIZON,
        code=code_version(),
        model=computing_digest(),
        issued_at=now,
    )
    new = entry.issued == now
    if new:
        record: dict[str, object] = {"entry": entry.id, "film": entry.film, "hash": entry.hash}
        control.record(context.control, "scorebook.issue", record)
    return entry, new


def score_rising(
    book: Control,
    outcomes: Sequence[FilmOutcome],
    credited: pa.Table,
    *,
    key: bytes,
    territory: str,
    as_of: date,
) -> RisingBook:
    """How each list did whose five years were over on a day, by what is known now."""
    over, waiting = [], 0
    for entry in _entries(book, territory):
        if is_over(date.fromisoformat(entry.as_of), as_of):
            over.append(entry)
        else:
            waiting += 1
    if not over:
        return RisingBook((), waiting)
    every = careers(outcomes, credited)
    marks = {person_mark(key, t): k for k, t in enumerate(every.talents)}
    scores = []
    for entry in over:
        people = newcomers(every, date.fromisoformat(entry.as_of))
        top = dict(zip(people.people.tolist(), people.top.tolist(), strict=True))
        issued = entry.forecast["chances"]
        pairs = [(p, top[marks[m]]) for m, p in issued.items() if marks.get(m) in top]
        if pairs:
            scores.append(_score(entry, pairs))
    return RisingBook(tuple(scores), waiting, len(over) - len(scores))


def _entries(book: Control, territory: str) -> Iterator[Entry]:
    return control.stream(book, film=RISING, territory=territory)


def _score(entry: Entry, pairs: Sequence[tuple[float, bool]]) -> RisingScore:
    from sklearn.metrics import roc_auc_score

    chances = np.array([p for p, _ in pairs])
    top = np.array([t for _, t in pairs])
    share = float(top.mean())
    as_of = date.fromisoformat(entry.as_of)
    return RisingScore(
        entry=entry.id,
        as_of=as_of,
        territory=entry.territory,
        looking_back=entry.issued.date() > as_of + IN_TIME,
        people=len(pairs),
        auc=float(roc_auc_score(top, chances)) if 0 < share < 1 else None,
        brier=float(((chances - top) ** 2).mean()),
        brier_of_share=share * (1 - share),
        expected=float(chances.mean()),
        happened=share,
    )
