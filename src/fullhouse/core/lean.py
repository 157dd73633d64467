"""Import a library without what it would load beside itself, merely because it is installed."""

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.abc import MetaPathFinder
from threading import get_ident
from types import ModuleType


@contextmanager
def without(*packages: str) -> Iterator[None]:
    """What is imported inside takes these packages for missing; afterwards they are there again.

    PyArrow's datasets load pandas where they meet it (0.25 s of CPU), and Lark loads regex (0.05
    s). Both do without, and PyArrow looks for pandas anew when `to_pandas` is called. A package
    that is loaded already stays as it is.
    """
    missing = _Missing(packages)
    sys.meta_path.insert(0, missing)
    try:
        yield
    finally:
        sys.meta_path.remove(missing)


class _Missing(MetaPathFinder):
    # None in sys.modules would be shorter; compiled modules take that for the package itself.
    def __init__(self, packages: Sequence[str]) -> None:
        self.packages = packages
        self.thread = get_ident()

    def find_spec(self, name: str, _path: object, _target: ModuleType | None = None, /) -> None:
        if name in self.packages and get_ident() == self.thread:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
