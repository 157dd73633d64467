"""Settings: defaults, then fullhouse.toml, then the environment."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fullhouse.core.errors import InputError
from fullhouse.core.settings import Settings, load, origins, template


def test_the_environment_wins_over_the_file_over_the_default() -> None:
    toml = 'engine = "spark"\nthreads = 3'
    assert load(None, {}) == Settings()
    assert load(toml, {}).threads == 3
    assert load(toml, {"FULLHOUSE_THREADS": "7"}).threads == 7


def test_origins_name_the_source_of_each_value() -> None:
    origin_of = {o.name: o.origin for o in origins("threads = 3", {"FULLHOUSE_ENGINE": "spark"})}
    assert origin_of["threads"] == "fullhouse.toml"
    assert origin_of["engine"] == "FULLHOUSE_ENGINE"
    assert origin_of["currency"] == "default"


def test_every_setting_has_a_sentence() -> None:
    assert all(o.doc.endswith(".") for o in origins(None, {}))


def test_the_template_changes_nothing_until_a_line_is_uncommented() -> None:
    assert load(template(), {}) == Settings()
    uncommented = "\n".join(
        line.removeprefix("# ") for line in template().splitlines() if " = " in line
    )
    assert load(uncommented, {}) == Settings()


@pytest.mark.parametrize(
    ("toml", "environment", "message"),
    [
        ("thread = 3", {}, "no setting 'thread'. Did you mean 'threads'"),
        ('threads = "3"', {}, "'threads' must be a whole number, not '3'"),
        ("threads = -1", {}, "'threads' must be at least 0, not -1"),
        ('engine = "duck"', {}, "must be duckdb or spark, not 'duck'. Did you mean 'duckdb'"),
        ("threads = ", {}, "not valid TOML"),
        ("", {"FULLHOUSE_THREADS": "many"}, "FULLHOUSE_THREADS must be a whole number"),
        ("consent_required = 3", {}, "must be a list of texts"),
    ],
)
def test_a_mistake_is_named(toml: str, environment: dict[str, str], message: str) -> None:
    with pytest.raises(InputError) as problem:
        load(toml, environment)
    assert message in str(problem.value)


@given(st.lists(st.from_regex(r"[a-z]{1,8}", fullmatch=True)))
def test_a_list_reads_alike_from_file_and_environment(purposes: list[str]) -> None:
    toml = f"consent_required = {purposes!r}"
    environment = {"FULLHOUSE_CONSENT_REQUIRED": ", ".join(purposes)}
    assert load(toml, {}) == load(None, environment)
