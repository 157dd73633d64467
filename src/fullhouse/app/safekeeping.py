"""Verify a house, back it up, restore it, and accept what was lost. None needs a sound house."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from fullhouse import control
from fullhouse.app.use_case import check_house, faults_in_words
from fullhouse.control.copying import campaign_names
from fullhouse.control.house import House, accept_house, peek
from fullhouse.core.errors import DamagedError, FullhouseError, InputError, Reason
from fullhouse.core.request import request
from fullhouse.core.tables import ALL, CAMPAIGN_PEOPLE, INGESTED, Mark
from fullhouse.feeds.ledgers import ledger_faults, short_files
from fullhouse.feeds.retract import retract
from fullhouse.lake.verify import TableProof, drop_lost_files, verify_table
from fullhouse.workspace import backup as backup_
from fullhouse.workspace.backup import Backup
from fullhouse.workspace.context import Context
from fullhouse.workspace.proof import (
    check_tied,
    key_of,
    lake_marks,
    later,
    new_id,
    read_note,
    write_note,
)

REMOVING = ("people.erase", "lake.retain")
"""Actions after which a file has fewer rows than it brought, as it should."""


@request
class VerifyLake:
    """Look at every table, ledger and the control database; with `full`, decode every page."""

    full: bool = False


@request
class AcceptLake:
    """Go on with the house as it is after a loss that no backup can mend."""

    confirmed: bool = False


@request
class MakeBackup:
    """Copy lake, control database, settings and, by choice, the key to a new folder."""

    to: Path
    with_key: bool = False


@request
class RestoreBackup:
    """Make a house in a new folder from a backup; `key` names a file with its key.

    `control` is the SQLAlchemy URL of an empty database for its control database, such as
    PostgreSQL's; without it that is SQLite in the folder.
    """

    source: Path
    to: Path
    key: Path | None = None
    control: str | None = None


@dataclass(frozen=True)
class LakeProof:
    """What verifying a house came to: of each table, and of what belongs together."""

    tables: tuple[TableProof, ...]
    problems: tuple[Reason, ...]

    @property
    def ok(self) -> bool:
        """Whether nothing is at fault."""
        return not self.problems and not any(t.problems for t in self.tables)


@dataclass(frozen=True)
class Accepted:
    """What accepting a loss did, or would do: each problem, and the files to take in again."""

    problems: tuple[Reason, ...]
    files: tuple[str, ...]
    done: bool


@faults_in_words()
def lake_verify(context: Context, request: VerifyLake | None = None) -> LakeProof:
    """Every table against its marks, its log and its files; ledgers; control database; key."""
    check_house(context)
    full = (request or VerifyLake()).full
    note, house, problems = _parts(context)
    marks = later(note.tables if note else {}, house.tables if house else {})
    tables = []
    for name, table in ALL.items():
        context.progress(f"Verifying {name}")
        proof = verify_table(context.lake, table, marks.get(name), full=full)
        if proof is not None:
            tables.append(proof)
    if not any(t.problems for t in tables):
        problems += ledger_faults(context.lake, erased=_has_erased(context, house))
    if house is not None:
        problems += _control_problems(context)
        if not context.workspace.has_key:
            problems.append(Reason("key_missing"))
    return LakeProof(tuple(tables), tuple(problems))


@faults_in_words()
def lake_accept(context: Context, request: AcceptLake | None = None) -> Accepted:
    """Tie lake, control database and key together as they now are.

    Files whose rows are not all in their table are taken out of the ledgers, so that they can be
    taken in again. Of what cannot be read nothing is accepted.
    """
    check_house(context)
    confirmed = (request or AcceptLake()).confirmed
    proof = lake_verify(context)
    problems = (*proof.problems, *(p for table in proof.tables for p in table.problems))
    unreadable = [p for p in problems if p.code in ("table_log_unreadable", "control_unreadable")]
    if unreadable:
        raise FullhouseError(unreadable[0].message, code=unreadable[0].code, **unreadable[0].facts)
    if not confirmed:
        return Accepted(problems, (), done=False)
    note, house, _ = _parts(context)
    for table in ALL.values():
        if context.lake.place.is_local:
            drop_lost_files(context.lake, table)
    key = key_of(context.workspace)
    if key is None:
        raise InputError("The key is needed to go on: put back fullhouse.key or FULLHOUSE_KEY.")
    opened = control.open_control(context.workspace.control_url)
    try:
        accepted = House(
            house.control if house else new_id(),
            note.lake if note else (house.lake if house else new_id()),
            key,
            max(note.sequence if note else 0, house.sequence if house else 0) + 1,
        )
        _tie(context, opened, accepted)
        short = [file for file, _ in short_files(context.lake, erased=False)]
        if short:
            retract(context.lake.live, short, now=context.now)
            context.lake.seal(INGESTED)
        codes = [p.code for p in problems]
        detail: dict[str, object] = {"problems": codes, "files": [f.batch for f in short]}
        control.record(opened, "lake.accept", detail)
        _tie(context, opened, accepted)
    finally:
        opened.dispose()
    return Accepted(problems, tuple(f.file for f in short), done=True)


@faults_in_words()
def backup(context: Context, request: MakeBackup) -> Backup:
    """Lake, control database and settings at one consistent point, in a folder that is new.

    Written beside it, verified, and then renamed: there is a whole backup, or none.
    """
    check_house(context)
    proof = context.workspace.house
    if proof is None:
        raise InputError("There is nothing to back up: this workspace has no key yet.")
    saved = backup_.backup(context.workspace, request.to, with_key=request.with_key)
    control.record(context.control, "backup", {"to": str(request.to), "with_key": request.with_key})
    return saved


@faults_in_words()
def restore(request: RestoreBackup) -> Backup:
    """A house in a new folder, as it was when the backup was made."""
    return backup_.restore(request.source, request.to, key=request.key, control=request.control)


def _tie(context: Context, opened: control.Control, house: House) -> None:
    marks: Mapping[str, Mark] = lake_marks(context.lake)
    known = accept_house(
        opened, House(house.control, house.lake, house.key, house.sequence, 0, marks)
    )
    write_note(context.lake.place, known)
    vars(context.workspace).pop("house", None)


def _parts(context: Context) -> tuple[House | None, House | None, list[Reason]]:
    """The lake's note and the control database's, as far as they can be read, and what is wrong."""
    problems: list[Reason] = []
    note = house = None
    try:
        note = read_note(context.lake.place)
    except DamagedError as problem:
        problems.append(problem.reason)
    try:
        house = peek(context.workspace.control_url)
    except DamagedError as problem:
        problems.append(problem.reason)
    if problems:
        return note, house, problems
    try:
        check_tied(note, house, key_of(context.workspace))
    except FullhouseError as problem:
        problems.append(problem.reason)
    return note, house, problems


def _has_erased(context: Context, house: House | None) -> bool:
    if house is None:
        return False
    opened = control.open_control(context.workspace.control_url)
    try:
        return any(row.action in REMOVING for row in control.audit_log(opened, most=2**31))
    finally:
        opened.dispose()


def _control_problems(context: Context) -> Iterator[Reason]:
    opened = control.open_control(context.workspace.control_url)
    try:
        if not control.verify(opened).ok:
            yield Reason("score_book_broken")
        known = campaign_names(opened)
        held = context.lake.live.read(CAMPAIGN_PEOPLE, columns=["campaign"])["campaign"]
        unknown = sorted(set(held.unique().to_pylist()) - known)
        if unknown:
            yield Reason("campaigns_unknown", {"campaigns": unknown[:5]})
    finally:
        opened.dispose()
