"""Discoveries that nobody computed: films with numbers as they are in life."""

from dataclasses import replace
from datetime import date

import numpy as np

from fullhouse.discovery.card import (
    Card,
    CardOverlap,
    ComparableFilm,
    Evidence,
    FilmDiscovery,
    Obvious,
    OlderTraits,
    Pick,
    RatioEstimate,
    Refused,
    Segment,
    Stability,
    TicketGroup,
    Tickets,
    WordMatch,
    WordsOnly,
)
from fullhouse.propensity.propensity import CalibrationBin, GroupFairness, ModelCard, ReachPoint
from fullhouse.sample.outcome import Seed

AS_OF, OPENING, BUILT_ON = date(2025, 2, 28), date(2025, 3, 14), date(2025, 3, 1)
BASE, LIKELY = 1_204_310, 21_480


def around(value, spread):
    return RatioEstimate(value, value / spread, value * spread)


REASONS = {"measured": "own_interest", "expected": "comps_not_contradicted", "guess": "words"}


def card(name, persons, beyond, *, basis="measured", mark="steady", outside=0.62):
    """A card whose figures fit together as far as anybody looks."""
    slug = name.split(",")[0].lower().replace(" ", "-")[:24]
    affinity = beyond * 1.25
    size, strength = persons / BASE, float(np.log(max(beyond / 1.2, 1.01)))
    unobviousness = float(np.log(max(beyond, 1.01)) / np.log(affinity))
    return Card(
        id=slug,
        name=name,
        rule=f"buys:{slug}@180d >= 2",
        traits=(f"buys:{slug}",),
        family="buys",
        basis=basis,
        reason=REASONS[basis],
        persons=persons,
        base_people=BASE,
        not_moviegoers=round(persons * outside),
        share=size,
        likely=round(persons * 0.031),
        likely_share=persons * 0.031 / LIKELY,
        index=around(affinity * 0.9, 1.3),
        naive=affinity * 1.45,
        affinity=around(affinity, 1.16),
        beyond=around(beyond, 1.2),
        interest=around(beyond * 1.1, 1.6),
        placebo=around(1.04, 1.1),
        p=3.1e-9,
        q=0.000002,
        excess=persons * 0.0127,
        extra=round(persons * 0.44),
        unobviousness=unobviousness,
        size=size,
        strength=strength,
        rank=unobviousness * size * strength,
        overlap=(),
        evidence=Evidence(812, 96_214, ("shop", "ticketing"), date(2023, 3, 1), AS_OF),
        stability=Stability(
            around(beyond * 1.04, 1.3), around(beyond * 0.93, 1.3), 0.97, 200, mark
        ),
    )


CARDS = (
    card("Owners of older dogs", 48_212, 2.63, outside=0.71),
    card("People who give to animal shelters", 9_340, 3.41, outside=0.78),
    card("Long-distance train travellers", 61_870, 1.58, outside=0.66),
    card("Readers of gentle memoirs and of books about loss, grief and consolation, twice or more"
         " in the last half-year", 22_105, 1.92, mark="shaky"),
    card("Hobby bakers", 104_920, 1.31, basis="expected", outside=0.58),
    card("Buyers of board games for families", 33_418, 1.44, basis="expected", mark="shaky"),
    replace(
        card("Allotment gardeners", 17_006, 1.72, basis="expected", outside=0.83),
        beyond=RatioEstimate(1.72, 1.02, None), interest=RatioEstimate(),
        placebo=RatioEstimate(), naive=None,
    ),
    replace(
        card("Viewers of veterinary series", 27_661, 1.2, basis="guess", mark="not_tested"),
        affinity=RatioEstimate(), beyond=RatioEstimate(), index=RatioEstimate(),
        interest=RatioEstimate(),
        placebo=RatioEstimate(), naive=None, p=None, q=None, excess=None,
        unobviousness=0.0, strength=0.0, rank=0.0,
        stability=Stability(),
        evidence=Evidence(0, None, (), None, None),
        words=(("vet", "veterinary"),),
    ),
)  # fmt: skip
CARDS = (
    replace(
        CARDS[0],
        overlap=(CardOverlap(CARDS[1].id, 3_911, 0.081), CardOverlap(CARDS[2].id, 2_640, 0.055)),
    ),
    *CARDS[1:],
)

IDS = [c.id for c in CARDS]
COMBINATIONS = (
    ((IDS[4],), 81_402),
    ((IDS[2],), 49_118),
    ((IDS[0],), 36_004),
    ((IDS[4], IDS[2]), 9_870),
    ((IDS[3],), 15_730),
    ((IDS[5],), 24_180),
    ((IDS[7],), 18_220),
    ((IDS[6],), 12_020),
    ((IDS[1],), 4_410),
    ((IDS[0], IDS[1]), 3_120),
    ((IDS[0], IDS[2]), 2_216),
    ((IDS[0], IDS[1], IDS[7]), 791),
    ((IDS[3], IDS[4]), 3_305),
    ((IDS[5], IDS[4]), 4_912),
    ((IDS[0], IDS[7]), 2_008),
    ((IDS[6], IDS[4]), 1_650),
    ((IDS[2], IDS[3], IDS[4], IDS[5]), 402),
    (tuple(IDS), 0),
)

SEGMENTS = (
    Segment(
        "owners of older dogs who travel by train",
        "(buys:older-dog@180d >= 2) & (rides:train@365d >= 4)",
        ("buys:older-dog", "rides:train"),
        2_640, 141, around(4.02, 1.35), around(1.53, 1.3), 0.0021,
    ),
    Segment(
        "shelter givers who are not core moviegoers",
        "gives:shelter & !core-moviegoer", ("gives:shelter", "core-moviegoer"),
        7_285, 233, around(3.66, 1.3), RatioEstimate(1.07, 0.94, None), None,
    ),
)  # fmt: skip
PORTFOLIO = (
    Pick("Owners of older dogs", "buys:older-dog", 48_212, 6_120, 48_212, 6_120, 0.285, 0.040),
    Pick("Hobby bakers", "buys:flour", 104_920, 5_204, 100_011, 4_690, 0.503, 0.123),
    Pick(
        "Long-distance train travellers", "rides:train", 61_870, 3_902, 51_330, 2_871, 0.637, 0.166
    ),
    Pick("Readers of gentle memoirs", "reads:memoir", 22_105, 1_440, 17_902, 998, 0.683, 0.181),
)  # fmt: skip
COMPS = (
    ComparableFilm(
        "otter-lake-2021", "Otter Lake", date(2021, 4, 2), 9_120, 0.81, 0.74, 0.32,
        around(3.1, 1.2), names=("Maud Ellery",), goes_with=True, genres=("Drama",),
    ),
    ComparableFilm(
        "paper-kites-2018", "The Paper Kites", date(2018, 3, 16), 7_340, 0.64, 0.61, None,
        around(2.2, 1.3), shared_words=("grief", "humour"), texts_alike=True,
    ),
    ComparableFilm(
        "night-ferry-2022", "Night Ferry", None, 212, 0.41, None, 0.44,
        RatioEstimate(), names=("Two of its cast",), used=False, unused="outweighed",
    ),
)  # fmt: skip
WORDS = (
    WordMatch("buys:older-dog", "bought food for older dogs", 0.83,
              (("dog", "dog"), ("ageing", "older"), ("kibble", "food"))),
    WordMatch("gives:shelter", "gave to an animal shelter", 0.62, (("shelter", "shelter"),)),
    WordMatch("buys:flour", "bought flour", 0.4, (), "plus"),
    WordMatch("buys:hot-dog", "bought hot dogs", 0.38, (("dog", "dogs"),), "minus"),
)  # fmt: skip
REFUSED = (
    Refused("saw:bramble", "outcome_or_its_films"),
    Refused("marked:bramble", "outcome_or_its_films"),
    Refused("buys:bramble-plush", "only_outcome_events"),
)
CITIES = [
    ("New Harbour", 310_400, 96_200), ("Saint Aubin", 204_100, 61_000),
    ("Lindwick", 98_300, 33_400), ("Coldwater Junction", 39_900, 11_700),
    ("Great Morrigal", 87_000, 29_800), ("Elmstead", 71_200, 22_300), ("Ekhollow", 66_640, 19_900),
    ("Hathersea", 55_120, 17_500), ("Tern Bay", 41_000, 12_120),
    ("Pell", 30_010, 9_400), ("Upper Marrow", 28_800, 8_230), ("Grelling", 22_200, 6_010),
    ("Dunmere", 15_640, 4_100), ("Osk", 9_000, 2_340), ("Wick", 4_000, 1_000),
]  # fmt: skip
TOTAL = 412_000.0


def groups(named):
    """Groups whose tickets add up to the total, each range as wide as that of the total."""
    every = sum(t for _, _, t in named)
    amounts = [(n, p, TOTAL * t / every) for n, p, t in named]
    return tuple(TicketGroup(n, p, t, t * 0.74, t * 1.38) for n, p, t in amounts)


TICKETS = Tickets(
    TOTAL, TOTAL * 0.74, TOTAL * 1.38, 11.4, "USD", 0.36,
    groups([(c.name, round(c.persons * 0.8), c.persons * 0.11) for c in CARDS]
           + [("in none of these", 842_110, 190_000)]),
    groups([*CITIES, ("people the house does not know", 0, 77_000)]),
)  # fmt: skip

RICH = FilmDiscovery(
    film="a-season-for-bramble-2025",
    title="A Season for Bramble",
    territory="US",
    as_of=AS_OF,
    opening=OPENING,
    build=12,
    built_on=BUILT_ON,
    used=(
        Seed("interest", "marks:a-season-for-bramble | saw-trailer:a-season-for-bramble", 812,
             wants=640, saw=231),
        Seed("comps", "saw:otter-lake-2021 | saw:paper-kites-2018", 20_668),
        Seed("text", "buys:older-dog | gives:shelter", 57_140),
    ),
    base_people=BASE,
    seed_people=LIKELY,
    interest_people=812,
    placebo="saw:harbour-lights-2020 | saw:quiet-machine-2022",
    obvious=(
        Obvious("fans of drama and family films", "likes:drama | likes:family", 166_020),
        Obvious("fans of its talent", "likes:maud-ellery", 31_411),
        Obvious("core moviegoers", "tickets@365d >= 6", 88_307),
    ),
    obvious_people=241_905,
    cards=CARDS,
    segments=SEGMENTS,
    portfolio=PORTFOLIO,
    comps=COMPS,
    words=WORDS,
    refused=REFUSED,
    tickets=TICKETS,
    tested=418,
    combinations=COMBINATIONS,
    verdict="measured",
    notes=(OlderTraits(date(2025, 2, 20), AS_OF),),
)  # fmt: skip

NULL = replace(
    RICH,
    film="harbour-lights-2025", title="Harbour Lights", cards=(), segments=(), portfolio=(),
    verdict="no_audience", tickets=None, words=(), refused=(), used=RICH.used[:2],
    combinations=(), notes=(), simulated=True,
)  # fmt: skip
GUESS_CARDS = tuple(
    replace(CARDS[7], id=f"guess-{k}", name=name, persons=n, not_moviegoers=m)
    for k, (name, n, m) in enumerate(
        [
            ("养老年犬的人", 48_212, 30_100),
            ("经常坐火车的人", 61_870, 40_220),
            ("读科幻小说的人", 0, 0),
        ]
    )
)
GUESS = replace(
    RICH,
    film="liu-lang-2025", title="流浪的黑莓：最后一个夏天与一列开往远方的慢车", territory="CN",
    cards=GUESS_CARDS, segments=(), portfolio=(), comps=(), refused=(), tickets=None,
    used=(Seed("text", "buys:older-dog | rides:train", 110_082),),
    interest_people=0, seed_people=0, placebo=None, opening=None, verdict="guess", tested=0,
    words=(WordMatch("buys:older-dog", "买老年犬粮", 0.71, (("黑莓", "狗"), ("老", "老年"))),),
    combinations=(), notes=(WordsOnly(),),
)  # fmt: skip
CANNOT = replace(
    NULL,
    film="tin-lantern-2026", title="The Tin Lantern", verdict="cannot_tell", used=(), comps=(),
    seed_people=11, interest_people=11, obvious=(), obvious_people=0, placebo=None, tested=0,
    simulated=False, tickets=None,
)  # fmt: skip
EXPECTED = replace(
    RICH, cards=CARDS[4:5], verdict="expected", simulated=True, tickets=TICKETS, interest_people=24,
    used=RICH.used[1:2], combinations=(),
)  # fmt: skip
ALL = {"rich": RICH, "null": NULL, "guess": GUESS, "cannot tell": CANNOT, "expected": EXPECTED}


def reach_points(power, rate=0.0178, people=BASE):
    """The reach of an order that holds back by `power`; 1 is chance."""
    shares = np.array([0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 1.0])
    reached = shares**power
    return tuple(
        ReachPoint(round(s * people), float(r), float(rate * r / s), float(r / s))
        for s, r in zip(shares, reached, strict=True)
    )


CURVES = {
    "propensity": reach_points(0.42),
    "look-alike": reach_points(0.55),
    "best possible": reach_points(0.2),
    "activity alone": reach_points(0.8),
}
BINS = tuple(
    CalibrationBin(n, p, o, lo, hi)
    for n, p, o, lo, hi in (
        (602_150, 0.0012, 0.0010, 0.0009, 0.0011),
        (301_077, 0.0061, 0.0066, 0.0063, 0.0069),
        (180_640, 0.0173, 0.0181, 0.0175, 0.0187),
        (84_302, 0.0425, 0.0402, 0.0389, 0.0415),
        (30_108, 0.101, 0.109, 0.105, 0.113),
        (6_033, 0.238, 0.201, 0.191, 0.211),
    )
)
MODEL = ModelCard(
    film=RICH.film, title=RICH.title, as_of=AS_OF, built_on=BUILT_ON,
    learned_from=("otter-lake-2021", "paper-kites-2018", "night-ferry-2022"),
    judged_on=("quiet-machine-2022", "lindwick-tin-2023"),
    signals=("comps", "content", "activity"),
    people=BASE, level="forecast", expected_people=21_436.7,
    auc=0.781, auc_low=0.752, auc_high=0.808, baseline_auc=0.694,
    calibration_slope=0.93, calibration=BINS, reach=CURVES["propensity"],
    fairness=(
        GroupFairness("women", 611_200, 0.0181, 0.0187, 0.779, 0.541, 0.508),
        GroupFairness("men", 560_110, 0.0172, 0.0166, 0.784, 0.429, 0.465),
        GroupFairness("not told", 33_000, None, None, None, 0.03, 0.027),
    ),
    fingerprint="5be20c9d41aa",
)  # fmt: skip
BARE_MODEL = replace(
    MODEL, auc=None, auc_low=None, auc_high=None, baseline_auc=None, calibration_slope=None,
    calibration=(), reach=(), fairness=(), judged_on=(),
)  # fmt: skip
