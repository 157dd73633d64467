"""Which segments an account is in at this moment: the look-up file under its overlay."""

import json
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path
from threading import Event, Lock, Thread
from typing import TypeVar

from fullhouse.control.suppression import account_digest, spellings
from fullhouse.core.errors import ConflictError, DamagedError, FullhouseError
from fullhouse.lookup.file import (
    AccountHash,
    AccountSegment,
    LookupBuild,
    LookupFile,
    has_bit,
    identity_of,
    words_of_bits,
)
from fullhouse.lookup.overlay import Overlay, overlay_of
from fullhouse.workspace.context import Context

LOOK_SECONDS = 0.25
"""How often it is looked whether anything has changed."""
MOST_SECONDS = 1.0
"""No answer rests on a look that is older."""
MOST_ANSWERS = 1 << 16
"""Answers that are held ready: as many as there are different words, which mostly are few."""

Answer = tuple[AccountSegment, ...]
NOTHING: Answer = ()
T = TypeVar("T")


@dataclass(frozen=True)
class Opened:
    """A look-up file with its overlay as of a look, and what answers need of both."""

    file: LookupFile
    overlay: Overlay
    looked: float
    by_source: dict[str, tuple[int, ...]]
    of_others: tuple[int, ...]
    nothing: tuple[int, ...]
    limits: dict[int, tuple[int, ...]]
    """By row, the words of the segments that are still answered of people of whom not all are."""
    ids: tuple[bytes, ...]
    """The ids of the segments, as JSON."""
    answers: dict[tuple[int, ...], Answer] = field(default_factory=dict)
    texts: dict[tuple[int, ...], bytes] = field(default_factory=dict)


class Memberships:
    """Answers from the look-up file of a house; any number of threads may ask at once.

    The file is mapped, not read: processes share its pages. It is swapped when another one stands
    under its name; who is answered at that moment goes on with the one they have.
    """

    def __init__(
        self, house: Context, path: Path, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._house, self._path, self._clock = house, path, clock
        self._hash = AccountHash(house.key)
        self._opened: Opened | None = None
        self._looking = Lock()
        self._starting = Lock()
        self._outdated: tuple[int, ...] = ()
        self._ended = Event()
        self._thread: Thread | None = None
        self.problem: FullhouseError | None = None
        """What kept the last look from being made, or a newer file from being opened."""

    def of(self, source: str, account: str) -> Answer:
        """The segments that an account is in; the same for one that nobody knows.

        An error where no answer can be given: there is no file, or nobody can tell whether it
        still holds.
        """
        opened, words = self._words(source, account)
        answer = opened.answers.get(words)
        if answer is None:
            every = opened.file.built.segments
            answer = tuple(each for n, each in enumerate(every) if has_bit(words, n))
            _remember(opened.answers, words, answer)
        return answer

    def ids_json(self, source: str, account: str) -> bytes:
        """The ids of the segments that an account is in, as a JSON list."""
        opened, words = self._words(source, account)
        text = opened.texts.get(words)
        if text is None:
            ids = [id_ for n, id_ in enumerate(opened.ids) if has_bit(words, n)]
            text = b"[" + b",".join(ids) + b"]"
            _remember(opened.texts, words, text)
        return text

    def words(self, source: str, account: str) -> tuple[int, ...]:
        """The same as words: bit i of word w is for segment 64 w + i of the file."""
        return self._words(source, account)[1]

    def _words(self, source: str, account: str) -> tuple[Opened, tuple[int, ...]]:
        opened = self._opened
        if opened is None or self._clock() - opened.looked > MOST_SECONDS:
            opened = self.look()
        row = opened.file.row(self._hash.of(source, account))
        if row < 0:
            return opened, opened.nothing
        masks = opened.by_source.get(source, opened.of_others)
        if row in opened.limits:
            masks = _both(masks, opened.limits[row])
        if len(masks) == 1:
            words: tuple[int, ...] = (opened.file.words[row] & masks[0],)
        else:
            first = row * len(masks)
            words = _both(opened.file.words[first : first + len(masks)], masks)
        if opened.overlay.suppressed and self._is_suppressed(opened.overlay, source, account):
            return opened, opened.nothing
        return opened, words

    @property
    def built(self) -> LookupBuild:
        """What the file that is answered from was built from."""
        return self._fresh().file.built

    @property
    def overlay(self) -> Overlay:
        """What has changed since."""
        return self._fresh().overlay

    @property
    def is_fresh(self) -> bool:
        """Whether an answer needs no look first."""
        opened = self._opened
        return opened is not None and self._clock() - opened.looked <= MOST_SECONDS

    def look(self) -> Opened:
        """Look whether the file was replaced, and at all that has changed since it was built."""
        if not self._looking.acquire(timeout=MOST_SECONDS):
            # Whose accounts are linked otherwise takes seconds to find out; nobody waits for it.
            raise ConflictError(code="lookup_not_ready")
        try:
            return self._look()
        except FullhouseError as problem:
            self.problem = problem
            raise
        finally:
            self._looking.release()

    def _look(self) -> Opened:
        looked, before = self._clock(), self._opened
        if before is None and self._outdated and self._outdated == identity_of(self._path):
            raise ConflictError(code="lookup_outdated")
        file = self._file(before)
        same = before is not None and before.file is file
        known = before.overlay if before is not None and same else None
        try:
            overlay = overlay_of(self._house, file, self._hash, known, moving=self._stop)
        except ConflictError:
            self._outdated = file.identity
            raise
        if before is not None and same and before.overlay == overlay:
            opened = replace(before, looked=looked)
        else:
            opened = _opened(file, overlay, looked)
        self._opened = opened
        return opened

    def start(self) -> None:
        """Look again and again, in a thread of its own, until `close`."""
        with self._starting:
            if self._thread is None:
                self._thread = Thread(target=self._keep_looking, name="lookup", daemon=True)
                self._thread.start()

    def close(self) -> None:
        """Look no more."""
        self._ended.set()
        if self._thread is not None:
            self._thread.join()

    def _fresh(self) -> Opened:
        opened = self._opened
        return opened if opened is not None and self.is_fresh else self.look()

    def _file(self, before: Opened | None) -> LookupFile:
        """The file under the name; the one before where that is damaged or of another key."""
        if before is not None and identity_of(self._path) == before.file.identity:
            return before.file
        try:
            file = LookupFile(self._path)
            self._check(file)
        except (DamagedError, ConflictError) as problem:
            if before is None:
                raise
            self.problem = problem
            return before.file
        self.problem = None
        return file

    def _check(self, file: LookupFile) -> None:
        if file.built.key != self._hash.fingerprint:
            raise ConflictError(code="lookup_other_key", file=str(self._path))

    def _stop(self) -> None:
        """Answer nobody until it is known whose accounts are linked otherwise."""
        self._opened = None

    def _keep_looking(self) -> None:
        while True:
            try:
                self.look()
            except FullhouseError:
                pass
            except Exception as problem:
                # Whatever it was: without a look nobody is answered, and whoever asks is told.
                kind = type(problem).__name__
                self.problem = FullhouseError(code="lookup_not_looked", reason=kind)
            if self._ended.wait(LOOK_SECONDS):
                return

    def _is_suppressed(self, overlay: Overlay, source: str, account: str) -> bool:
        key = self._house.key
        return any(account_digest(key, source, s) in overlay.suppressed for s in spellings(account))


def _opened(file: LookupFile, overlay: Overlay, looked: float) -> Opened:
    every = file.built.segments
    named = {source for segment in every for source in segment.sources}

    def masks(source: str | None) -> tuple[int, ...]:
        of_source = (not s.sources or source in s.sources for s in every)
        return _both(words_of_bits(of_source, file.width), overlay.open)

    without = {
        refused: words_of_bits((not refused & {*s.purposes} for s in every), file.width)
        for refused in set(overlay.refused.values())
    }
    limits = {row: without[refused] for row, refused in overlay.refused.items()}
    limits |= dict.fromkeys(overlay.moved, (0,) * file.width)
    by_source = {source: masks(source) for source in named}
    return Opened(
        file, overlay, looked, by_source, masks(None), (0,) * file.width, limits,
        tuple(json.dumps(s.id, ensure_ascii=False).encode() for s in every),
    )  # fmt: skip


def _both(words: Iterable[int], others: Iterable[int]) -> tuple[int, ...]:
    return tuple(one & other for one, other in zip(words, others, strict=True))


def _remember(answers: dict[tuple[int, ...], T], words: tuple[int, ...], answer: T) -> None:
    if len(answers) < MOST_ANSWERS:
        answers[words] = answer
