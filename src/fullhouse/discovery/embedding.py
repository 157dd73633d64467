"""The optional extra: words that mean the like, from a static word-embedding model of the user's.

A static model (GloVe, word2vec, fastText's .vec) is a file of words with a vector each: it needs
no other package, gives the same numbers everywhere, and can be read for just the words at hand. A
sentence-transformers folder is not read: it needs PyTorch, a gigabyte of packages, for texts of
which the words alone are compared here.
"""

import gzip
import zipfile
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import numpy as np

from fullhouse.core.arrays import Singles
from fullhouse.core.errors import InputError

FORMATS = (
    "'word v1 v2 ...' a line, with or without a line 'words dimensions' before (.txt, .vec, also"
    " as .gz), or .npz with the arrays 'words' and 'vectors'"
)


@dataclass(frozen=True)
class Embedding:
    """Words and their vectors, each of length 1; one row a word, in the order of the file."""

    words: tuple[str, ...]
    vectors: Singles = field(repr=False)

    @cached_property
    def _rows(self) -> dict[str, int]:
        return {w: i for i, w in reversed(list(enumerate(self.words)))}

    def __contains__(self, word: str) -> bool:
        return word in self._rows

    def rows(self, words: Sequence[str]) -> Singles:
        """The vectors of words that are all in it, one row each."""
        rows: Singles = self.vectors[[self._rows[w] for w in words]]
        return rows

    def vector(self, words: Iterable[str]) -> Singles | None:
        """The mean direction of those of some words that are in it; None when none is."""
        known = [w for w in words if w in self]
        if not known:
            return None
        mean = self.rows(known).mean(axis=0)
        length = float(np.linalg.norm(mean))
        return None if length == 0 else (mean / length).astype(np.float32)


def load_embedding(path: Path | str, *, wanted: Collection[str] | None = None) -> Embedding:
    """The words and vectors of a model; of `wanted` words only, where they are given.

    Singles take 4 bytes a number, of wanted words only. Words are as the file spells them; the
    first of two alike counts. A vector of zeros means nothing and is left out.
    """
    path = Path(path)
    if path.is_dir():
        raise InputError(f"{path} is a folder: a word embedding is one file of {FORMATS}.")
    if not path.is_file():
        raise InputError(f"There is no file {path}: a word embedding is one file of {FORMATS}.")
    keep = None if wanted is None else frozenset(wanted)
    words, vectors = _npz(path, keep) if path.suffix == ".npz" else _text(path, keep)
    length = np.linalg.norm(vectors, axis=1, keepdims=True)
    nonzero = np.flatnonzero(length[:, 0] > 0)
    return Embedding(tuple(words[i] for i in nonzero), vectors[nonzero] / length[nonzero])


def _text(path: Path, keep: frozenset[str] | None) -> tuple[list[str], Singles]:
    words: dict[str, None] = {}
    rows: list[Singles] = []
    size, lines = 0, 0
    for number, line in _lines(path):
        count = line.count(" ")
        if number == 1 and count == 1 and all(c.isdigit() for c in line.split(" ")):
            size = int(line.split(" ")[1])
            continue
        size, lines = size or count, lines + 1
        word, *numbers = line.rsplit(" ", size)
        if count < max(size, 2) or any(map(_is_number, word.split(" ")[1:])):
            raise InputError(
                f"{path.name}, line {number}: a word and {max(size, 2)} numbers were expected, not"
                f" {count}. A word embedding is {FORMATS}."
            )
        if word in words or (keep is not None and word not in keep):
            continue
        rows.append(_numbers(numbers, path, number))
        words[word] = None
    if not lines:
        raise InputError(f"{path.name} has no words. A word embedding is {FORMATS}.")
    return list(words), np.array(rows, dtype=np.float32).reshape(len(rows), size)


def _is_number(text: str) -> bool:
    """Some models have words with blanks in them ('. . .'): what is a number is none of a word."""
    try:
        float(text)
    except ValueError:
        return False
    return True


def _numbers(texts: Sequence[str], path: Path, number: int) -> Singles:
    try:
        vector = np.array(texts, dtype=np.float32)
    except ValueError as problem:
        raise InputError(f"{path.name}, line {number}: {problem}.") from None
    if not np.isfinite(vector).all():
        raise InputError(f"{path.name}, line {number}: a number is not finite.")
    return vector


def _lines(path: Path) -> Iterator[tuple[int, str]]:
    opened = gzip.open if path.suffix == ".gz" else open
    try:
        with opened(path, "rt", encoding="utf-8", newline="\n") as lines:
            for number, line in enumerate(lines, start=1):
                if text := line.strip(" \r\n\t"):
                    yield number, text
    except (OSError, EOFError, UnicodeDecodeError) as problem:
        raise InputError(
            f"{path.name} cannot be read as text ({problem}). A word embedding is {FORMATS}."
        ) from None


def _npz(path: Path, keep: frozenset[str] | None) -> tuple[list[str], Singles]:
    try:
        with np.load(path, allow_pickle=False) as file:
            words, vectors = file["words"], file["vectors"]
    except (KeyError, ValueError, OSError, zipfile.BadZipFile) as problem:
        raise InputError(
            f"{path.name} is not a word embedding: {problem}. It is one file of {FORMATS}."
        ) from None
    if vectors.ndim != 2 or words.shape != (len(vectors),) or not len(words):
        raise InputError(
            f"{path.name}: 'vectors' must have a row for each of 'words', one at least;"
            f" it has the shape {vectors.shape} for {words.shape[0] if words.ndim else 0} words."
        )
    if vectors.dtype.kind not in "fiu" or not np.isfinite(vectors).all():
        raise InputError(f"{path.name}: 'vectors' must be finite numbers.")
    first: dict[str, int] = {}
    for i, word in enumerate(words.tolist()):
        if keep is None or word in keep:
            first.setdefault(str(word), i)
    return list(first), vectors[list(first.values())].astype(np.float32)
