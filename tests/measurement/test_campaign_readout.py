"""A readout survives being written as JSON and read back, whatever its figures are."""

import json
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import get_args

from hypothesis import given
from hypothesis import strategies as st

from fullhouse.control.campaign_records import SavedReadout
from fullhouse.core.errors import CannotTellError, Reason
from fullhouse.measurement.campaign_readout import (
    ByHousehold,
    CampaignReadout,
    CardsNotJudged,
    EffectOnReached,
    Exposure,
    HeldOutReached,
    Interim,
    NamedEffect,
    NoEffectOnReached,
    NoImpressions,
    NotChecked,
    Note,
    PartNotRead,
    SavedRemark,
    SharedPeople,
    SilentChannels,
    TreatedReached,
    Unpriced,
    readout_of_record,
    saved_readout,
)
from fullhouse.measurement.experiment import (
    ArmEffect,
    CityPairsReadout,
    Cuped,
    Experiment,
    GeoReadout,
    Readout,
    Unknown,
    Uplift,
    adapter,
    as_plain,
)
from fullhouse.stats.figures import AlwaysValid, Capped, Check, Estimate, Interval
from fullhouse.view.words.readout import NOTES, note_sentences
from tests.view.sample_plans import SHOWN, WHOLE

NUMBERS = st.floats(allow_nan=False, allow_infinity=True)
TEXTS = st.text(max_size=8) | st.sampled_from(["infinite", "-infinite"])
COUNTS = st.integers(0, 10**9)


def figures(kind, n):
    return st.builds(kind, *([NUMBERS] * n))


REASONS = st.builds(
    Reason, TEXTS, st.dictionaries(TEXTS, COUNTS | TEXTS | st.floats(-9, 9), max_size=2), TEXTS
)
ESTIMATES, INTERVALS = figures(Estimate, 7), figures(Interval, 3)
EFFECTS = st.builds(
    ArmEffect, arm=TEXTS, control=TEXTS, outcome=TEXTS, yes_or_no=st.booleans(), people=COUNTS,
    control_people=COUNTS, mean=st.floats(0, 9), control_mean=st.floats(0, 9), effect=ESTIMATES,
    method=TEXTS, total=INTERVALS, holm_p=st.floats(0, 1), relative=st.none() | INTERVALS,
    always_valid=st.none() | figures(AlwaysValid, 6),
    cuped=st.none() | st.builds(Cuped, ESTIMATES, st.floats(0, 1), st.floats(0, 1)),
    capped=st.none() | st.builds(Capped, st.floats(0, 9), COUNTS, ESTIMATES),
    cost_each=st.none() | INTERVALS, return_on_spend=st.none() | INTERVALS,
    unknown=st.lists(st.builds(Unknown, TEXTS, REASONS), max_size=2).map(tuple),
)  # fmt: skip
CHECKS = st.builds(Check, TEXTS, st.floats(0, 1))
NOTE_VALUES = (
    st.builds(Interim, st.dates(), st.dates()) | st.builds(ByHousehold) | st.builds(NoImpressions)
    | st.builds(SilentChannels, st.lists(TEXTS, max_size=2).map(tuple))
    | st.builds(TreatedReached, COUNTS, COUNTS) | st.builds(EffectOnReached, INTERVALS)
    | st.builds(NoEffectOnReached, REASONS)
    | st.builds(HeldOutReached, COUNTS, COUNTS, st.floats(0, 1))
    | st.builds(Unpriced, COUNTS, TEXTS) | st.builds(SharedPeople, TEXTS, COUNTS, COUNTS)
    | st.builds(NotChecked, TEXTS, TEXTS) | st.builds(PartNotRead, TEXTS, TEXTS, REASONS)
    | st.builds(CardsNotJudged, REASONS) | st.builds(SavedRemark, TEXTS)
)  # fmt: skip
READOUTS = st.builds(
    CampaignReadout, TEXTS, st.dates(),
    st.lists(st.builds(NamedEffect, TEXTS, TEXTS, EFFECTS), max_size=3).map(tuple),
    st.lists(CHECKS, max_size=2).map(tuple),
    st.lists(NOTE_VALUES, max_size=3).map(tuple),
    st.lists(st.builds(Exposure, TEXTS, TEXTS, *[COUNTS] * 5), max_size=2).map(tuple),
    st.none() | st.floats(0, 1e9), TEXTS, st.floats(0, 1),
)  # fmt: skip


EXPERIMENTS = st.builds(
    Experiment, st.just("arm"), TEXTS, st.just(("visit",)), st.just(("age",)),
    shares=st.none() | st.dictionaries(TEXTS, st.floats(0, 9), max_size=2),
)  # fmt: skip
RESULTS = (
    st.builds(Readout, EXPERIMENTS, st.dictionaries(TEXTS, COUNTS, max_size=2),
              st.lists(CHECKS, max_size=2).map(tuple), st.lists(EFFECTS, max_size=2).map(tuple),
              st.lists(TEXTS, max_size=2).map(tuple))
    | st.builds(GeoReadout, TEXTS, st.tuples(TEXTS), st.dates(), st.dates(), INTERVALS, INTERVALS,
                st.floats(0, 9), st.floats(0, 1), st.floats(0, 1), COUNTS,
                st.dictionaries(TEXTS, st.floats(0, 1), max_size=2), st.floats(0, 1),
                st.floats(0, 1))
    | st.builds(CityPairsReadout, TEXTS, st.tuples(TEXTS), st.tuples(TEXTS), st.dates(), st.dates(),
                INTERVALS, INTERVALS, st.floats(0, 9), st.floats(0, 9), st.floats(0, 9),
                st.floats(0, 1), COUNTS, st.booleans(), st.floats(0, 1),
                returned=st.none() | INTERVALS, no_cost=st.none() | REASONS)
    | st.builds(Uplift, TEXTS, TEXTS, TEXTS, COUNTS, INTERVALS, INTERVALS, INTERVALS, COUNTS,
                st.floats(0, 1))
)  # fmt: skip


@given(READOUTS)
def test_what_is_written_is_read_back(readout):
    text = json.dumps(readout.to_dict(), allow_nan=False)
    assert saved_readout(json.loads(text)) == readout


@given(RESULTS)
def test_every_result_is_written_and_read_back(result):
    text = json.dumps(as_plain(result), allow_nan=False)
    assert adapter(type(result)).validate_python(json.loads(text)) == result


def test_an_infinite_end_is_a_text_in_json_and_a_number_again():
    readout = replace(SHOWN, exposures=())
    body = json.loads(json.dumps(readout.to_dict(), allow_nan=False))
    assert body["effects"][0]["effect"]["cost_each"]["high"] == "infinite"
    assert saved_readout(body).effects[0].effect.cost_each.high == float("inf")


def test_a_reason_with_an_infinite_fact_is_json_too():
    reason = CannotTellError(code="nothing_won", won=-1.0, low=-float("inf"), high=0.0).reason
    assert json.loads(json.dumps(as_plain(reason), allow_nan=False))["facts"]["low"] == "-infinite"


def test_readouts_saved_before_are_read_too():
    """Without exposures and spend; with sentences as notes; with the whole alone."""
    body = SHOWN.to_dict()
    for name in ("exposures", "spend", "currency", "share_observed"):
        del body[name]
    assert saved_readout(body) == SHOWN
    body |= {"share_seen": 0.5, "notes": ["Arms are by household."]}
    body["effects"][0]["effect"]["unknown"] = ["The cost is not known."]
    old = saved_readout(body)
    assert old.share_observed == 0.5
    assert note_sentences(old) == ["Arms are by household."]
    assert str(old.effects[0].effect.unknown[0].reason) == "The cost is not known."
    whole = {k: v for k, v in WHOLE.to_dict().items() if k != "not_checked"} | {"notes": []}
    record = SavedReadout("c", date(2025, 4, 1), whole, datetime(2025, 4, 1, tzinfo=UTC))
    oldest = readout_of_record(record)
    assert (oldest.campaign, oldest.as_of, oldest.whole) == ("c", date(2025, 4, 1), WHOLE.effects)


def test_every_kind_of_note_has_a_sentence():
    assert set(NOTES) == set(get_args(Note))
