import os
import subprocess
import sys
from pathlib import Path

import pytest

SPACE = """
from random import Random

from fullhouse.sample.words import FilmWords
from fullhouse.sample.words import word_space

random = Random(1)
words = ["".join(random.choices("aeioubdfgklmnprst", k=random.randint(4, 11))) for _ in range(400)]
texts = [" ".join(random.choices(words, k=60)) for _ in range(60)]
films = [FilmWords(f"film-{n}", "", parts={"overview": (t,)}) for n, t in enumerate(texts)]
space = word_space(films)
print(space.similarity(films, films).tobytes().hex())
"""


@pytest.mark.slow
def test_a_likeness_of_texts_is_the_same_to_the_last_bit_in_every_process() -> None:
    """Python orders sets of texts differently in each process; sums must not follow that order."""
    source = str(Path(__file__).parents[2] / "src")

    def in_process(seed: int) -> str:
        environment = {**os.environ, "PYTHONHASHSEED": str(seed), "PYTHONPATH": source}
        command = [sys.executable, "-c", SPACE]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
        return done.stdout

    assert len({in_process(seed) for seed in (1, 2, 3)}) == 1
