"""Values that everything else is made of."""

from pathlib import Path

import pytest

from fullhouse.core.errors import InputError
from fullhouse.core.values import file_text
from fullhouse.feeds import Feed


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_the_text_of_a_file_is_without_its_byte_order_mark(tmp_path: Path, mark: bytes) -> None:
    (tmp_path / "a.toml").write_bytes(mark + "name = '名'\n".encode())
    assert file_text(tmp_path / "a.toml") == "name = '名'\n"


@pytest.mark.parametrize("read", [file_text, Feed.load])
def test_a_file_that_is_no_text_is_named(tmp_path: Path, read) -> None:
    (tmp_path / "wide.toml").write_bytes("name = 'crm'\n".encode("utf-16"))
    with pytest.raises(InputError, match=r"wide\.toml is not text in UTF-8: save it as UTF-8"):
        read(tmp_path / "wide.toml")
    with pytest.raises(InputError, match=r"There is no .*file .*none\.toml"):
        read(tmp_path / "none.toml")
    with pytest.raises(InputError, match="cannot be read"):
        read(tmp_path)
