"""Private match: sizes with noise for the studio, sizes alone for the house, lists for nobody."""

import csv
import json
import stat
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import norm
from typer.testing import CliRunner

from fullhouse import app
from fullhouse.cleanroom import gate, ledger, log, private_match
from fullhouse.cleanroom.ledger import BudgetError
from fullhouse.cleanroom.policy import HOUSE_FILE, PolicyError, template
from fullhouse.cleanroom.private_match import Message
from fullhouse.cleanroom.question import Count
from fullhouse.cli.root import commands
from fullhouse.core.errors import InputError
from tests.audiences.conftest import write_accounts
from tests.cleanroom.conftest import OWN

KNOWN = 3_000
"""People of the house with an account; every third has a second e-mail, every tenth a third."""


def email(person, n=0):
    return f"person{person}.{n}@example.com"


def emails_of(person):
    return [email(person, n) for n in range(1 + (person % 3 == 0) + (person % 10 == 0))]


@pytest.fixture
def contacts(house, tmp_path):
    pairs, rows = {}, []
    for person in range(KNOWN):
        for n, address in enumerate(emails_of(person)):
            pairs["shop", f"a{person}.{n}"] = person
            rows.append(("shop", f"a{person}.{n}", address))
    rows.append(("shop", "nobodys-account", "stranger@example.com"))
    write_accounts(house.lake, pairs)
    return written(tmp_path / "contacts.csv", ("source", "account", "email"), rows)


def written(file, columns, rows):
    with file.open("w", newline="") as stream:
        csv.writer(stream).writerows([columns, *rows])
    return file


def a_list(folder, addresses, name="list.csv"):
    return written(folder / name, ("email",), [(a,) for a in addresses])


def exchange(house, folder, contacts, addresses, *, act=False, name="list.csv"):
    """The files of a match up to the response, as the two sides write them."""
    requested = app.match_request(app.RequestMatch(a_list(folder, addresses, name), act=act))
    files = {
        n: folder / f"{name}.{n}" for n in ("request", "secret", "challenge", "kept", "response")
    }
    files["request"].write_bytes(requested.message.to_bytes())
    files["secret"].write_bytes(requested.secret.to_bytes())
    challenge = app.ChallengeMatch("lion", files["request"], contacts)
    message, kept = app.match_challenge(house, challenge)
    files["challenge"].write_bytes(message.to_bytes())
    files["kept"].write_bytes(kept.to_bytes())
    response = app.match_respond(app.RespondMatch(files["challenge"], files["secret"]))
    files["response"].write_bytes(response.to_bytes())
    return files


def answered(lion, files, **more):
    about = app.AnswerMatch(files["request"], files["response"], files["kept"], title=OWN, **more)
    return app.match_answer(lion, about)


def exact(files):
    forms = {"request": "request", "response": "response", "kept": "key"}
    read = [private_match.message(files[name].read_bytes(), form) for name, form in forms.items()]
    return private_match.exact_size(*read)


def counts(person):
    """Whether a person's first e-mail is among the two that count."""
    digests = [private_match.element("email", address) for address in emails_of(person)]
    return digests[0] in sorted(digests)[:2]


def customers(first, many):
    """Customers as a studio writes them: untidy, some twice, some no e-mails."""
    plain = [email(p) for p in range(first, first + many)]
    return [*plain, plain[0].upper(), f"  {plain[1]} ", "none", "not an e-mail"]


@pytest.mark.slow
def test_a_match_releases_a_noisy_size_once_for_each_list(house, lion, contacts, tmp_path):
    files = exchange(house, tmp_path, contacts, customers(2_000, 2_500))
    assert exact(files) == sum(counts(p) for p in range(2_000, KNOWN))
    first = answered(lion, files).answer
    shown = first.release.lines[0].figures["identifiers"]
    assert shown.low < 1_000 + 600
    assert shown.high > 1_000 - 600
    assert first.paid == 50_000
    again = exchange(house, tmp_path, contacts, sorted(customers(2_000, 2_500)), name="again.csv")
    second = answered(replace(lion, day=date(2026, 12, 24)), again).answer
    assert (second.body, second.paid) == (first.body, 0)
    assert ledger.spent(lion.control, tenant="lion") == 50_000
    leaf = log.entries(lion.control)[0]
    assert leaf.kind == "release.match"


@pytest.mark.slow
def test_the_noise_covers_all_identifiers_of_one_person(house, lion, contacts, tmp_path):
    """Two of a person's three e-mails count at most, and the noise is for two."""
    files = exchange(house, tmp_path, contacts, [a for p in range(KNOWN) for a in emails_of(p)])
    assert exact(files) == sum(min(len(emails_of(p)), 2) for p in range(KNOWN))
    release = answered(lion, files).answer.release
    assert release.noise[0].sigma == pytest.approx(200, rel=0.001)
    shown = release.lines[0].figures["identifiers"]
    assert shown.high - shown.low == pytest.approx(2 * 1.96 * 200, rel=0.01)


def test_who_does_not_take_part_and_who_is_no_person_of_the_house_is_not_matched(
    house, contacts, tmp_path
):
    # The stranger has a contact, and an account that nobody has.
    addresses = [*customers(10_000, 1_200), "stranger@example.com"]
    assert exact(exchange(house, tmp_path, contacts, addresses)) == 0


def test_no_file_holds_a_contact_or_an_unkeyed_digest_of_one(house, lion, contacts, tmp_path):
    files = exchange(house, tmp_path, contacts, customers(0, 1_500))
    of_one = [email(7), private_match.element("email", email(7))]
    for file in files.values():
        data = file.read_bytes()
        for text in of_one:
            assert text.encode() not in data
            assert bytes.fromhex(of_one[1]) not in data


def test_the_house_learns_no_more_from_a_response_than_a_size(house, contacts, tmp_path):
    files = exchange(house, tmp_path, contacts, customers(0, 1_500))
    response = private_match.message(files["response"].read_bytes(), "response")
    points = private_match._split(response)
    assert points == sorted(points)
    kept = private_match.message(files["kept"].read_bytes(), "key")
    request = private_match.message(files["request"].read_bytes(), "request")
    # Places in a sorted response are those of nobody: half of them are wrong, as guesses are.
    places = set(private_match.places(request, response, kept))
    ids, _ = private_match.elements(
        "email", [a for p in range(KNOWN) for a in emails_of(p)[:2]], phone_region="US"
    )
    listed, _ = private_match.elements("email", customers(0, 1_500), phone_region="US")
    right = [ids[n] in set(listed) for n in places if n < len(ids)]
    assert np.mean(right) < 0.6


def test_the_challenge_does_not_hold_the_number_of_the_houses_contacts(house, contacts, tmp_path):
    files = exchange(house, tmp_path, contacts, customers(0, 1_500))
    sent = private_match.message(files["challenge"].read_bytes(), "challenge").facts["identifiers"]
    held = sum(min(len(emails_of(p)), 2) for p in range(KNOWN))
    assert held < sent < held * 1.25
    assert private_match.padded(held + 1, house.key) == sent


def test_a_short_list_is_refused_before_anything_is_computed(house, lion, contacts, tmp_path):
    with pytest.raises(PolicyError) as refused:
        exchange(house, tmp_path, contacts, customers(0, 40))
    assert "1,000 people at least, not 40" in str(refused.value)
    assert ledger.entries(lion.control) == ()


def test_a_request_that_says_more_than_it_holds_is_refused(house, contacts, tmp_path):
    requested = app.match_request(app.RequestMatch(a_list(tmp_path, customers(0, 40))))
    short = requested.message
    for facts, payload in (
        ({"identifiers": 1_000}, short.payload),
        ({"identifiers": 1_000}, short.payload[:33] * 1_000),
        ({"identifiers": 40}, short.payload[:-1]),
    ):
        lying = Message("request", {**short.facts, **facts}, payload)
        with pytest.raises(InputError):
            private_match.check_request(lying)


@pytest.mark.slow
def test_more_lists_than_the_policy_allows_are_refused(house, lion, contacts, tmp_path):
    house.place.write(HOUSE_FILE, template().replace("lists = 12", "lists = 1").encode())
    first = exchange(house, tmp_path, contacts, customers(0, 1_100))
    answered(lion, first)
    with pytest.raises(PolicyError, match="which is all"):
        exchange(house, tmp_path, contacts, customers(500, 1_100), name="other.csv")
    assert answered(lion, first).answer.paid == 0


def test_a_response_of_repeated_points_is_refused(house, lion, contacts, tmp_path):
    """A studio that answers with one point many times would make one person count many times."""
    files = exchange(house, tmp_path, contacts, customers(0, 1_500))
    response = private_match.message(files["response"].read_bytes(), "response")
    many = len(response.payload) // 33
    lying = Message("response", response.facts, response.payload[:33] * many)
    files["response"].write_bytes(lying.to_bytes())
    with pytest.raises(InputError, match="as many different identifiers"):
        answered(lion, files)
    assert ledger.entries(lion.control) == ()


@pytest.mark.slow
def test_an_audience_is_kept_only_where_studio_and_policy_allow_it(house, lion, contacts, tmp_path):
    plain = exchange(house, tmp_path, contacts, customers(0, 1_500))
    with pytest.raises(PolicyError, match="may not become an audience"):
        answered(lion, plain, audience="ours", contacts=contacts)
    allowed = template().replace("accounts = false", "accounts = true")
    house.place.write(HOUSE_FILE, allowed.encode())
    with pytest.raises(InputError, match="needs --act"):
        answered(lion, plain, audience="ours", contacts=contacts)
    files = exchange(house, tmp_path, contacts, customers(0, 1_500), act=True, name="act.csv")
    matched = answered(lion, files, audience="ours", contacts=contacts)
    assert (matched.audience, matched.version) == ("ours", 1)
    shown = matched.answer.release.lines[0].figures["identifiers"]
    assert abs(shown.value - 1_500) < 1_500
    counted = gate.ask(lion, Count("audience:ours"), title=OWN).release.lines[0].figures["people"]
    assert abs(counted.value - 1_500) < 600
    contacts.write_text(contacts.read_text().replace(email(5), "new@example.com"))
    with pytest.raises(InputError, match="made again"):
        answered(lion, files, audience="ours", contacts=contacts)


def test_a_studio_does_not_answer_a_challenge_that_asks_for_more_than_its_request(tmp_path):
    listed = a_list(tmp_path, customers(0, 1_000))
    requested = app.match_request(app.RequestMatch(listed))
    ids, _ = private_match.elements("email", [email(1)], phone_region="US")
    sly = Message("request", {**requested.message.facts, "act": True}, requested.message.payload)
    challenge, _ = private_match.make_challenge(sly, ids, b"k" * 32)
    with pytest.raises(InputError, match="Do not answer"):
        private_match.respond(challenge, requested.secret)


@settings(max_examples=15, deadline=None)
@given(st.sets(st.integers(0, 60), min_size=1), st.sets(st.integers(0, 60), min_size=1))
def test_the_size_is_that_of_the_intersection_of_any_two_lists(ours, theirs):
    listed, _ = private_match.elements("email", map(email, ours), phone_region="US")
    held, _ = private_match.elements("email", map(email, theirs), phone_region="US")
    request, secret = private_match.make_request("email", listed)
    key = private_match.psi().client.CreateWithNewKey(False).GetPrivateKeyBytes()
    challenge = Message("challenge", {"of": request.facts["list"], "act": False},
                        b"".join(private_match._ask(held, key, False)))  # fmt: skip
    response = private_match.respond(challenge, secret)
    kept = Message("key", {"key": key.hex()})
    assert private_match.exact_size(request, response, kept) == len(ours & theirs)


@pytest.mark.slow
def test_the_command_line_of_both_sides(house, contacts, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("FULLHOUSE_KEY", "0" * 64)

    def run(*arguments):
        result = CliRunner().invoke(commands, list(map(str, arguments)))
        assert result.exit_code == 0, result.output + repr(result.exception)
        return result.output

    listed = a_list(tmp_path, customers(2_000, 2_500))
    where = house.place.root
    assert "2,500 different identifiers; 2 rows" in run("match", "request", listed)
    run("match", "challenge", "request.bin", "--as", "lion", "--contacts", contacts, "-w", where)
    run("match", "respond", "challenge.bin", "--key", "request.key")
    for key in ("request.key", "challenge.key"):
        assert stat.S_IMODE(Path(key).stat().st_mode) == 0o600
    answer = run("match", "answer", "request.bin", "response.bin", "--key", "challenge.key",
               "--as", "lion", "--title", OWN, "-w", where, "--json")  # fmt: skip
    assert json.loads(answer)["paid"] == 50_000
    result = CliRunner().invoke(
        commands, ["match", "respond", "request.bin", "--key", "request.key"]
    )
    assert "This is no challenge of a private match" in str(result.exception)


# The attack: one person's presence


@pytest.mark.slow
def test_a_list_of_one_person_and_strangers_reveals_nothing(house, lion, contacts, tmp_path):
    """Exact sizes say whether a person is known; released ones are right as often as a coin."""
    guesses = []
    for known in (True, False):
        addresses = [email(7 if known else 999_999), *(f"fake{n}@x.com" for n in range(1_200))]
        files = exchange(house, tmp_path, contacts, addresses, name=f"{known}.csv")
        assert exact(files) == int(known)  # the control
        figure = answered(lion, files).answer.release
        guesses.append(figure.noise[0].sigma)
    assert max(norm.cdf(1 / (2 * s)) for s in guesses) < 0.55
    # All lists of an epoch together, each with the same person on it.
    lists = 12
    assert norm.cdf(np.sqrt(lists) / (2 * min(guesses))) < 0.55


def test_a_budget_that_is_used_up_refuses_a_match(house, lion, contacts, tmp_path):
    policy = template().replace("title = 0.25", "title = 0.0001")
    house.place.write(HOUSE_FILE, policy.encode())
    files = exchange(house, tmp_path, contacts, customers(0, 1_100))
    with pytest.raises(BudgetError):
        answered(lion, files)
