"""Word embeddings from files of the user's."""

import gzip

import numpy as np
import pytest

from fullhouse.core.errors import InputError
from fullhouse.discovery.word_links import load_embedding

LINES = "dog 1 0 0\npuppy 3 4 0\nempty 0 0 0\ncar 0 0 2\ndog 9 9 9\n"


def test_all_formats_give_the_same(tmp_path):
    (tmp_path / "glove.txt").write_text(LINES)
    (tmp_path / "word2vec.vec").write_text("5 3\n" + LINES)
    with gzip.open(tmp_path / "glove.txt.gz", "wt") as file:
        file.write(LINES)
    np.savez(
        tmp_path / "own.npz",
        words=np.array(["dog", "puppy", "empty", "car", "dog"]),
        vectors=np.array([[1, 0, 0], [3, 4, 0], [0, 0, 0], [0, 0, 2], [9, 9, 9]]),
    )
    for path in sorted(tmp_path.iterdir()):
        vectors = load_embedding(path)
        assert vectors.words == ("dog", "puppy", "car"), path.name
        assert vectors.vectors.dtype == np.float32
        np.testing.assert_allclose(vectors.vectors, [[1, 0, 0], [0.6, 0.8, 0], [0, 0, 1]])


def test_words_may_have_blanks_in_them(tmp_path):
    """GloVe 840B has '. . .' and 'at name@domain.com', fastText a blank at each line's end."""
    path = tmp_path / "glove.txt"
    path.write_text("dog 1 0 0 \n. . . 0 1 0 \n")
    assert load_embedding(path).words == ("dog", ". . .")


def test_only_wanted_words_are_kept(tmp_path):
    path = tmp_path / "glove.txt"
    path.write_text(LINES)
    vectors = load_embedding(path, wanted={"car", "bus"})
    assert vectors.words == ("car",)
    assert vectors.vectors.shape == (1, 3)
    assert load_embedding(path, wanted=()).words == ()


def test_the_vector_of_words_is_their_mean_direction(tmp_path):
    (tmp_path / "glove.txt").write_text(LINES)
    vectors = load_embedding(tmp_path / "glove.txt")
    np.testing.assert_allclose(vectors.vector(["dog", "car", "bus"]), [0.5**0.5, 0, 0.5**0.5])
    assert vectors.vector(["bus"]) is None
    assert vectors.vector([]) is None


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("no.txt", None, "There is no file"),
        ("empty.txt", b"", "has no words"),
        ("header.vec", b"5 3\n", "has no words"),
        (
            "short.txt",
            b"dog 1 0 0\n\ncat 1 0\n",
            "line 3: a word and 3 numbers were expected, not 2",
        ),
        ("wrong.vec", b"2 4\ndog 1 0 0\n", "line 2: a word and 4 numbers were expected, not 3"),
        ("text.txt", b"once upon a time\n", "line 1: could not convert"),
        (
            "long.txt",
            b"dog 1 0 0\ncat 1 0 0 5\n",
            "line 2: a word and 3 numbers were expected, not 4",
        ),
        ("nan.txt", b"dog 1 nan 0\n", "line 1: a number is not finite"),
        ("bytes.txt", b"\xff\xfe\x00", "cannot be read as text"),
        ("plain.gz", b"dog 1 0\n", "cannot be read as text"),
        ("plain.npz", b"dog 1 0\n", "is not a word embedding"),
    ],
    ids=lambda v: v if isinstance(v, str) and "." in v and " " not in v else "",
)
def test_what_is_no_embedding_is_refused(tmp_path, name, content, message):
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(InputError, match=message):
        load_embedding(path)


def test_a_folder_is_refused(tmp_path):
    with pytest.raises(InputError, match="is a folder"):
        load_embedding(tmp_path)


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"words": np.array(["dog"])}, "vectors"),
        ({"words": np.array(["dog"]), "vectors": np.ones((2, 3))}, r"shape \(2, 3\) for 1 words"),
        ({"words": np.array(["dog"]), "vectors": np.ones(3)}, r"shape \(3,\)"),
        ({"words": np.array([], str), "vectors": np.ones((0, 3))}, "one at least"),
        ({"words": np.array(["dog"]), "vectors": np.array([[np.inf, 1]])}, "finite"),
        ({"words": np.array(["dog"]), "vectors": np.array([["a", "b"]])}, "finite numbers"),
    ],
    ids=["no vectors", "rows", "flat", "empty", "infinite", "texts"],
)
def test_arrays_that_do_not_fit_are_refused(tmp_path, arrays, message):
    np.savez(tmp_path / "own.npz", **arrays)
    with pytest.raises(InputError, match=message):
        load_embedding(tmp_path / "own.npz")
