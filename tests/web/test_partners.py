"""A partner's pages, and all that a partner may call: its own packs, and nothing else."""

import re
from dataclasses import replace

import pytest

from fullhouse import app
from fullhouse.access.keys import add_key, principal_of_key
from fullhouse.app import partners as cases
from fullhouse.cleanroom import log, partners, tenants
from fullhouse.control.schema import TitleRow
from fullhouse.core.errors import FullhouseError, InputError, NotFoundError
from fullhouse.core.values import HOUSE
from fullhouse.exhibit.pack import NearbyAudience
from fullhouse.web import web_app
from fullhouse.web.language import LANGUAGES
from tests.attacks.test_tenants import OPEN, request_type, requests
from tests.cleanroom.conftest import OWN, SECRET, make_house
from tests.view.sample_plans import EXHIBIT
from tests.web.conftest import LocalSessions, signed_in
from tests.web.html import problems_of
from tests.web.test_console import shown

PARTNERS = (("plaza", "pat", "exhibitor"), ("rex", "roy", "exhibitor"), ("ads", "ada", "channel"))
HERS = replace(EXHIBIT, film="open-film-2026", title="The open film")
HIS = replace(EXHIBIT, film="other-open-film-2026", title="Quite another film", place="Sunderport")


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    """Two exhibitors with a pack each, a channel, and two studios."""
    with make_house(tmp_path_factory.mktemp("partners") / "house") as house:
        for name, role in (("operator", "operator"), ("auditor", "auditor")):
            tenants.add_user(house.control, HOUSE, name, role)
        for tenant, user, role in PARTNERS:
            tenants.add_tenant(house.control, tenant)
            tenants.add_user(house.control, tenant, user, role)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(cases, "exhibit_film", lambda _, request: made(request))
            for partner, pack in (("plaza", HERS), ("rex", HIS)):
                app.pack_share(house, app.SharePack(partner, pack.film, pack.place))
            yield house


def made(request):
    return {p.film: p for p in (HERS, HIS)}.get(request.film, replace(EXHIBIT, film=request.film))


@pytest.fixture(scope="module")
def site(house):
    return web_app(replace(house), LocalSessions(house))


@pytest.fixture
def pat(site):
    return signed_in(site, "plaza", "pat")


@pytest.fixture
def operator(site):
    return signed_in(site, HOUSE, "operator")


def of(house, partner):
    return replace(house, tenant=partner, actor={t: u for t, u, _ in PARTNERS}[partner])


def packs_of(house, partner):
    return app.pack_list(of(house, partner)).packs


@pytest.mark.parametrize("code", LANGUAGES)
def test_an_exhibitor_begins_with_its_packs_and_reads_one_in_each_language(house, pat, code):
    pat.speak(code)
    assert pat.get("/").headers["location"] == "/packs"
    listed = pat.get("/packs")
    (entry,) = packs_of(house, "plaza")
    page = pat.get(f"/packs/{entry.id}")
    for response in (listed, page):
        assert response.status_code == 200
        assert problems_of(response.text) == []
        assert "The open film" in shown(response)
    assert [r["pack"] for r in pat.get("/packs.json").json()] == [entry.id]
    assert pat.get(f"/packs/{entry.id}.json").json()["minimum"] == EXHIBIT.minimum
    assert "9412" in pat.get(f"/packs/{entry.id}.csv?table=audiences").text


def test_what_is_under_the_minimum_has_no_number_on_the_page(house, pat):
    (entry,) = packs_of(house, "plaza")
    ferrets = next(a for a in EXHIBIT.audiences if a.people is None)
    row = re.search(
        rf"<tr><th[^>]*>{ferrets.name}</th>.*?</tr>", pat.get(f"/packs/{entry.id}").text
    )
    assert re.sub(r"<[^>]*>", " ", row[0]).split()[-4:] == ["not", "shown", "not", "shown"]


def test_a_pack_is_kept_as_one_file_that_asks_for_nothing(house, pat):
    (entry,) = packs_of(house, "plaza")
    file = pat.get(f"/packs/{entry.id}/file")
    assert "attachment" in file.headers["content-disposition"]
    assert "The open film" in file.text
    assert not re.search(r'(src|href)="https?:', file.text)


def test_an_exhibitor_sees_nothing_of_another_one_nor_of_studios(house, pat):
    (theirs,) = packs_of(house, "rex")
    nobodys = [pat.get(f"/packs/{theirs.id[::-1]}{end}") for end in ("", "/file", ".json")]
    rivals = [pat.get(f"/packs/{theirs.id}{end}") for end in ("", "/file", ".json")]
    alike = [[re.sub(r"[0-9a-f]{16}", "IT", r.text) for r in of] for of in (nobodys, rivals)]
    assert {r.status_code for r in (*nobodys, *rivals)} == {404}
    assert alike[0] == alike[1]
    assert HIS.title not in pat.get("/packs").text
    for address in ("/slate", "/audiences", "/answers", "/account", "/account/users", "/house",
                    "/house/partners", f"/film/{OWN}/outlook", "/ask"):  # fmt: skip
        assert pat.get(address).status_code == 404, address


def test_a_channel_is_told_how_its_deliveries_come_and_sees_no_pack(house, site):
    ada = signed_in(site, "ads", "ada")
    assert ada.get("/").headers["location"] == "/packs"
    page = shown(ada.get("/packs"))
    assert "agreed with the house" in page
    assert "open film" not in page
    (entry,) = packs_of(house, "plaza")
    assert ada.get(f"/packs/{entry.id}").status_code == 404


def test_a_studio_has_no_pages_of_partners(house, site):
    lion = signed_in(site, "lion", "ann")
    (entry,) = packs_of(house, "plaza")
    for address in ("/packs", f"/packs/{entry.id}", f"/packs/{entry.id}/file"):
        assert lion.get(address).status_code == 404


OF_PARTNERS = {"pack_list", "pack_show", "password_change"}
"""What is a partner's own."""

OF_EVERYBODY = {"log_head", "log_consistency", "session_list", "session_end"}
"""What says nothing of anybody else: the signed head of all logs, one's own sessions."""


@pytest.mark.parametrize("name", sorted(set(OPEN) - OF_PARTNERS))
def test_whatever_else_a_partner_calls_says_nothing_of_studios_or_other_partners(house, name):
    """The use cases are taken from the product: a new one is attacked without being named."""
    (theirs,) = packs_of(house, "rex")
    kind, plaza = request_type(OPEN[name]), of(house, "plaza")
    for value in (SECRET, theirs.id):
        for make in [None] if kind is None else requests(kind, value):
            try:
                asked = () if make is None else (make(),)
            except FullhouseError:
                continue
            try:
                result = repr(OPEN[name](plaza, *asked))
            except FullhouseError as problem:
                result = f"{problem}"
            else:
                assert name in OF_EVERYBODY | {"log_list", "log_receipt", "job_list"}, result
            result = result.replace(value, "IT")
            assert not re.search(
                r"hidden-film|our-film|their-film|Sunderport|Quite another", result
            )


def test_the_partners_own_calls_do_answer_and_are_in_its_log(house):
    """Control: the same objects are read by their owner."""
    rex = of(house, "rex")
    (entry,) = packs_of(house, "rex")
    assert app.pack_show(rex, app.ReadPack(entry.id)).entry.place == "Sunderport"
    first = packs_of(house, "rex")[0].read_at
    app.pack_show(rex, app.ReadPack(entry.id))
    assert packs_of(house, "rex")[0].read_at == first
    kinds = [leaf.kind for leaf in log.entries(replace(house.control, tenant="rex"))]
    assert kinds.count("pack.share") == 1
    assert "pack.read" in kinds
    assert "pack.share" not in [e.kind for e in log.entries(replace(house.control, tenant="lion"))]


def test_a_key_of_an_exhibitor_fetches_and_does_nothing_else(house):
    user = tenants.find_user(house.control, "plaza", "pat")
    _, text = add_key(house.control, user)
    assert principal_of_key(house.control, text, house.now).scopes == {"fetch"}


def test_of_a_secret_title_no_partner_gets_a_pack_and_no_pack_names_it(house):
    with pytest.raises(InputError, match="secret title"):
        app.pack_share(house, app.SharePack("plaza", SECRET, "Avon"))
    named = replace(
        HERS,
        audiences=(
            *HERS.audiences,
            NearbyAudience("Fans", f"saw:{SECRET}", 900, 700.0),
            NearbyAudience("Hidden Film fans", "x", 900, 700.0),
        ),
    )
    clean = partners.without_secrets(house, named)
    assert clean.audiences == HERS.audiences
    (comparable, *_) = HERS.films
    named = replace(HERS, films=(replace(comparable, title="Hidden  film"), *HERS.films))
    assert partners.without_secrets(house, named).films == HERS.films
    similar = replace(HERS, films=(replace(comparable, title="The unhidden filmmaker"),))
    assert partners.without_secrets(house, similar) == similar


def test_a_pack_of_a_film_that_becomes_secret_is_gone(house):
    entry = app.pack_share(house, app.SharePack("plaza", "later-2027", "Avon"))
    assert entry.id in {p.id for p in packs_of(house, "plaza")}
    row = TitleRow(tenant="wolf", film="later-2027", secret=True, at=house.now)
    with house.control.session() as session:
        session.add(row)
        session.commit()
    assert entry.id not in {p.id for p in packs_of(house, "plaza")}
    with pytest.raises(NotFoundError):
        app.pack_show(of(house, "plaza"), app.ReadPack(entry.id))
    app.pack_take_back(house, app.TakePackBack("plaza", entry.id))


def test_an_operator_hands_a_pack_over_and_takes_it_back(house, operator):
    page = "/house/partners"
    done = operator.post(page, page, do="share", partner="rex", film="new-2026", city="Avon")
    assert done.status_code == 303, shown(done)
    (entry,) = [p for p in packs_of(house, "rex") if p.film == "new-2026"]
    for code in LANGUAGES:
        operator.speak(code)
        assert problems_of(operator.get(page).text) == []
    operator.speak("en")
    assert operator.post(page, page, do="back", pack=f"rex/{entry.id}").status_code == 303
    assert entry.id not in {p.id for p in packs_of(house, "rex")}
    again = operator.post(page, page, do="back", pack=f"rex/{entry.id}")
    assert again.status_code == 404
    for partner in ("ads", "lion", "nobody"):
        wrong = operator.post(page, page, do="share", partner=partner, film="f", city="Avon")
        assert wrong.status_code in (404, 422)


def test_an_auditor_hands_nothing_over(site):
    auditor = signed_in(site, HOUSE, "auditor")
    page = "/house/partners"
    assert "Hand it over" not in shown(auditor.get(page))
    fields = {"do": "share", "partner": "rex", "film": "f", "city": "Avon"}
    assert auditor.post(page, "/house", **fields).status_code == 422


def test_a_pack_and_its_leaf_of_the_log_are_both_there_or_neither(house, monkeypatch):
    before = packs_of(house, "plaza")

    def full(*_):
        raise FullhouseError("The log cannot be written.")

    monkeypatch.setattr(cases.log, "append", full)
    with pytest.raises(FullhouseError, match="cannot be written"):
        app.pack_share(house, app.SharePack("plaza", HERS.film, HERS.place))
    with pytest.raises(FullhouseError, match="cannot be written"):
        app.pack_take_back(house, app.TakePackBack("plaza", before[0].id))
    assert packs_of(house, "plaza") == before
