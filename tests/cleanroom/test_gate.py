"""The gate: the same question gives the same bytes for nothing, and nothing exact leaves."""

from dataclasses import replace
from itertools import pairwise

import pytest

from fullhouse.cleanroom import gate, ledger, log, tenants
from fullhouse.cleanroom.answers import Computed
from fullhouse.cleanroom.ledger import BudgetError
from fullhouse.cleanroom.policy import HOUSE_FILE, PolicyError, load
from fullhouse.cleanroom.question import Breakdown, Count, Describe, Overlap
from fullhouse.core.errors import CannotTellError, FullhouseError, InputError, did_you_mean
from fullhouse.view.words.errors import error_words
from fullhouse.workspace.context import open_house
from tests.cleanroom.conftest import DAY, KEY, OWN, PEOPLE, POLICY, RIVAL, SECRET, traits


def figure(answer, name="people", **of):
    return next(
        line.figures[name]
        for line in answer.release.lines
        if all(line.of.get(k) == v for k, v in of.items())
    )


def test_the_same_question_costs_once_and_gives_the_same_bytes(lion):
    before = gate.price(lion, Count("books & dogs"))
    first = gate.ask(lion, Count("books & dogs"))
    again = gate.ask(lion, Count("dogs & (buys:books & !!dogs)"))
    assert (before.answered, before.rho, first.paid) == (False, 50_000, 50_000)
    assert again.body == first.body
    assert again.paid == 0
    assert gate.price(lion, Count("dogs & books")).rho == 0
    assert ledger.spent(lion.control, tenant="lion") == 50_000
    assert ledger.disagreements(lion.control) == ()


def test_a_count_is_near_the_truth_and_not_it_and_its_interval_says_how_near(lion):
    exact = len(traits()["buys:books"])
    shown = figure(gate.ask(lion, Count("books")))
    assert shown.high - shown.low == pytest.approx(2 * 1.96 * 100, rel=0.01)
    assert abs(shown.value - exact) < 600
    # The coarsest first: a coarser answer than one that is held says no more than that one.
    coarse = {figure(gate.ask(lion, Count("dogs", precision=p))).value for p in range(211, 199, -1)}
    assert len(coarse) > 6
    held = figure(gate.ask(lion, Count("dogs", precision=400))).value
    assert held in coarse


def test_a_count_of_a_part_is_no_larger_than_that_of_the_whole(lion, wolf):
    """Each is nearly the same people as the next, so that noise alone would turn half of them."""
    rules = ["books - rare - (age:55+ & dogs & rare)", "books - (rare & dogs)", "books",
             "books | (rare & dogs)", "books | rare", "books | rare | (dogs & age:55+ & rare)",
             "everyone"]  # fmt: skip
    part_of = list(pairwise(rules))
    for tenant, order in ((lion, rules), (wolf, rules[::-1])):
        title = OWN if tenant is lion else RIVAL
        answers = {rule: gate.ask(tenant, Count(rule), title=title) for rule in order}
        values = {rule: figure(answer) for rule, answer in answers.items()}
        for part, whole in part_of:
            assert (values[part].value or 0) <= values[whole].value
        for rule, shown in values.items():
            assert shown.value is None or shown.low <= shown.value <= shown.high
            noted = [n.code for n in answers[rule].release.notes]
            is_wider = shown.high - shown.low > 2 * 1.96 * 100 + 1
            assert noted in ([], ["fits_other_counts"])
            assert not is_wider or noted


def test_rivals_get_noise_of_their_own_and_learn_nothing_of_each_others_questions(lion, wolf):
    first = gate.ask(lion, Count("books"))
    assert gate.price(wolf, Count("books"), title=RIVAL).answered is False
    other = gate.ask(wolf, Count("books"), title=RIVAL)
    assert other.body != first.body


def test_parts_add_up_and_the_filtered_rest_is_one_line(lion):
    answer = gate.ask(lion, Breakdown("everyone", "buys"))
    cells = [line.figures["people"] for line in answer.release.lines]
    total, small = cells[-1], [c for c in cells if c.fewer_than]
    assert total.value is not None
    assert all(c.value is None and c.fewer_than == 50 for c in small)
    assert all(c.value >= 50 for c in cells if c not in small)
    assert abs(total.value - PEOPLE) < 600
    shown = sum(c.value for c in cells[:-1] if c.value is not None)
    assert total.value - 2 * 50 <= shown <= total.value


def test_sizes_of_an_overlap_are_sums_of_its_parts(lion):
    answer = gate.ask(lion, Overlap(("books", "dogs", "age:35-54")))
    lines = answer.release.lines
    union = figure(answer, kind="union").value
    only = [line.figures["people"].value or 0 for line in lines if line.of["kind"] == "only"]
    assert sum(only) == pytest.approx(union, abs=8 * 50)
    for line in lines:
        assert (line.figures["people"].value or 0) <= union


def test_a_description_gives_shares_with_intervals_and_subsets_are_no_larger(lion):
    answer = gate.ask(lion, Describe("books", ("age", "buys")))
    size = figure(answer, trait="all")
    for line in answer.release.lines[1:]:
        people, base = line.figures["people"], line.figures["base_people"]
        if people.value is not None and base.value is not None:
            assert people.value <= min(base.value, size.value)
    books = figure(answer, "index", trait="buys:books")
    assert books.low < 100 * PEOPLE / len(traits()["buys:books"]) < books.high
    assert {line.of.get("trait") for line in answer.release.lines}.isdisjoint({"age:0-17"})


@pytest.mark.parametrize(
    ("question", "code", "key"),
    [
        (Count("health:pills"), "policy_trait", "sensitive.families"),
        (Count("age:0-34"), "policy_trait", "sensitive.traits"),
        (Breakdown("everyone", "health"), "policy_trait", "sensitive.families"),
        (Count("books", precision=3), "policy_precision", "price.count"),
    ],
)
def test_what_a_policy_forbids_names_its_line_and_costs_nothing(lion, question, code, key):
    with pytest.raises(PolicyError) as refused:
        gate.ask(lion, question)
    assert (refused.value.code, refused.value.facts["key"]) == (code, key)
    assert refused.value.facts["line"] > 0
    line = POLICY.splitlines()[refused.value.facts["line"] - 1]
    assert line.startswith(key.split(".")[1])
    assert ledger.entries(lion.control) == ()


def test_without_a_policy_nothing_is_answered(lion):
    lion.place.remove(HOUSE_FILE)
    with pytest.raises(PolicyError):
        gate.ask(lion, Count("books"))


def test_a_secret_film_has_the_words_of_one_that_does_not_exist(lion, wolf):
    assert figure(gate.ask(wolf, Count(f"saw:{SECRET}"), title=SECRET)).value is not None
    for secret, absent in ((f"saw:{SECRET}", "saw:no-such-film-2027"), ("hidden-film", "no-such")):
        messages = []
        for rule in (secret, absent):
            with pytest.raises(InputError) as refused:
                gate.ask(lion, Count(rule))
            messages.append(str(refused.value).replace(rule, "FILM").replace(" " * 12, ""))
        assert "hidden-film" not in messages[0].replace(secret, "")
        assert messages[0].splitlines()[0] == messages[1].splitlines()[0]
    for title in (SECRET, RIVAL, "no-such-film-2027"):
        with pytest.raises(InputError, match=r"^No title") as refused:
            gate.ask(lion, Count("books"), title=title)
        near = did_you_mean(title, [OWN])
        assert str(refused.value) == (
            f"No title {title!r} of yours.{near} Ask the house to add it to your titles."
        )


def test_a_suspended_tenant_a_viewer_and_a_stranger_ask_nothing(lion):
    with pytest.raises(InputError, match="may not ask"):
        gate.ask(replace(lion, actor="vic"), Count("books"))
    with pytest.raises(InputError, match="No user 'eve' of yours"):
        gate.ask(replace(lion, actor="eve"), Count("books"))
    tenants.suspend_tenant(lion.control, "lion")
    with pytest.raises(InputError, match="suspended"):
        gate.ask(lion, Count("books"))
    with pytest.raises(InputError, match="no tenant"):
        gate.ask(replace(lion, tenant="fox"), Count("books"))


def test_what_a_stage_cannot_compute_is_released_without_its_words_for_the_full_price(lion):
    def cannot(_: gate.PricedQuestion) -> Computed:
        raise CannotTellError(code="too_few_films", films=31_337, needed=100)

    answer = gate.ask(lion, Count("books"), compute=cannot)
    assert [n.code for n in answer.release.notes] == ["cannot_tell"]
    assert b"31337" not in answer.body
    assert answer.paid == ledger.spent(lion.control) == 50_000


def test_a_bug_that_may_depend_on_the_data_is_paid_logged_and_says_nothing_of_them(lion):
    def broken(_: gate.PricedQuestion) -> Computed:
        raise ZeroDivisionError("31337 people")

    with pytest.raises(FullhouseError) as failed:
        gate.ask(lion, Count("books"), compute=broken)
    assert failed.value.code == "release_failed_paid"
    assert "31337" not in repr(failed.value) + str(failed.value)
    assert ledger.spent(lion.control, tenant="lion") == 50_000
    assert ledger.disagreements(lion.control) == ()
    (leaf,) = log.entries(lion.control)
    assert leaf.kind == "failed.count"
    assert "31337" not in leaf.body
    assert gate.ask(lion, Count("books")).paid == 50_000


def test_a_failure_of_the_machine_gives_the_money_back(lion):
    def full(_: gate.PricedQuestion) -> Computed:
        raise OSError(28, "No space left on device")

    with pytest.raises(FullhouseError) as failed:
        gate.ask(lion, Count("books"), compute=full)
    assert failed.value.code == "release_failed"
    assert ledger.spent(lion.control, tenant="lion") == 0


def test_a_policy_that_was_edited_by_hand_is_a_leaf_when_it_is_first_in_force(house, lion):
    def leaves():
        return [e for e in log.entries(house.control) if e.kind == gate.POLICY_LEAF]

    gate.price(lion, Count("books"))
    gate.price(lion, Count("dogs"))
    (first,) = leaves()
    house.place.write(HOUSE_FILE, POLICY.replace("minimum = 50", "minimum = 60").encode())
    gate.price(lion, Count("books"))
    second, before = leaves()
    assert before == first
    assert load(house.place).digest in second.body
    house.place.write(HOUSE_FILE, POLICY.encode())
    gate.price(lion, Count("books"))
    gate.price(lion, Count("books"))
    assert len(leaves()) == 3
    with open_house(house.place.root, environment=KEY, today=DAY) as again:  # a new process
        gate.price(replace(again, tenant="lion", actor="ann"), Count("books"))
    assert len(leaves()) == 3


def test_when_the_budget_is_used_up_the_error_says_what_is_left_and_until_when(lion):
    small = POLICY.replace("title = 0.25", "title = 0.0005")
    lion.place.write(HOUSE_FILE, small.encode())
    assert gate.ask(lion, Count("books")).paid == 50_000
    assert gate.ask(lion, Count("dogs")).paid == 50_000
    price = gate.price(lion, Count("books | dogs"))
    assert price.affordable is False
    with pytest.raises(BudgetError) as refused:
        gate.ask(lion, Count("books | dogs"))
    facts = refused.value.facts
    assert (facts["scope"], facts["of"], facts["left"]) == ("stage", f"{OWN}/plan", 0)
    assert "nothing is left for the stage" in error_words(refused.value)
    assert facts["ends"].isoformat() == "2026-12-31"
    assert gate.ask(lion, Count("books")).paid == 0


def test_every_release_is_a_leaf_of_the_tenants_log(lion):
    answer = gate.ask(lion, Count("books"))
    (leaf,) = log.entries(lion.control)
    assert leaf.kind == "release.count"
    assert answer.release.digest in leaf.body
    assert log.verify(lion.control) == []
