"""Erase accounts, and prove that nothing of them is left."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from fullhouse.campaigns.campaign import TREATED
from fullhouse.campaigns.people import read_people
from fullhouse.control.campaigns import campaigns
from fullhouse.control.control import record
from fullhouse.control.suppression import (
    begin_erasure,
    end_erasures,
    handed_out,
    pending_erasures,
    suppress,
)
from fullhouse.erasure.erasure import (
    ACCOUNT,
    Account,
    Erased,
    Target,
    Trace,
    Verification,
    Wanted,
)
from fullhouse.erasure.files import (
    handed_out_files,
    removal_lists,
    take_from,
    take_from_handed_out,
    take_from_workspace,
)
from fullhouse.erasure.match import Kinds, Matcher
from fullhouse.erasure.records import compact_control, take_from_control
from fullhouse.erasure.search import UNREAD, search_control, search_file, search_place
from fullhouse.erasure.tables import personal_tables, take_from_tables
from fullhouse.erasure.target import find_target, wanted_of
from fullhouse.lookup import forget_accounts, known_accounts
from fullhouse.people.publish import finish_merges
from fullhouse.people.resolution import read_state
from fullhouse.workspace.context import Context
from fullhouse.workspace.machine import places_beside

ROUNDS = 3
"""How often an erasure searches and removes again what others wrote meanwhile."""

ToRemove = Callable[[Context, Target], int]
"""Writes down what channels are to take off their lists; how many accounts that is."""


def erase(
    context: Context,
    accounts: Sequence[Account],
    *,
    whole_person: bool = False,
    to_remove: ToRemove = lambda *_: 0,
) -> Erased:
    """Erase accounts from everything the workspace holds, and search for what is left.

    First the accounts are suppressed, so that no feed brings them back; what is looked for is
    written down, so that the next erasure ends one that died. With `whole_person`, all accounts
    of their persons go. Doing it again does no harm.
    """
    # A resolve run that died reads its merges from an older version, which goes.
    finish_merges(context.engine, context.lake, read_state(context.lake.live), context.now)
    target = find_target(context.lake, accounts, whole_person=whole_person)
    target = replace(target, campaigns=_campaigns_with(context, target))
    pending = pending_erasures(context.control)
    begun = begin_erasure(context.control, _body(target))
    for earlier in pending:
        target = target.joined(_target(earlier.body))
    wanted = wanted_of(target, context.key)
    new = suppress(context.control, sorted(wanted.keyed))
    forget_accounts(context, target.accounts)
    removals = to_remove(context, target)
    matcher = Matcher(wanted)
    rows: Counter[str] = Counter()
    files, verification = 0, None
    for number in range(ROUNDS):
        rows.update(_take_all(context, target, matcher, number))
        files += _take_files(context, matcher, target)
        take_from_control(context.control, context.lake, matcher)
        verification = search(context, wanted, database_bytes=False)
        if not verification.traces:
            break
    assert verification is not None
    if verification.clean:
        end_erasures(context.control, [begun.id, *(p.id for p in pending)])
        compact_control(context.control)
        left = tuple(_in_database_file(context, matcher))
        verification = replace(verification, traces=left)
    erased = Erased(
        len(target.accounts),
        target.known,
        len(target.erased_persons),
        new,
        dict(rows),
        files,
        removals,
        target.others,
        verification,
    )
    detail: dict[str, object] = {
        "accounts": erased.accounts,
        "persons": erased.persons,
        "complete": erased.complete,
    }
    record(context.control, "people.erase", detail)
    return erased


def verify(
    context: Context,
    accounts: Sequence[Account],
    *,
    persons: Sequence[int] = (),
    digests: Sequence[str] = (),
) -> Verification:
    """Search everything the workspace holds for accounts, and for what is known of them.

    `persons` and `digests` are what was known of them before they were erased; what is still
    known is looked up.
    """
    target = find_target(context.lake, accounts, whole_person=False)
    known = Target((), tuple(persons), (), tuple(digests))
    return search(context, wanted_of(target.joined(known), context.key))


def search(context: Context, wanted: Wanted, *, database_bytes: bool = True) -> Verification:
    """Every trace of what is wanted: in all files, and in all rows of the control database.

    But for removal lists: they are the channels', who must learn whom to take off theirs.
    """
    matcher = Matcher(wanted)
    traces: list[Trace] = []
    unread: list[str] = []
    files = read = 0
    skip = removal_lists(context.place, handed_out(context.control))
    skip += () if database_bytes else ("control.db",)
    places = [(context.place, skip)]
    if not context.lake.place.root.startswith(f"{context.place.root}/"):
        places.append((context.lake.place, ()))
    places += [(place, ()) for place in places_beside(context.place, context.settings)]
    for place, left_out in places:
        for file, kinds in search_place(place, matcher, left_out):
            files, read = files + 1, read + file.size
            if kinds is None or kinds.pop(UNREAD, 0):
                unread.append(f"{place.root}/{file.name}")
            traces += [Trace(file.name, kind, n) for kind, n in sorted((kinds or {}).items())]
    for path, met, size in _handed_out_traces(context, matcher):
        files, read = files + 1, read + size
        if met is None or met.pop(UNREAD, 0):
            unread.append(path)
        traces += [Trace(path, kind, n) for kind, n in sorted((met or {}).items())]
    traces += search_control(context.control, matcher)
    looked_up = known_accounts(context, wanted.accounts)
    if looked_up:
        traces.append(Trace("look-up file", ACCOUNT, looked_up))
    return Verification(
        len(wanted.accounts), files, read, len(personal_tables()), tuple(traces), tuple(unread)
    )


def _take_all(context: Context, target: Target, matcher: Matcher, number: int) -> dict[str, int]:
    step = "Erasing from" if not number else "Erasing again from"
    return take_from_tables(
        context.lake, target, matcher, done=lambda name: context.progress(f"{step} {name}")
    )


def _take_files(context: Context, matcher: Matcher, target: Target) -> int:
    context.progress("Erasing from files")
    places = handed_out(context.control)
    taken = take_from_handed_out(places, context.lake, matcher, hashed=frozenset(target.campaigns))
    lists = removal_lists(context.place, places)
    taken += forget_accounts(context, target.accounts) > 0
    for place in places_beside(context.place, context.settings):
        taken += take_from(place, matcher)
    return taken + take_from_workspace(context.place, context.lake, matcher, lists)


def _handed_out_traces(
    context: Context, matcher: Matcher
) -> Iterator[tuple[str, Kinds | None, int]]:
    """Traces in what was handed out to places outside the workspace; None: it cannot be read."""
    for root, kind in handed_out(context.control):
        place, names = handed_out_files(root, kind, context.lake)
        if f"{place.root}/".startswith(f"{context.place.root}/"):
            continue
        for name in names:
            path = f"{place.root}/{name}"
            try:
                data = place.read(name)
            except OSError:
                yield path, None, 0
                continue
            if data is not None:
                yield path, search_file(name, data, matcher), len(data)


def _in_database_file(context: Context, matcher: Matcher) -> Iterator[Trace]:
    if not context.place.is_local:
        return
    for path in sorted(context.place.path.glob("control.db*")):
        met = search_file(path.name, path.read_bytes(), matcher)
        yield from (Trace(path.name, kind, n) for kind, n in sorted(met.items()))


def _campaigns_with(context: Context, target: Target) -> tuple[str, ...]:
    """The campaigns whose treated people have an erased person among them, or had one who stays:
    a platform's file names contacts, and whose they are nobody can tell.
    """
    gone = {*target.erased_persons, *target.staying}
    if not gone:
        return ()
    names = set()
    for campaign in campaigns(context.control):
        people = read_people(context.lake.live, campaign.name, [TREATED])
        sets = [p for states in people.values() for p in states.get(TREATED, {}).values()]
        if any(person in people for people in sets for person in gone):
            names.add(campaign.name)
    return tuple(sorted(names))


def _body(target: Target) -> dict[str, object]:
    return {
        "accounts": [list(a) for a in target.accounts],
        "persons": list(target.erased_persons),
        "staying": list(target.staying),
        "digests": list(target.digests),
        "campaigns": list(target.campaigns),
    }


def _target(body: dict[str, object]) -> Target:
    stored: dict[str, list[object]] = {k: list(v) for k, v in body.items() if isinstance(v, list)}
    return Target(
        tuple((str(a[0]), str(a[1])) for a in stored["accounts"] if isinstance(a, list)),
        tuple(int(str(p)) for p in stored["persons"]),
        tuple(int(str(p)) for p in stored["staying"]),
        tuple(str(d) for d in stored["digests"]),
        campaigns=tuple(str(c) for c in stored["campaigns"]),
    )
