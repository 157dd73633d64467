"""Properties: stated, matched to people, their fans' turnout, and their worth."""

from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fullhouse.audiences import Rule, parse
from fullhouse.core.errors import InputError, NotFoundError
from fullhouse.core.person_sets import PersonSet, by_block
from fullhouse.greenlight.fans import (
    PeopleInStrata,
    fan_rule,
    match,
    pooled,
    turnout,
    without_viewers,
)
from fullhouse.greenlight.idea import Idea
from fullhouse.greenlight.past import PastFilms
from fullhouse.greenlight.properties import (
    add_property,
    check_values,
    find_property,
    import_properties,
    read_properties,
)
from fullhouse.greenlight.property import Adaptation, Property, PropertyValue
from fullhouse.greenlight.terms import GreenlightTerms
from fullhouse.greenlight.worth import price_at_most, worth
from fullhouse.lake import Lake
from fullhouse.lake.place import Place
from fullhouse.traits import Trait
from fullhouse.view.greenlight_page import property_page

AT = datetime(2024, 1, 1, tzinfo=UTC)
DAY = date(2024, 1, 1)
KESTREL = Property("the-kestrel", (("", "The Kestrel"), ("zh", "红隼")), "fiction book")


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake(Place.of(str(tmp_path / "lake")))


def trait(name: str, people: int = 100) -> Trait:
    family, _, _ = name.partition(":")
    return Trait(1, name, family, name, "view", {"min_events": 1}, people, {}, True)


def test_a_property_is_known_from_its_day_on_and_more_is_stated_later(lake: Lake) -> None:
    first = {"kind": "comic", "titles": ("zh=红隼",), "holder": "Larch"}
    name, new = add_property(lake, "The Kestrel", first, known_on=DAY, at=AT)
    later = datetime(2024, 2, 1, tzinfo=UTC)
    again = add_property(lake, "红隼", {"holder": "Alder"}, known_on=date(2024, 2, 1), at=later)
    assert (name, new) == ("the-kestrel", True)
    assert again == ("the-kestrel", False)
    assert read_properties(lake, date(2023, 12, 31)) == []
    (early,) = read_properties(lake, date(2024, 1, 15))
    (late,) = read_properties(lake, date(2024, 3, 1))
    assert (early.holder, late.holder) == ("Larch", "Alder")
    assert {t for _, t in late.titles} == {"The Kestrel", "红隼"}
    assert find_property([late], "红隼") == find_property([late], "the-kestrel") == late
    with pytest.raises(NotFoundError, match="Did you mean 'the-kestrel'"):
        find_property([late], "the-kestrl")


def test_a_later_statement_adds_and_a_backdated_one_carries_nothing_back(lake: Lake) -> None:
    def state(title: str, day: date, hour: int, **values: object) -> None:
        at = datetime(2024, 5, 1, hour, tzinfo=UTC)
        assert add_property(lake, title, values, known_on=day, at=at)[0] == "the-kestrel"

    early = date(2020, 1, 1)
    first = {"titles": ("zh=红隼",), "genres": ("Drama",), "adaptations": ("a-2010",)}
    state("The Kestrel", DAY, 1, kind="comic", holder="Larch", **first)
    state("红隼", early, 2, adaptations=("b-2019",))
    state("the kestrel", DAY, 3, genres=("Action", "Drama"))
    (now,) = read_properties(lake, DAY)
    assert now.titles == (("", "The Kestrel"), ("zh", "红隼"))
    assert (now.kind, now.holder) == ("comic", "Larch")
    assert now.genres == ("Drama", "Action")
    assert set(now.adaptations) == {"a-2010", "b-2019"}
    assert read_properties(lake, early) == [], "what it is was not known by then"
    state("The Kestrel", early, 4, kind="comic")
    (then,) = read_properties(lake, early)
    assert (then.genres, then.adaptations, then.holder) == ((), ("b-2019",), "")


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"kind": "comics"}, "Did you mean 'comic'"),
        ({"titles": ("红隼",)}, "with its language"),
        ({"rule": "buys:books and"}, "rule"),
        ({"holdr": "Larch"}, "Did you mean 'holder'"),
    ],
)
def test_a_mistake_is_told_with_what_would_do(values: dict[str, object], words: str) -> None:
    with pytest.raises(InputError) as problem:
        check_values("The Kestrel", values)
    assert words.lower() in str(problem.value).lower()


def test_a_kind_is_needed_once(lake: Lake) -> None:
    with pytest.raises(InputError, match="Give its kind"):
        add_property(lake, "The Kestrel", {}, known_on=DAY, at=AT)


def test_a_table_is_taken_in_and_bad_rows_are_told(lake: Lake, tmp_path: Path) -> None:
    file = tmp_path / "ip.csv"
    file.write_text(
        "title,kind,titles,genres,known_on\n"
        "Otter,game,zh=水獭|fr=La Loutre,Drama|Comedy,2020-05-01\n"
        "Hare,cartoon,,,\nWren,song,,,yesterday\n,tv,,,\n",
        encoding="utf-8",
    )
    result = import_properties(lake, file, known_on=DAY, at=AT)
    assert (result.read, result.new, [n for n, _ in result.problems]) == (4, 1, [2, 3, 4])
    (otter,) = read_properties(lake, date(2021, 1, 1))
    assert otter.genres == ("Drama", "Comedy")
    assert len(otter.titles) == 3
    file.write_text("name,kind\nA,tv\n", encoding="utf-8")
    with pytest.raises(InputError, match="no column title"):
        import_properties(lake, file, known_on=DAY, at=AT)


def test_only_the_same_title_counts_and_the_rest_is_to_review() -> None:
    rows = match(
        KESTREL,
        [
            trait("saw:the-kestrel-2019", 50),
            trait("searched:the-kestrel-returns-2021", 20),
            trait("buys:books/the-kestrel", 70),
            trait("word:kestrel", 300),
            trait("saw:the-otter-2019", 900),
            trait("city:kestrel", 900),
        ],
    )
    assert [(m.trait, m.why) for m in rows] == [
        ("buys:books/the-kestrel", "title"),
        ("saw:the-kestrel-2019", "title"),
        ("word:kestrel", "short"),
        ("searched:the-kestrel-returns-2021", "words"),
    ]
    assert fan_rule(KESTREL, rows) == "buys:books/the-kestrel or saw:the-kestrel-2019"
    assert fan_rule(replace(KESTREL, rule="buys:books"), rows) == "buys:books"


def test_a_short_title_never_counts_by_itself() -> None:
    (row,) = match(Property("it", (("", "It"),), "fiction book"), [trait("saw:it-2017")])
    assert (row.why, row.sure) == ("short", False)


@pytest.mark.parametrize(
    ("rule", "left"),
    [
        ("saw:hare-2019", None),
        ("saw:hare-2019 or buys:books", "buys:books"),
        ("buys:books or (saw:hare-2019 and female)", "buys:books"),
        ("buys:books and not saw:hare-2019", "buys:books and everyone"),
        ("not (saw:hare-2019 or saw:wren-2020)", "not saw:wren-2020"),
        ("saw:hare-2019-again or plays:hare", "saw:hare-2019-again or plays:hare"),
    ],
)
def test_who_saw_an_adaptation_is_no_fan_by_that_alone(rule: str, left: str | None) -> None:
    result = without_viewers(parse(rule), ["hare-2019"])
    assert result == (None if left is None else parse(left))


def made_people(ratio: float, *, seed: int) -> tuple[PeopleInStrata, dict[str, PersonSet]]:
    """Twice as active people see and read more; fans see adaptations `ratio` times as often."""
    rng = np.random.default_rng(seed)
    active = rng.random(20_000) < 0.5
    ids = np.arange(20_000, dtype=np.uint32)
    fans, sets = {}, {}
    for k in range(8):
        is_fan = rng.random(20_000) < np.where(active, 0.10, 0.03)
        fans[f"ip-{k}"] = by_block(ids[is_fan])
        if k < 4:
            base = np.where(active, 0.12, 0.02)
            sets[f"saw:film-{k}"] = by_block(
                ids[rng.random(20_000) < np.minimum(base * np.where(is_fan, ratio, 1), 1)]
            )
    strata = (by_block(ids[active]), by_block(ids[~active]))

    def who(rule: Rule | str) -> PersonSet:
        if not isinstance(rule, str) or rule not in sets:
            raise InputError(f"No trait {rule}")
        return sets[rule]

    return PeopleInStrata(who, by_block(ids), strata), fans


def properties() -> list[Property]:
    films = [(f"film-{k}",) if k < 4 else () for k in range(8)]
    return [
        Property(f"ip-{k}", (("", f"Ip {k}"),), "comic", adaptations=films[k]) for k in range(8)
    ]


@pytest.mark.parametrize("ratio", [1.0, 2.5])
def test_turnout_is_what_was_put_in_and_its_placebo_is_nothing(ratio: float) -> None:
    people, fans = made_people(ratio, seed=4)
    result = turnout(people, "comic", fans, properties())
    assert result is not None
    assert len(result.adaptations) == 4
    error = np.log(result.pooled.high / result.pooled.low) / 3.92
    assert abs(np.log(result.pooled.value / ratio)) < 5 * error
    # Activity is adjusted for: without it the placebo would be 1.4.
    assert result.placebo is not None
    assert abs(np.log(result.placebo)) < 0.15
    assert result.proven == (ratio > 1)
    assert result.expected.low <= result.pooled.low


def test_fewer_than_three_adaptations_cannot_tell() -> None:
    people, fans = made_people(2.0, seed=4)
    few = [
        replace(p, adaptations=p.adaptations if k < 2 else ()) for k, p in enumerate(properties())
    ]
    assert turnout(people, "comic", fans, few) is None


@given(st.lists(st.floats(0.3, 3), min_size=3, max_size=12), st.floats(0.05, 0.5))
def test_a_new_adaptation_is_less_sure_than_the_mean(ratios: list[float], error: float) -> None:
    rows = [Adaptation(f"f{k}", "p", "tv", 99, 9, r, error, None) for k, r in enumerate(ratios)]
    result = pooled(rows)
    assert min(ratios) - 1e-9 <= result.pooled.value <= max(ratios) + 1e-9
    assert result.expected.low <= result.pooled.low
    assert result.expected.high >= result.pooled.high


def test_worth_is_the_difference_at_the_same_draws(past: PastFilms, terms: GreenlightTerms) -> None:
    idea = Idea("The Kestrel", 2e7, ("Drama",), "", date(2016, 6, 1), advertising=5e6)
    day = date(2015, 6, 1)
    good, poor = (
        worth(past, idea, kind, terms, as_of=day, risk=0.6, margin=0.0, draws=4000)
        for kind in ("tv", "real life")
    )
    assert good is not None
    assert poor is not None
    assert poor.adds.value < 0 < good.adds.value
    assert good.low < good.adds.value < good.high
    assert good.gross_without == poor.gross_without
    # 1.6 was put in, and a tenth of 1,500 films tell it to about 8 %.
    assert good.gross_with[1] / good.gross_without[1] == pytest.approx(1.6, rel=0.35)
    assert worth(past, idea, "toy", terms, as_of=day, risk=0.5, margin=0.1) is None


def test_where_only_home_is_known_a_property_speaks_of_home_alone(
    past: PastFilms, terms: GreenlightTerms
) -> None:
    idea = Idea("The Kestrel", 2e7, ("Drama",), "", date(2016, 6, 1))
    home = replace(past, gross=past.home, everywhere=False)
    result = worth(home, idea, "tv", terms, as_of=date(2015, 6, 1), risk=0.6, margin=0.0)
    assert result is not None
    value = PropertyValue(
        KESTREL, DAY, "US", "USD", 2e7, None, None, None, None, result, (), simulated=False
    )
    page = property_page(value)
    assert "all countries" not in page.casefold()
    assert "Gross at home with it" in page


@given(st.floats(0.05, 0.95), st.floats(0, 1))
def test_the_price_at_most_keeps_to_risk_and_margin(risk: float, margin: float) -> None:
    profit = np.random.default_rng(1).normal(5.0, 10.0, 2000)
    price = price_at_most(profit, 20.0, risk=risk, margin=margin)
    if price is None:
        assert (profit < 0).mean() > risk - 0.01 or profit.mean() < margin * 20
        return
    assert (profit - price < -1e-9).mean() <= risk + 1e-9
    assert (profit - price).mean() >= margin * (20 + price) - 1e-9
    dearer = price + 0.2
    too_risky = (profit - dearer < 0).mean() > risk - 0.001
    assert too_risky or (profit - dearer).mean() < margin * (20 + dearer)


@pytest.mark.parametrize(("risk", "margin"), [(0.0, 0.1), (1.0, 0.1), (0.5, -0.1)])
def test_a_risk_or_margin_that_is_none_is_refused(
    past: PastFilms, terms: GreenlightTerms, risk: float, margin: float
) -> None:
    with pytest.raises(InputError):
        worth(past, Idea("A", 2e7), "tv", terms, as_of=DAY, risk=risk, margin=margin)
