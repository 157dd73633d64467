"""The set of hashes on disk answers as one in memory would."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fullhouse.feeds import hashes as module
from fullhouse.feeds.hashes import Hashes

some = st.lists(st.integers(0, 300) | st.integers(0, 2**64 - 1), max_size=60)


@pytest.mark.slow
@settings(deadline=None)
@given(st.lists(some, max_size=12), some, st.integers(1, 9))
def test_it_answers_as_a_set_does(tmp_path_factory, parts, asked, block) -> None:
    folder = tmp_path_factory.mktemp("hashes")
    known: set[int] = set()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "BLOCK", block)
        held = Hashes(folder)
        for part in parts:
            held.add(np.array(part, dtype=np.uint64))
            known.update(part)
            asked_now = [*asked, *part[:5]]
            inside = held.inside(np.array(asked_now, dtype=np.uint64))
            assert inside.tolist() == [x in known for x in asked_now]


def test_its_files_are_few(tmp_path: Path) -> None:
    held = Hashes(tmp_path)
    chance = np.random.default_rng(1)
    for _ in range(64):
        held.add(chance.integers(0, 2**64, 500, dtype=np.uint64))
    assert len(list(tmp_path.iterdir())) == 1
    assert len(held) == 64 * 500
