"""The house's pages: what its operators, officers for privacy and auditors look at and decide.

Each page is a few tables of what use cases give; identifiers in refused rows are masked.
"""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from markupsafe import Markup
from starlette.responses import RedirectResponse, Response

from fullhouse import app
from fullhouse.app.tenants import LedgerStatement
from fullhouse.cleanroom.policy import PolicyFacts
from fullhouse.core.errors import CannotTellError, InputError
from fullhouse.core.values import HOUSE
from fullhouse.view.words.release import policy_rows, policy_sentences, rho_words
from fullhouse.web.language import current, say
from fullhouse.web.pictures import share_bar
from fullhouse.web.users import HOUSE_ADDRESS, key_rows, user_rows, users_of
from fullhouse.web.visit import NotHereError, Page, Visit
from fullhouse.web.words import kind_words, step_words

MOST_ROWS = 200
Cell = str | int | float | date | Markup | None


@dataclass(frozen=True)
class Section:
    """A table of a page: its heading, the heads of its columns, its rows; or one sentence.

    `empty` is what is said where there are no rows.
    """

    title: str
    heads: Sequence[str] = ()
    rows: Sequence[Sequence[Cell]] = ()
    empty: str = ""
    lead: str = ""
    lines: Sequence[str] = ()


@dataclass(frozen=True)
class ConsolePage:
    """What a page of the console shows: its sections, one sentence, and the forms it has."""

    lead: str
    sections: Sequence[Section]
    data: Any
    forms: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict)


def overview(visit: Visit) -> ConsolePage:
    """How the house is: what needs somebody, and the newest of what was done."""
    context = visit.console
    files, tenants = app.feed_files(context), app.tenant_list(context)
    refused = app.quarantine(context, app.ListQuarantine(rows=0)).counts
    statement = app.ledger_show(context, app.ShowLedger(rows=0))
    builds = app.traits_builds(context)
    todo = []
    if refused:
        todo.append(say("{rows} rows wait in quarantine.",
                        rows=current().number(sum(c.rows for c in refused))))  # fmt: skip
    if statement.disagreements:
        todo.append(say("The ledger disagrees with itself: look at it before anybody asks."))
    if not tenants:
        todo.append(say("No studio is admitted yet."))
    newest = max((b.as_of for b in builds), default=None)
    if newest is None:
        todo.append(say("No traits are built yet."))
    elif (context.today - newest).days > 7:
        todo.append(say("Traits are of {day}: build them anew.", day=current().day(newest)))
    facts = Section(say("The house today"), (say("What"), say("Now")), (
        (say("Files taken in"), len(files)),
        (say("Rows in quarantine"), sum(c.rows for c in refused)),
        (say("Studios"), len(tenants)),
        (say("Traits as of"), newest),
        (say("ρ spent by all"), rho_words(statement.spent)),
    ))  # fmt: skip
    waiting = Section(say("What needs you today"), lines=todo, empty=say("Nothing is waiting."))
    data = {"waiting": todo, "files": len(files), "tenants": len(tenants), "traits": newest}
    return ConsolePage("", (waiting, facts, _done(visit, 8)), data)


def feeds(visit: Visit) -> ConsolePage:
    """Each feed: when it came last, how many rows, how many were refused."""
    context = visit.console
    files = app.feed_files(context)
    groups: dict[tuple[str, str, str], list[Any]] = {}
    for file in files:
        groups.setdefault((file.source, file.feed, file.kind), []).append(file)
    rows = []
    for (source, feed, kind), those in sorted(groups.items()):
        read, refused = _sum(those, "read"), _sum(those, "quarantined")
        last = max(f.begun_at for f in those)
        open_files = sum(f.read is None for f in those)
        rows.append((feed, source, kind, len(those), read, _sum(those, "written"), refused,
                     _share(refused, read), last, open_files or None))  # fmt: skip
    heads = (say("Feed"), say("Source"), say("Kind"), say("Files"), say("Rows read"),
             say("Rows taken in"), say("Refused"), say("Share refused"), say("Last file"),
             say("Not whole"))  # fmt: skip
    newest = [(f.file, f.feed, f.begun_at, f.read, f.written, f.quarantined) for f in files]
    heads_of = (say("File"), say("Feed"), say("Begun"), say("Rows read"), say("Rows taken in"),
                say("Refused"))  # fmt: skip
    return ConsolePage(
        say("What comes in, how fresh it is, and how much of it is refused."),
        (Section(say("Feeds"), heads, rows, say("No file was taken in yet.")),
         Section(say("Newest files"), heads_of, newest[::-1][:50], say("None."))),
        [dict(zip(heads, row, strict=True)) for row in rows],
    )  # fmt: skip


def quarantine(visit: Visit) -> ConsolePage:
    """Refused rows by their reason, and some of them with identifiers masked."""
    context = visit.console
    looked = app.quarantine(context, app.ListQuarantine(rows=50))
    counts = [(c.reason, c.feed, c.source, c.rows) for c in looked.counts]
    some = [
        (r["reason"], _masked_quotes(r["detail"]), r["feed"], r["file"], r["row"], masked(r["raw"]))
        for r in looked.rows
    ]
    heads = (say("Reason"), say("Feed"), say("Source"), say("Rows"))
    return ConsolePage(
        say("Mend the mapping of a feed, then replay its rows:")
        + " fullhouse feed retry FEED.toml",
        (Section(say("Why rows were refused"), heads, counts, say("Nothing is in quarantine.")),
         Section(say("Some of them"), (say("Reason"), say("What was wrong"), say("Feed"),
                 say("File"), say("Row"), say("The row, masked")), some, say("None."))),
        [dict(zip(heads, row, strict=True)) for row in counts],
    )  # fmt: skip


def people(visit: Visit) -> ConsolePage:
    """Who is the same person: accounts and persons by source, overlap, and what was refused."""
    context = visit.console
    try:
        report = app.people_report(context, app.ReportPeople(10))
    except CannotTellError as problem:
        return ConsolePage(str(problem), (), {"people": None})
    of_sources = [(s.source, s.accounts, s.persons, s.only_here) for s in report.sources]
    overlaps = [
        (o.first, o.second, o.persons, _bar(o.share_of_smaller), _percent(o.share_of_smaller))
        for o in report.overlaps
    ]
    heads = (say("Source"), say("Accounts"), say("People"), say("Only here"))
    lead = say(
        "{persons} people have {accounts} accounts; {refused} identifiers link nobody, since too"
        " many share them.",
        persons=current().number(report.persons),
        accounts=current().number(report.accounts),
        refused=current().number(report.refused_identifiers),
    )
    largest = [(c.person, c.accounts, c.sources) for c in report.largest]
    return ConsolePage(
        lead,
        (Section(say("Sources"), heads, of_sources),
         Section(say("Overlap"), (say("Source"), say("And"), say("People"),
                 say("Of the smaller"), say("Share")), overlaps, say("One source has no overlap.")),
         Section(say("People with most accounts"), (say("Person"), say("Accounts"), say("Source")),
                 largest, say("None."))),
        [dict(zip(heads, row, strict=True)) for row in of_sources],
    )  # fmt: skip


def traits(visit: Visit) -> ConsolePage:
    """The catalogue of traits, those of most people first."""
    context = visit.console
    builds = app.traits_builds(context)
    if not builds:
        return ConsolePage(say("No traits are built yet."), (), {"traits": []})
    listed = app.traits_list(context, app.ListTraits(search=visit.typed("search") or None,
                                                     most=MOST_ROWS))  # fmt: skip
    most = max(listed.build.persons, 1)
    rows = [
        (t.name, t.label, t.family, t.persons, _bar(t.persons / most), _percent(t.persons / most))
        for t in listed.traits
    ]
    heads = (say("Trait"), say("Name"), say("Family"), say("People"), say("Of all"), say("Share"))
    return ConsolePage(
        say("As of {day}, exact: for the house alone.", day=current().day(listed.build.as_of)),
        (Section(say("Traits"), heads, rows, say("No trait fits.")),),
        listed.rows(),
        "search",
    )


def tenants(visit: Visit) -> ConsolePage | Response:
    """The studios: titles, users, whether they may ask; and to admit, suspend and resume them."""
    context = visit.console
    if visit.request.method == "POST":
        _need(visit, "admit")
        match visit.typed("do"):
            case "add":
                app.tenant_add(context, app.AddTenant(visit.typed("name"), visit.typed("label")))
            case "title":
                app.tenant_title(context, app.AddTitle(
                    visit.typed("name"), visit.typed("film"), bool(visit.typed("secret"))
                ))  # fmt: skip
            case "user":
                app.user_add(context, app.AddUser(
                    visit.typed("name"), visit.typed("user"), visit.typed("role")
                ))  # fmt: skip
            case "suspend" | "resume" as what:
                app.tenant_suspend(
                    context, app.SuspendTenant(visit.typed("name"), what == "resume")
                )
            case other:
                raise InputError(say("Nothing is called {given} here.", given=repr(other[:40])))
        return RedirectResponse("/house/tenants", 303)
    listed = app.tenant_list(context)
    heads = (say("Studio"), say("Name"), say("Status"), say("Titles"), say("Users"), say("Since"))
    rows = [
        (t.tenant, t.label, say("active") if t.status == "active" else say("suspended"),
         ", ".join(t.titles) or "–", ", ".join(f"{u.name} ({u.role})" for u in t.users) or "–",
         t.at)
        for t in listed
    ]  # fmt: skip
    return ConsolePage(
        say("Who may ask, about which titles. What they spent and were given stays for good."),
        (Section(say("Studios"), heads, rows, say("No studio is admitted yet.")),),
        listed.rows(),
        "tenants",
        {"tenants": listed, "may": visit.may("admit")},
    )


def users(visit: Visit) -> ConsolePage | Response:
    """The users and keys of the house, of a studio or of a partner."""
    context, tenant = visit.console, visit.query.get("studio") or HOUSE
    if visit.request.method == "POST":
        _need(visit, "admit")
    made = users_of(visit, context, tenant, HOUSE_ADDRESS)
    if isinstance(made, Response):
        return made
    names = [HOUSE, *(t.tenant for t in app.tenant_list(context))]
    lead = say("Who may do what. An officer for privacy is made on the house's own machine alone.")
    data = {"tenant": tenant, "users": user_rows(made["users"]), "keys": key_rows(made["keys"])}
    return ConsolePage(lead, (), data, "users", made | {"names": names})


def partners(visit: Visit) -> ConsolePage | Response:
    """The packs that exhibitors were handed; to hand one over, and to take it back."""
    context = visit.console
    if visit.request.method == "POST":
        _need(visit, "run")
        match visit.typed("do"):
            case "share":
                app.pack_share(context, app.SharePack(
                    visit.typed("partner"), visit.typed("film"), visit.typed("city"),
                    visit.typed("cinema") or None,
                ))  # fmt: skip
            case "back":
                partner, _, pack = visit.typed("pack").partition("/")
                app.pack_take_back(context, app.TakePackBack(partner, pack))
            case other:
                raise InputError(say("Nothing is called {given} here.", given=repr(other[:40])))
        return RedirectResponse("/house/partners", 303)
    listed = app.pack_list(context).packs
    names = [
        t.tenant for t in app.tenant_list(context) if any(u.role == "exhibitor" for u in t.users)
    ]
    heads = (say("Partner"), say("Film"), say("Place"), say("As known on"), say("Handed over"),
             say("First read"))  # fmt: skip
    rows = [(p.partner, p.title, p.place, p.as_of, p.at, p.read_at) for p in listed]
    return ConsolePage(
        say("Exhibitors read packs of public films: in aggregate, nothing under the minimum."),
        (Section(say("Packs handed over"), heads, rows, say("No pack yet.")),),
        [dict(zip(heads, row, strict=True)) for row in rows],
        "partners",
        {"exhibitors": names, "packs": listed, "may": visit.may("run")},
    )


def policy(visit: Visit) -> ConsolePage:
    """What the policy allows, in plain words, and how wide answers are."""
    facts = app.policy_check(visit.console)
    rows, heads = policy_rows(facts)
    shown = [(kind_words(row[0]), *row[1:]) for row in rows]
    own_heads = (say("Question"), say("Allowed"), "ρ", "±", say("of 10,000"), say("of 1 m"),
                 say("of 100 m"), say("A title buys"))  # fmt: skip
    return ConsolePage(
        say("What studios may ask, at what price, and how wide the answers are."),
        (Section(say("In plain words"), lines=list(policy_sentences(facts))),
         Section(say("Widths"), own_heads, shown,
                 lead=say("The 95 % range of an answer, as a share of so many people."))),
        [dict(zip(heads, row, strict=True)) for row in rows],
    )  # fmt: skip


def ledger(visit: Visit) -> ConsolePage:
    """What was spent by whom, when a budget ends at this pace, and the newest rows."""
    context = visit.console
    statement, facts = app.ledger_show(context), app.policy_check(context)
    budgets = [
        (state.tenant, state.budget.scope, state.budget.name or "–", state.epoch or "–",
         _bar(_part(state.budget.spent, state.budget.cap)),
         _percent(_part(state.budget.spent, state.budget.cap)),
         _exhausted(state.epoch, state.budget, facts, context.today))
        for state in statement.budgets
    ]  # fmt: skip
    entries = [
        (e.tenant, kind_words(e.kind), step_words(e.step), e.title or "–", e.actor, e.at,
         rho_words(e.rho))
        for e in reversed(statement.entries)
    ]  # fmt: skip
    heads = (say("Studio"), say("Budget"), say("Of what"), say("Epoch"), say("Spent"),
             say("Share"), say("At this pace it ends"))  # fmt: skip
    return ConsolePage(
        _agrees(statement),
        (Section(say("Budgets"), heads, budgets, say("Nothing is spent.")),
         Section(say("Newest rows"), (say("Studio"), say("Question"), say("Step"), say("Title"),
                 say("Who"), say("When"), "ρ"), entries, say("No row yet."))),
        statement,
    )  # fmt: skip


def jobs(visit: Visit) -> ConsolePage:
    """What waits, runs, failed and is done."""
    listed = app.job_list(visit.console, app.ListJobs(100)).jobs
    heads = (say("Job"), say("Status"), say("Step"), say("Done"), say("Who"), say("Queued"),
             say("What went wrong"))  # fmt: skip
    rows = [
        (j.kind, j.status, j.step or "–", _bar(j.share), j.actor, j.queued_at, j.error or "–")
        for j in listed
    ]
    return ConsolePage(
        say("Long work that a worker does, with its step and how it ended."),
        (Section(say("Jobs"), heads, rows, say("No job yet.")),),
        listed,
    )


def runs(visit: Visit) -> ConsolePage:
    """Every computation, which table versions it read, and how it ended."""
    listed = app.run_list(visit.console, app.ListRuns(100))
    heads = (say("Run"), say("Kind"), say("Status"), say("Who"), say("Begun"), say("Seconds"),
             say("What went wrong"))  # fmt: skip
    rows = [
        (r.id[:8], r.kind, r.status, r.actor, r.started_at,
         None if r.seconds is None else round(r.seconds, 1), r.error or "–")
        for r in listed
    ]  # fmt: skip
    return ConsolePage(
        say("Every computation of the house, and how it ended."),
        (Section(say("Runs"), heads, rows, say("No run yet.")),),
        [dict(zip(heads, row, strict=True)) for row in rows],
    )


def erasure(visit: Visit) -> ConsolePage:
    """Search the whole workspace for an account, and erase it: both leave what was done."""
    context, sections = visit.console, []
    data: Any = {"searched": None}
    if visit.request.method == "POST":
        _need(visit, "govern")
        account = (visit.typed("source"), visit.typed("account"))
        if not all(account):
            raise InputError(say("Name the source and the account."))
        if visit.typed("do") == "erase":
            if visit.typed("again") != visit.typed("account"):
                raise InputError(say("Type the account once more, to erase it for good."))
            erased = app.erase_people(context, app.ErasePeople((account,)))
            checked = erased.verification
        else:
            checked = app.verify_erasure(context, app.VerifyErasure((account,)))
        if checked is not None:
            data = {"files": checked.files, "bytes": checked.bytes_read, "clean": checked.clean,
                    "traces": len(checked.traces), "unread": len(checked.unread)}  # fmt: skip
            sentence = (
                say("Nothing of this account is anywhere in the workspace.")
                if checked.clean
                else say("Traces were met: {n}.", n=len(checked.traces))
                if checked.traces
                else say("Not proven: some files cannot be read. Remove or unpack them.")
            )
            proof = (
                (say("Files read to the last byte"), checked.files),
                (say("Bytes"), checked.bytes_read),
                (say("Tables and their old versions"), checked.tables),
                (say("Traces"), len(checked.traces)),
                (say("Files that cannot be read"), len(checked.unread)),
            )
            sections = [Section(say("What was searched"), (say("What"), say("Now")), proof,
                                lead=sentence)]  # fmt: skip
    done = [e for e in app.audit(context, app.ListAudit(1_000)) if "erase" in e.action]
    rows = [(e.action, e.actor, e.at) for e in done[:50]]
    sections.append(Section(say("Erasures so far"), (say("What"), say("Who"), say("When")),
                            rows, say("None yet.")))  # fmt: skip
    return ConsolePage(
        say("The log keeps that an erasure happened, and not of whom."),
        sections, data, "erasure", {"may": visit.may("govern")},
    )  # fmt: skip


def log(visit: Visit) -> ConsolePage:
    """What was done in the house, and whether its logs are whole."""
    context = visit.console
    faults = app.log_verify(context)
    lead = (
        say("Every hash of every log was computed anew: they are whole.")
        if not faults
        else say("The logs do not fit at {n} places: tell the officer for privacy.", n=len(faults))
    )
    done = _done(visit, 100)
    return ConsolePage(lead, (done,), {"whole": not faults, "entries": len(done.rows)})


def _done(visit: Visit, most: int) -> Section:
    entries = app.audit(visit.console, app.ListAudit(most))
    rows = [
        (e.action, e.actor, e.at, ", ".join(f"{k} {_short(v)}" for k, v in e.detail.items()))
        for e in entries
    ]
    heads = (say("What"), say("Who"), say("When"), say("Details"))
    return Section(say("What was done"), heads, rows, say("Nothing yet."))


def _agrees(statement: LedgerStatement) -> str:
    if statement.disagreements:
        return say("The ledger disagrees with itself: look at it before anybody asks.")
    return say("All rows add up: {rho} ρ spent since the beginning.",
               rho=rho_words(statement.spent))  # fmt: skip


def _exhausted(epoch: str, budget: Any, facts: PolicyFacts, today: date) -> Cell:
    """The day on which a budget ends at the pace of its epoch; of none that lasts, a dash."""
    if epoch != facts.epoch.name or budget.spent <= 0:
        return "–"
    days = max((today - facts.epoch.first).days, 1)
    ends = today + timedelta(days=min(int(budget.left * days / budget.spent), 36_500))
    return ends if ends < facts.epoch.last else say("not in this epoch")


_QUOTED = re.compile(r"'[^']*'|\"[^\"]*\"")


def masked(raw: str) -> str:
    """A row of JSON with its names, and of each value only its form: letters as x, digits as 0."""
    try:
        row = json.loads(raw)
    except ValueError:
        return mask(raw)
    if not isinstance(row, dict):
        return mask(raw)
    return ", ".join(f"{name}: {mask(str(value))}" for name, value in row.items())


def mask(value: str) -> str:
    """The form of a value."""
    form = "".join("0" if c.isdigit() else "x" if c.isalpha() else c for c in value)
    return form if len(form) <= 40 else f"{form[:40]}…"


def _masked_quotes(words: str) -> str:
    return _QUOTED.sub(lambda quoted: mask(quoted[0]), words)


def _need(visit: Visit, verb: str) -> None:
    if not visit.may(verb):
        raise InputError(say("Your role may not do this."))


def _sum(files: Sequence[Any], name: str) -> int:
    return sum(getattr(file, name) or 0 for file in files)


def _part(some: float, whole: float) -> float:
    return some / whole if whole else 0.0


def _share(some: int, whole: int) -> str:
    return current().share(_part(some, whole), digits=1)


def _percent(share: float) -> str:
    return current().share(share, digits=1)


def _bar(share: float) -> Markup:
    return share_bar(share, current().share(min(max(share, 0), 1)))


def _short(value: object) -> str:
    text = str(value)
    return text if len(text) <= 60 else f"{text[:60]}…"


def _titles() -> Mapping[str, str]:
    return {
        "": say("Overview"),
        "feeds": say("Feeds"),
        "quarantine": say("Quarantine"),
        "people": say("People report"),
        "traits": say("Traits"),
        "tenants": say("Studios"),
        "users": say("Users and keys"),
        "partners": say("Partners"),
        "policy": say("Policy"),
        "ledger": say("Privacy ledger"),
        "jobs": say("Jobs"),
        "runs": say("Runs"),
        "erasure": say("Erasure"),
        "log": say("Log"),
    }


def _page(name: str, make: Callable[[Visit], ConsolePage | Response]) -> Callable[[Visit], Any]:
    def page(visit: Visit) -> Page | Response:
        if visit.who.tenant != visit.house.tenant or not visit.may("audit"):
            raise NotHereError
        made = make(visit)
        if isinstance(made, Response):
            return made
        facts = {
            "entries": _titles().items(),
            "name": name,
            "lead": made.lead,
            "sections": made.sections,
            "forms": made.forms,
            **made.facts,
        }
        rows = made.data if isinstance(made.data, list | tuple) else None
        table = rows if rows and isinstance(rows[0], Mapping) else None
        return Page("house.html", _titles()[name], facts, made.data, table, "house")

    return page


_MADE: Mapping[str, Callable[[Visit], ConsolePage | Response]] = {
    "": overview,
    "feeds": feeds,
    "quarantine": quarantine,
    "people": people,
    "traits": traits,
    "tenants": tenants,
    "users": users,
    "partners": partners,
    "policy": policy,
    "ledger": ledger,
    "jobs": jobs,
    "runs": runs,
    "erasure": erasure,
    "log": log,
}
_POSTS = ("tenants", "users", "partners", "erasure")
PAGES: list[tuple[str, Callable[[Visit], Page | Response], str]] = [
    (f"/house/{name}".rstrip("/"), _page(name, make), "GET POST" if name in _POSTS else "GET")
    for name, make in _MADE.items()
]
"""Address, function and methods of each page."""
