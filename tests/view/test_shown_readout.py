"""A readout survives being written as JSON and read back, whatever its figures are."""

import json
from dataclasses import replace
from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from fullhouse.measurement.experiment import ArmEffect, Cuped
from fullhouse.measurement.exposure import Exposure
from fullhouse.stats.figures import AlwaysValid, Capped, Check, Estimate, Interval
from fullhouse.view.shown_readout import NamedEffect, ShownReadout, shown_from
from tests.view.made_plans import SHOWN

NUMBERS = st.floats(allow_nan=False, allow_infinity=True)
TEXTS = st.text(max_size=8) | st.sampled_from(["infinite", "-infinite"])
COUNTS = st.integers(0, 10**9)


def figures(kind, n):
    return st.builds(kind, *([NUMBERS] * n))


ESTIMATES, INTERVALS = figures(Estimate, 7), figures(Interval, 3)
EFFECTS = st.builds(
    ArmEffect, arm=TEXTS, control=TEXTS, outcome=TEXTS, yes_or_no=st.booleans(), people=COUNTS,
    control_people=COUNTS, mean=st.floats(0, 9), control_mean=st.floats(0, 9), effect=ESTIMATES,
    method=TEXTS, total=INTERVALS, holm_p=st.floats(0, 1), relative=st.none() | INTERVALS,
    always_valid=st.none() | figures(AlwaysValid, 6),
    cuped=st.none() | st.builds(Cuped, ESTIMATES, st.floats(0, 1), st.floats(0, 1)),
    capped=st.none() | st.builds(Capped, st.floats(0, 9), COUNTS, ESTIMATES),
    cost_each=st.none() | INTERVALS, return_on_spend=st.none() | INTERVALS,
    unknown=st.lists(TEXTS, max_size=2).map(tuple),
)  # fmt: skip
READOUTS = st.builds(
    ShownReadout, TEXTS, st.dates(),
    st.lists(st.builds(NamedEffect, TEXTS, TEXTS, EFFECTS), max_size=3).map(tuple),
    st.lists(st.builds(Check, TEXTS, st.floats(0, 1)), max_size=2).map(tuple),
    st.lists(TEXTS, max_size=2).map(tuple),
    st.lists(st.builds(Exposure, TEXTS, TEXTS, *[COUNTS] * 5), max_size=2).map(tuple),
    st.none() | st.floats(0, 1e9), TEXTS, st.floats(0, 1),
)  # fmt: skip


@given(READOUTS)
def test_what_is_written_is_read_back(shown):
    text = json.dumps(shown.to_dict(), allow_nan=False)
    assert shown_from(json.loads(text)) == shown


def test_an_old_body_without_exposures_is_read_too():
    told = SHOWN.to_dict()
    for name in ("exposures", "spend", "currency", "share_seen"):
        del told[name]
    assert shown_from(told) == SHOWN
    assert shown_from(replace(SHOWN, as_of=date(2025, 4, 1)).to_dict()).as_of == date(2025, 4, 1)
