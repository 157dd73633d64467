"""What the API answers of talent is JSON: names with their effects, and no table of bytes."""

import json
from datetime import date
from importlib import import_module

import pytest

from fullhouse import app
from fullhouse.api.contract import contract_of
from fullhouse.api.rows import ROWS
from fullhouse.app.talent import TalentView
from tests.talent.test_fit import fit
from tests.talent.test_page import EFFECTS

import_module("fullhouse.app.talent")
VIEW = TalentView("t1", "Ann Holm", "US", date(2016, 1, 1), (), EFFECTS)


@pytest.mark.parametrize(
    ("use_case", "result"), [("talent_effects", EFFECTS), ("talent_show", VIEW)]
)
def test_effects_are_answered_as_json(use_case, result) -> None:
    assert use_case in app.MODULES
    row = next(r for r in ROWS if r.use_case == use_case)
    text = contract_of(row).json(result)
    assert "Ann" in text.decode()
    plain = json.loads(text)
    names = plain["effects"]["effects"] if use_case == "talent_show" else plain["effects"]
    assert names[0]["role"] == "cast"


def test_a_fit_is_answered_as_json_with_its_set() -> None:
    row = next(r for r in ROWS if r.use_case == "talent_fit")
    plain = json.loads(contract_of(row).json(fit(2.5)))
    assert plain["names"][0]["verdict"] == "adds"
    assert plain["chosen"]["steps"][0]["talent"] == "planted"
