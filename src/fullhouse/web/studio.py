"""A studio's pages: its slate, a film in tabs, audiences, answers with their price, its account."""

import json
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from starlette.responses import RedirectResponse, Response

from fullhouse import app
from fullhouse.app.cleanroom import BudgetStatement
from fullhouse.cleanroom.question import Cards
from fullhouse.cleanroom.release import Answer, BudgetLeft
from fullhouse.core.errors import InputError
from fullhouse.view.words import release as words
from fullhouse.web import campaigns, outlook, plan, questions, report
from fullhouse.web.cards import card_rows
from fullhouse.web.language import say
from fullhouse.web.pictures import Axis
from fullhouse.web.releases import table_of
from fullhouse.web.visit import NotHereError, Page, Visit
from fullhouse.web.words import TABS, film_words, leaf_words, question_words, tab_words
from fullhouse.workspace.context import Context

MOST_ANSWERS = 200


@dataclass(frozen=True)
class Asked:
    """An answer that was given: where it stands, what it was of, when, and at what price."""

    digest: str
    position: int
    kind: str
    title: str
    actor: str
    at: datetime
    rho: int


@dataclass(frozen=True)
class Task:
    """Something that a studio may do next, in a sentence, and where."""

    sentence: str
    address: str
    action: str


def slate(visit: Visit) -> Page:
    """The first page: what to do today, and the studio's films."""
    context = visit.studio
    statement = app.room_statement(context)
    known = outlook.outlooks(context)
    axis = outlook.axis_of([known[t.film] for t in statement.titles if t.film in known])
    openings = {title.film: title.opening for title in app.studio_titles(context).titles}
    titled = _titled(context)
    films = [
        _film_row(statement, title.film, titled)
        | _outlook_row(context, known.get(title.film), axis, openings.get(title.film))
        for title in statement.titles
    ]
    films.sort(key=lambda f: (f["opening"] is None, f["opening"]))
    secret = {title.film: title.secret for title in statement.titles}
    rows = [
        {
            "film": f["film"],
            "title": f["name"],
            "secret": secret[f["film"]],
            "opening": f["opening"],
            "total_low": f["ends"][0] if f["ends"] else None,
            "total_middle": f["ends"][1] if f["ends"] else None,
            "total_high": f["ends"][2] if f["ends"] else None,
            "answers": f["answers"],
        }
        for f in films
    ]
    facts = {
        "titles": statement.titles,
        "secret": secret,
        "films": films,
        "titled": titled,
        "tasks": _tasks(visit, statement, set(known), titled),
        "answers": _asked(context, most=8)[:5],
        "tenant": statement.tenant,
    }
    return Page("slate.html", say("Slate"), facts, rows, rows, "slate")


def film(visit: Visit) -> Page | Response:
    """A film's page: one of its tabs."""
    name, tab = visit.part("film"), visit.request.path_params.get("tab", "")
    if not tab:
        return RedirectResponse(f"/film/{name}/outlook", 303)
    if tab not in TABS:
        raise NotHereError
    return _film_page(visit, name, tab)


def make_plan(visit: Visit) -> Page | Response:
    """Have a plan made by a worker, and saved; a mistake in the form is said beside it."""
    name = visit.part("film")
    if name not in [title.film for title in app.room_statement(visit.studio).titles]:
        raise NotHereError
    try:
        plan.queue(visit, name)
    except InputError as problem:
        return _film_page(visit, name, "plan", str(problem))
    return RedirectResponse(f"/film/{name}/plan", 303)


def _film_page(visit: Visit, name: str, tab: str, problem: str = "") -> Page:
    context = visit.studio
    statement = app.room_statement(context)
    if name not in [title.film for title in statement.titles]:
        raise NotHereError
    called = _titled(context).get(name) or film_words(name)
    facts: dict[str, Any] = {
        "film": name,
        "name": called,
        "tab": tab,
        "tabs": [(t, tab_words(t)) for t in TABS],
    }
    if tab == "plan":
        shown = _plan_tab(visit, context, statement, name, problem)
    else:
        shown = _TABS[tab](visit, context, statement, name)
    title = f"{called} – {tab_words(tab)}"
    return replace(shown, title=title, facts=facts | dict(shown.facts), active="slate")


def reserve(visit: Visit) -> Response:
    """Set a campaign's looks aside, so that no other question can spend what they cost."""
    looks = visit.typed("looks")
    if not (looks.isascii() and looks.isdigit() and len(looks) < 4):
        raise InputError(say("How many looks is a whole number, not {given}.",
                             given=repr(looks[:40])))  # fmt: skip
    app.room_reserve(visit.studio, app.ReserveLooks(visit.typed("campaign"), int(looks)))
    return RedirectResponse(f"/film/{visit.part('film')}/readout", 303)


def _audiences_tab(visit: Visit, context: Context, statement: BudgetStatement, film: str) -> Page:
    release = _newest(context, statement, "cards", film)
    if release is None:
        facts = {"price": questions.price_box(visit, context, Cards(film), film), "answer": None}
        return Page("film_audiences.html", "", facts, {"released": None})
    rows = card_rows(release.release)
    facts = _answer_facts(release) | {
        "price": None,
        "cards": rows,
        "notes": [words.note_words(note) for note in release.release.notes],
        "nothing": not rows,
    }
    return Page("film_audiences.html", "", facts, release.release, release.release.rows())


def _plan_tab(
    visit: Visit, context: Context, statement: BudgetStatement, film: str, problem: str
) -> Page:
    cards = _newest(context, statement, "cards", film)
    return plan.plan_tab(visit, context, film, cards.release if cards else None, problem)


def _outlook_tab(visit: Visit, context: Context, _: BudgetStatement, film: str) -> Page:
    return outlook.outlook_tab(visit, context, film)


def _campaign_tab(visit: Visit, context: Context, _: BudgetStatement, film: str) -> Page:
    return campaigns.campaign_tab(visit, context, film)


def _readout_tab(visit: Visit, context: Context, statement: BudgetStatement, film: str) -> Page:
    return campaigns.readout_tab(visit, context, statement, film)


def _report_tab(visit: Visit, context: Context, statement: BudgetStatement, film: str) -> Page:
    parts = {name: _TABS[name](visit, context, statement, film) for name in _TABS if name != REPORT}
    return report.report_page(parts | {"plan": _plan_tab(visit, context, statement, film, "")})


REPORT = "report"
_TABS = {
    REPORT: _report_tab,
    "outlook": _outlook_tab,
    "audiences": _audiences_tab,
    "campaign": _campaign_tab,
    "readout": _readout_tab,
}


def ask(visit: Visit) -> Page | Response:
    """A question with its price before it is asked; when it is paid, its answer."""
    context = visit.studio
    if visit.request.method == "GET" and not visit.typed("kind"):
        return Page("ask_kinds.html", say("Ask a question"), questions.forms(context), {})
    question, title = questions.read(visit), visit.typed("title") or None
    if visit.request.method == "POST":
        given = app.room_ask(context, app.Ask(question, title))
        digest = _digest_at(context, int(given.receipt["position"]))
        onward = visit.typed("then")
        is_own = onward.startswith(("/film/", "/audiences"))
        return RedirectResponse(onward if is_own else f"/answers/{digest}", 303)
    price = app.room_price(context, app.Ask(question, title))
    facts = {
        "price": questions.price_facts(price),
        "fields": questions.fields(question) | {"kind": question.kind, "title": title or ""},
        "sentence": question_words(question.kind, vars(question)),
    }
    return Page("ask.html", say("Ask a question"), facts, price, None, "answers")


def answers(visit: Visit) -> Page:
    """All answers that the studio was given, the newest first."""
    rows = _asked(visit.studio)
    table = [vars(row) for row in rows]
    facts = {"answers": rows, "titled": _titled(visit.studio)}
    return Page("answers.html", say("Answers"), facts, table, table, "answers")


def answer(visit: Visit) -> Page:
    """One answer for good: its numbers with their ranges, what it rests on, and its receipt."""
    context, digest = visit.studio, visit.part("digest")
    given = app.room_release(context, app.ReadRelease(digest))
    release = given.release
    facts = _answer_facts(given) | {
        "digest": digest,
        "kind": release.kind,
        "lines": table_of(release.lines),
        "cards": card_rows(release) if release.kind == "cards" else [],
        "notes": [
            *campaigns.checks_of_answer(context, digest, release),
            *(words.note_words(note) for note in release.notes),
        ],
    }
    title = question_words(release.kind, release.question)
    return Page("answer.html", title, facts, release, release.rows(), "answers")


def account(visit: Visit) -> Page:
    """What the house can see of the studio: its budgets, its ledger, its log with receipts."""
    context = visit.studio
    statement = app.room_statement(context)
    log = app.log_list(context, app.ListLog(100))
    entries = [
        {"position": e.position, "at": e.at, "what": leaf_words(e.kind), "kind": e.kind,
         **_leaf(e.body)}
        for e in log.entries
    ]  # fmt: skip
    facts = {
        "statement": statement,
        "budgets": statement.budgets,
        "ledger": list(reversed(statement.entries)),
        "entries": entries,
        "others": log.others,
    }
    rows = [
        {"at": e.at, "kind": e.kind, "step": e.step, "title": e.title, "nano_rho": e.rho}
        for e in statement.entries
    ]
    return Page("account.html", say("What the house can see of you"), facts,
                statement, rows, "account")  # fmt: skip


def receipt(visit: Visit) -> Page:
    """What proves an entry of the studio's log to whoever has a published head."""
    text = visit.part("position")
    if not (text.isascii() and text.isdigit() and len(text) < 12):
        raise NotHereError
    proof = app.log_receipt(visit.studio, app.MakeReceipt(int(text)))
    facts = {"position": int(text), "proof": json.dumps(proof, indent=1, ensure_ascii=False)}
    title = say("Receipt {position}", position=text)
    return Page("receipt.html", title, facts, proof, None, "account")


def _film_row(statement: BudgetStatement, film: str, titled: Mapping[str, str]) -> dict[str, Any]:
    settled = [e for e in statement.entries if e.title == film and e.step == "settle"]
    own = [b for _, b in statement.budgets if b.scope == "title" and b.name == film]
    has_cards = any(e.kind == "cards" for e in settled)
    return {
        "film": film,
        "name": titled.get(film) or film_words(film),
        "answers": len(settled),
        "has_cards": has_cards,
        "budget": own[-1] if own else None,
    }


def _titled(context: Context) -> dict[str, str]:
    """The names of the studio's titles as its forecasts had them."""
    return {film: o.forecast.title for film, o in outlook.outlooks(context).items()}


def _outlook_row(
    context: Context, known: outlook.Outlook | None, axis: Axis, opening: date | None
) -> dict[str, Any]:
    """What the slate says of a film's forecast, and of its opening."""
    if known is None:
        when = outlook.days_words(opening, context.today) if opening else ""
        return {"opening": opening, "ends": None, "strip": None, "when": when, "change": None}
    return {
        "opening": known.forecast.opening,
        "ends": known.ends,
        "currency": known.forecast.currency,
        "strip": outlook.strip_of(known, axis),
        "when": outlook.days_words(known.forecast.opening, context.today),
        "change": outlook.change_share(known),
    }


def _tasks(
    visit: Visit, statement: BudgetStatement, forecast: Set[str], titled: Mapping[str, str]
) -> Sequence[Task]:
    tasks = []
    for title in statement.titles:
        row = _film_row(statement, title.film, titled)
        if title.film not in forecast and visit.may("ask"):
            sentence = say("{film} has no forecast yet. It is free.", film=row["name"])
            tasks.append(Task(sentence, f"/film/{title.film}/outlook", say("Forecast it")))
        if not row["has_cards"] and visit.may("ask"):
            sentence = say("{film} has no audience cards yet. Their price is shown before you pay.",
                           film=row["name"])  # fmt: skip
            tasks.append(Task(sentence, f"/film/{title.film}/audiences", say("See its audiences")))
        budget: BudgetLeft | None = row["budget"]
        if budget is not None and budget.left * 5 < budget.cap:
            sentence = say("Less than a fifth of the budget of {film} is left.", film=row["name"])
            tasks.append(Task(sentence, "/account", say("See the statement")))
    return tasks


def _answer_facts(given: Answer) -> dict[str, Any]:
    release = given.release
    return {
        "answer": given,
        "release": release,
        "rho": words.rho_words(release.rho),
        "position": given.receipt["position"],
    }


def _newest(context: Context, statement: BudgetStatement, kind: str, film: str) -> Answer | None:
    settled = [
        e.digest
        for e in statement.entries
        if e.kind == kind and e.title == film and e.step == "settle"
    ]
    return app.room_release(context, app.ReadRelease(settled[-1])) if settled else None


def _asked(context: Context, *, most: int = 1_000_000) -> list[Asked]:
    entries = app.log_list(context, app.ListLog(most)).entries
    rows = []
    for entry in entries:
        group, _, kind = entry.kind.partition(".")
        body = json.loads(entry.body)
        detail = body["detail"]
        if group == "release" and "question" in detail:
            rows.append(Asked(detail["question"], entry.position, kind, detail.get("title", ""),
                              body["actor"], entry.at, detail["nano_rho"]))  # fmt: skip
    return rows[:MOST_ANSWERS]


def _digest_at(context: Context, position: int) -> str:
    return next(row.digest for row in _asked(context) if row.position == position)


def _leaf(body: str) -> dict[str, Any]:
    leaf = json.loads(body)
    detail: dict[str, Any] = leaf["detail"]
    return {"actor": leaf["actor"], "title": detail.get("title", ""), "detail": detail}


PAGES = [
    ("/slate", slate, "GET"),
    ("/film/{film}", film, "GET"),
    ("/film/{film}/{tab}", film, "GET"),
    ("/film/{film}/plan/make", make_plan, "POST"),
    ("/film/{film}/readout/reserve", reserve, "POST"),
    ("/ask", ask, "GET POST"),
    ("/answers", answers, "GET"),
    ("/answers/{digest}", answer, "GET"),
    ("/account", account, "GET"),
    ("/account/receipts/{position}", receipt, "GET"),
]
"""Address, function and methods of each page."""
