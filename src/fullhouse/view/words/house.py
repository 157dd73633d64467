"""Short words of the house: a count's note, a feed's check, the doctor, a propensity model."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from fullhouse.view.words.figures import day_words, text

if TYPE_CHECKING:  # a short command does not wait for the libraries of these stages
    from fullhouse.audiences.audience import PartlyOutside
    from fullhouse.propensity.propensity import ModelCard

NOTES = {
    "no_rows": "{file} holds no rows.",
    "no_event_id": (
        "The feed maps no event_id: its rows are known by their file, and the same rows in"
        " another file come in again."
    ),
    "no_time": "The feed gives no 'at': its rows count from the moment when their file is begun.",
    "no_time_zone": "The feed names no time zone: times are read as {time_zone}.",
    "special_column": "Column {column!r} is read for: {purpose}",
    "withheld_column": "Column {column!r} looks like {category}: it is not read.",
    "columns_not_read": "Not read: {columns}.",
    "unknown_purpose": (
        "No purpose {purpose!r}.{near} Purposes are {known}; [values.purpose] makes a word of the"
        " file one of them, and setting 'purposes' declares others."
    ),
    "no_such_field": "No line at the beginning of {file} has the field {field!r}.{near}",
}
SENTENCES = {
    "settings_read": "read; {changed} set here or in the environment, the others by default",
    "key_present": "present",
    "lake_read": "{tables} tables can be read, with {rows} rows",
    "house_tied": "lake, control database and key belong together (house {house})",
    "house_untied": "nothing says yet which lake, control database and key belong together",
    "control_open": "open ({database}), its schema up to date",
    "control_unlocked": "open (postgresql), but its role is held by no row-level security, so that"
    " a forgotten tenant in a query would show rivals' rows: connect as a role made by"
    " 'fullhouse control grant ROLE'",
    "erasures_ended": "no erasure waits; {suppressed} accounts are suppressed",
    "erasures_not_ended": (
        "{erasures} erasures died before their end; the next 'fullhouse people erase' ends them"
    ),
    "retention_none": "no rule is set: nothing goes by its age",
    "retention_met": "nothing is older than the rules allow",
    "retention_due": "{rows} rows of {tables} tables are older than the rules allow",
    "engine_answers": "{engine} answers",
    "disk_free": "{free} free",
    "disk_full": "only {free} free; loading and computing may fail",
    "disk_read_only": "this user may not write here",
    "disk_remote": "in an object store; its space is not measured",
    "removals_none": "no channel has accounts of people who left",
    "removals_due": (
        "{accounts} accounts of people who left are still with {channels} channels:"
        " fullhouse campaign removals"
    ),
    "fault": "{reason}",
}
LEVELS = {
    "forecast": "from the forecast",
    "given": "as given",
    "similar_films": "from films like it",
}


def note_words(note: "PartlyOutside") -> str:
    """The sentence of a note.

    >>> from fullhouse.audiences.audience import PartlyOutside
    >>> note_words(PartlyOutside("age:18-30", ("18-24",), ("25-34",)))
    'age:18-30 counts only the bands 18-24; 25-34 lies partly outside and is not counted.'
    """
    return text(
        "{name} counts only the bands {counted}; {left} lies partly outside and is not counted.",
        name=note.name,
        counted=", ".join(note.counted),
        left=", ".join(note.not_counted),
    )


def feed_note(code: str, facts: Mapping[str, Any]) -> str:
    """What a check notes of a feed or a file, for a person."""
    values = {n: ", ".join(v) if isinstance(v, list) else v for n, v in facts.items()}
    return text(NOTES[code], **values)


def health_sentence(code: str, facts: Mapping[str, Any]) -> str:
    """What a check of the workspace came to, for a person."""
    shown = {name: f"{v:,}" if isinstance(v, int) else v for name, v in facts.items()}
    if "free_bytes" in facts:
        shown["free"] = f"{facts['free_bytes'] / 1e9:,.1f} GB"
    return text(SENTENCES[code], **shown)


def level_words(level: str) -> str:
    """Where the number of people expected comes from."""
    return text(LEVELS.get(level, level))


def forward_words(card: "ModelCard") -> str:
    """How a model as of an earlier day did by what came after it; empty where none could."""
    check = card.forward
    if check is None:
        return text(
            "Whether the order holds forward in time could not be judged: there are too few weeks"
            " of events, or too few films seen after an earlier day."
        )
    return text(
        "Forward in time: fitted as of {cut} and judged on what people did until {until} ({films}"
        " films, {viewers} first visits, {people} people who could have acted), AUC {auc}"
        " ({low}–{high}), activity alone {activity}; the likeliest tenth holds {top} of the"
        " viewers, by activity alone {top_activity}.",
        cut=day_words(check.cut),
        until=day_words(check.until),
        films=f"{check.films:,}",
        viewers=f"{check.viewers:,}",
        people=f"{check.people:,}",
        auc=f"{check.auc:.3f}",
        low=f"{check.auc_low:.3f}",
        high=f"{check.auc_high:.3f}",
        activity=f"{check.activity_auc:.3f}",
        top=f"{check.in_top_tenth:.0%}",
        top_activity=f"{check.activity_in_top_tenth:.0%}",
    )


def card_notes(card: "ModelCard") -> tuple[str, ...]:
    """How to read a card's figures."""
    notes = [
        text(
            "The other figures look back: they are of past films, each predicted by a model that"
            " was not fitted on it, among all people of today. Whoever has left since then makes"
            " them look better than a forecast can be."
        ),
        text(
            "In the figures each film's level is its own number of viewers; this film's is"
            " {level}.",
            level=level_words(card.level),
        ),
    ]
    if "interest" in card.signals:
        notes.append(text("The film's own interest is used too and is not in the figures."))
    return tuple(notes)


LOG_FAULTS = {
    "leaf_changed": "Entry {position} of the log of {tenant} is not what it was.",
    "leaf_missing": "The log of {tenant} lacks entry {position}.",
    "size_other": "The log of {tenant} has {position} entries, which is not what it counted.",
    "head_not_of_log": (
        "The head that was signed when the log of {tenant} had {position} entries is of another"
        " log: it was rewritten."
    ),
}


def log_fault(code: str, tenant: str, position: int) -> str:
    """What does not fit in a log, in a sentence."""
    return text(LOG_FAULTS[code], tenant=tenant, position=position)
