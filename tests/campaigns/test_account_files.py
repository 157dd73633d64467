"""Households from a file: who lives together, frozen with the campaign."""

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fullhouse.campaigns.account_files import freeze_units, frozen_units, read_households, units_of
from fullhouse.core.errors import InputError
from fullhouse.core.tables import ACCOUNT_PERSON
from fullhouse.lake import Lake, Place


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 5)), min_size=1))
def test_people_of_joined_households_are_one_unit(pairs):
    persons, homes = (np.array(x) for x in zip(*pairs, strict=True))
    units = units_of(persons, homes)
    # By hand: households that share a person are merged until none do.
    groups = [{p for p, h in pairs if h == home} for home in set(homes.tolist())]
    merged = True
    while merged:
        merged = False
        for a in range(len(groups)):
            for b in range(a + 1, len(groups)):
                if groups[a] & groups[b]:
                    groups[a] |= groups.pop(b)
                    merged = True
                    break
            if merged:
                break
    for person in range(12):
        household = next((g for g in groups if person in g), {person})
        assert units.of(np.array([person])) == [min(household)]


def test_a_file_names_accounts_and_is_frozen_once(tmp_path):
    lake = Lake(Place.of(str(tmp_path / "lake")))
    rows = [("shop", f"s{i}", i, 0) for i in range(6)] + [("video", "v1", 1, 0)]
    named = [dict(zip(ACCOUNT_PERSON.names, r, strict=True)) for r in rows]
    lake.append(ACCOUNT_PERSON, pa.Table.from_pylist(named, ACCOUNT_PERSON.schema), batch="a")
    file = tmp_path / "homes.csv"
    file.write_text(
        "source,account,household\nshop,s0,A\nvideo,v1,A\nshop,s2,B\nshop,s3,B\nshop,s9,B\n"
        "shop,s4,\nshop,s5,\n"
    )
    units = read_households(lake, file)
    assert units.of(np.arange(7)).tolist() == [0, 0, 2, 2, 4, 5, 6]
    assert frozen_units(lake, "c") is None
    assert freeze_units(lake, "c", units)
    assert not freeze_units(lake, "c", units_of(np.array([4, 5]), np.array([0, 0])))
    again = frozen_units(lake, "c")
    assert again is not None
    assert again.of(np.arange(7)).tolist() == [0, 0, 2, 2, 4, 5, 6]
    file.write_text("source,account,household\nshop,x,A\n")
    with pytest.raises(InputError, match=r"no account that the house has"):
        read_households(lake, file)
    file.write_text("source,account\nshop,x\n")
    with pytest.raises(InputError, match="no column household; it has source, account"):
        read_households(lake, file)
