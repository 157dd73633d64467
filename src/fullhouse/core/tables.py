"""Every lake table, declared once. Stages meet only at these tables.

Types are those that Delta Lake, DuckDB and Spark all have: no unsigned integers, UTC timestamps
in microseconds. A person is written as int64 though it is below 2**32.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import pyarrow as pa

TYPES: dict[str, pa.DataType] = {
    "string": pa.string(),
    "int32": pa.int32(),
    "int64": pa.int64(),
    "float64": pa.float64(),
    "bool": pa.bool_(),
    "date": pa.date32(),
    "timestamp": pa.timestamp("us", tz="UTC"),
    "binary": pa.binary(),
    "list<int32>": pa.list_(pa.int32()),
}

NUMBERS = ("int32", "int64", "float64", "bool", "date", "timestamp")
PERSONAL = frozenset(
    {"account", "account_a", "digest", "person", "kept", "merged", "unit", "raw", "file", "bitmap"}
)
"""Columns that name an account or a person, or hold sets of persons."""


@dataclass(frozen=True)
class Column:
    """One column: its name, its type (a key of TYPES), what it holds, whether it may be empty."""

    name: str
    type: str
    doc: str
    nullable: bool = True

    @property
    def arrow(self) -> pa.Field:
        """The column as an Arrow field."""
        return pa.field(self.name, TYPES[self.type], nullable=self.nullable)


@dataclass(frozen=True)
class Table:
    """A lake table: columns, the key that names a row, and the columns it is partitioned by."""

    name: str
    doc: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    partition_by: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        unknown = [c for c in (*self.key, *self.partition_by) if c not in self.names]
        if unknown:
            raise ValueError(f"table {self.name} has no column {unknown}")

    @property
    def names(self) -> list[str]:
        """The column names in order."""
        return [c.name for c in self.columns]

    @property
    def is_personal(self) -> bool:
        """Whether its rows are of single accounts or persons, or may name one."""
        return any(name in PERSONAL for name in self.names)

    @property
    def is_feed(self) -> bool:
        """Whether its rows come from feeds, and not from other tables."""
        return self.name in FROM_FEEDS

    @property
    def statistics(self) -> list[str]:
        """Columns whose least and greatest value may stand in the table's log.

        Of personal tables, none that could name somebody: what stands in a log outlives its row.
        """
        return [
            c.name
            for c in self.columns
            if c.type in NUMBERS and c.name not in PERSONAL and c.name not in self.partition_by
        ]

    @property
    def schema(self) -> pa.Schema:
        """The Arrow schema that every batch written to the table has."""
        return pa.schema([c.arrow for c in self.columns])


@dataclass(frozen=True)
class Snapshot:
    """One version of a lake table: the files that make it up, so it can be read again.

    `uris` are Parquet files without the partition columns; those stand in the paths as
    `column=value`. An empty table has no files.
    """

    table: Table
    version: int
    root: str
    uris: tuple[str, ...]
    storage_options: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Mark:
    """A version that a lake table has reached, and how many rows it held then."""

    version: int
    rows: int


def _required(name: str, type_: str, doc: str) -> Column:
    return Column(name, type_, doc, nullable=False)


SOURCE = _required("source", "string", "the feed's source, such as shop, video, ticketing")
ACCOUNT = _required("account", "string", "the account's id in its source")
PERSON = _required("person", "int64", "the person, below 2**32")
BLOCK = _required("block", "int32", "person >> 20")
BATCH = _required("batch", "string", "the ingest batch that wrote the row")
BUILD = _required("build", "int64", "the trait build; see trait_build")
AT = _required("at", "timestamp", "when it happened, UTC")
DAY = _required("day", "date", "the calendar day in the feed's time zone")

DEMOGRAPHICS = (
    Column("gender", "string", "female, male, other"),
    Column("birth_year", "int32", "year of birth"),
    Column("age_min", "int32", "youngest age of the band given, at `at`"),
    Column("age_max", "int32", "oldest age of the band given, at `at`"),
    Column("country", "string", "ISO 3166 code or name"),
    Column("region", "string", "state or province"),
    Column("city", "string", "city"),
    Column("household_size", "int32", "people in the household"),
    Column("income", "string", "income band, as the source words it"),
    Column("education", "string", "education, as the source words it"),
    Column("occupation", "string", "occupation, as the source words it"),
)


def _event(name: str, doc: str, columns: Sequence[Column]) -> Table:
    start = (
        SOURCE,
        ACCOUNT,
        _required("event_id", "string", "the event's id in its source, or file digest and row"),
        AT,
        DAY,
    )
    return Table(name, doc, (*start, *columns, BATCH), ("source", "event_id"), ("source",))


ACCOUNT_TABLE = Table(
    "account",
    "What a source says of an account; later rows supersede earlier ones, column by column.",
    (SOURCE, ACCOUNT, AT, *DEMOGRAPHICS, BATCH),
    ("source", "account", "at", "batch"),
    ("source",),
)
IDENTIFIER = Table(
    "identifier",
    "Hashed identifiers of accounts; the raw ones never touch the disk.",
    (
        SOURCE,
        ACCOUNT,
        _required("kind", "string", "email, phone, device or the feed's own kind"),
        _required("digest", "string", "HMAC-SHA-256 under the workspace key, hexadecimal"),
        AT,
        BATCH,
    ),
    ("source", "account", "kind", "digest", "batch"),
    ("source",),
)
PRODUCT = Table(
    "product",
    "What a source sells.",
    (
        SOURCE,
        _required("product", "string", "the product's id in its source"),
        AT,
        Column("title", "string", "title"),
        Column("category", "string", "category path, levels joined by ' > '"),
        Column("brand", "string", "brand"),
        Column("unit_price", "float64", "list price"),
        Column("currency", "string", "ISO 4217 code"),
        BATCH,
    ),
    ("source", "product", "at", "batch"),
    ("source",),
)
FILM = Table(
    "film",
    "What a source shows or sells tickets for.",
    (
        SOURCE,
        _required("film", "string", "the film's id in its source"),
        AT,
        Column("title", "string", "title, without the year"),
        Column("release_date", "date", "first release in the source's territory"),
        Column("release_year", "int32", "year of release, where no date is known"),
        Column("genres", "string", "genres joined by '|'"),
        BATCH,
    ),
    ("source", "film", "at", "batch"),
    ("source",),
)
PURCHASE = _event(
    "purchase",
    "Something bought. Title and category may stand here or in `product`.",
    (
        Column("product", "string", "the product's id in its source"),
        Column("title", "string", "title, where the feed carries it inline"),
        Column("category", "string", "category path, levels joined by ' > ', where inline"),
        _required("quantity", "float64", "units"),
        Column("unit_price", "float64", "price of one unit"),
        Column("currency", "string", "ISO 4217 code"),
    ),
)
VIEW = _event(
    "view",
    "Something watched.",
    (
        _required("film", "string", "the film's id in its source"),
        Column("seconds", "float64", "seconds watched"),
        Column("completion", "float64", "share watched, 0 to 1"),
    ),
)
TICKET = _event(
    "ticket",
    "Cinema tickets bought; a refund is a row of its own with `refunded` set.",
    (
        _required("film", "string", "the film's id in its source"),
        _required("quantity", "float64", "tickets"),
        Column("unit_price", "float64", "price of one ticket"),
        Column("currency", "string", "ISO 4217 code"),
        Column("cinema", "string", "the cinema's id"),
        Column("city", "string", "city"),
        Column("showing_at", "timestamp", "when the film was shown"),
        Column("refunded", "bool", "true for a refund"),
    ),
)
_CAMPAIGN = (
    Column("campaign", "string", "campaign"),
    Column("line", "string", "line of the plan"),
    Column("channel", "string", "channel"),
    Column("film", "string", "the film's id in its source"),
)
IMPRESSION = _event("impression", "An advertisement shown.", _CAMPAIGN)
CLICK = _event("click", "An advertisement clicked.", _CAMPAIGN)
WANT_TO_SEE = _event(
    "want_to_see",
    "A 'want to see' mark on a film.",
    (_required("film", "string", "the film's id in its source"),),
)
TRAILER_VIEW = _event(
    "trailer_view",
    "A trailer watched.",
    (
        _required("film", "string", "the film's id in its source"),
        Column("trailer", "string", "the trailer's id"),
        Column("seconds", "float64", "seconds watched"),
        Column("completion", "float64", "share watched, 0 to 1"),
    ),
)
SEARCH = _event(
    "search",
    "Something searched for.",
    (
        _required("query", "string", "what was searched for"),
        Column("results", "int32", "results that were shown"),
    ),
)
PLAY = _event(
    "play",
    "A game, a song or other entertainment played, or a film's playback that was begun.",
    (
        _required("film", "string", "the id, in its source, of the film, game or song"),
        Column("seconds", "float64", "where in it the playback began"),
    ),
)
ACTIVITY = _event(
    "activity",
    "Every message that the collector took, whatever else it became.",
    (
        _required("type", "string", "track, identify, page, screen, group or alias"),
        Column("name", "string", "name of the event, page or screen, as the sender wrote it"),
        Column("reported_at", "timestamp", "when it happened by the sender's own clock, UTC"),
        _required("received_at", "timestamp", "when it arrived, UTC"),
        Column("library", "string", "the client library that sent it"),
        Column("library_version", "string", "and its version"),
    ),
)
CONSENT = _event(
    "consent",
    "A grant or a refusal of a purpose; the latest one counts.",
    (
        _required("purpose", "string", "purpose, such as analytics or advertising"),
        _required("granted", "bool", "granted or refused"),
    ),
)
QUARANTINE = Table(
    "quarantine",
    "Rows that were refused, each with the reason and the raw row (identifiers hashed).",
    (
        SOURCE,
        _required("feed", "string", "name of the feed"),
        _required("kind", "string", "event kind of the feed"),
        _required("file", "string", "name of the file, without its folder"),
        _required("row", "int64", "row in the file, from 1, header not counted"),
        _required("reason", "string", "why: a short fixed word"),
        _required("detail", "string", "what was wrong, what was given"),
        _required("raw", "string", "the row as JSON, identifiers hashed"),
        _required("at", "timestamp", "when it was refused, UTC"),
        BATCH,
    ),
    ("source", "batch", "row", "reason"),
    ("source",),
)
BEGUN = Table(
    "begun",
    "One row per file that was begun: what its rows depend on besides itself and the feed.",
    (
        SOURCE,
        _required("feed", "string", "name of the feed"),
        _required("kind", "string", "event kind"),
        _required("digest", "string", "as in `ingested`"),
        _required("content", "string", "SHA-256 of the file's bytes"),
        _required("file", "string", "name of the file, without its folder"),
        _required("terms", "string", "clock, chunk size, policy and so on, as JSON"),
        _required("at", "timestamp", "when it was begun, UTC"),
        BATCH,
    ),
    ("digest",),
)
INGESTED = Table(
    "ingested",
    "One row per file that was taken in whole: what became of its rows.",
    (
        SOURCE,
        _required("feed", "string", "name of the feed"),
        _required("kind", "string", "event kind"),
        _required("digest", "string", "SHA-256 of the file's bytes and of the feed declaration"),
        _required("file", "string", "name of the file, without its folder"),
        _required("read", "int64", "rows read"),
        _required("written", "int64", "rows written"),
        _required("known", "int64", "rows already in the lake"),
        _required("quarantined", "int64", "rows refused"),
        _required("at", "timestamp", "when it ended, UTC"),
        BATCH,
    ),
    ("source", "digest"),
)

RETRACTED = Table(
    "retracted",
    "One row per file whose rows were taken out again; the same file then comes in anew.",
    (
        SOURCE,
        _required("feed", "string", "name of the feed"),
        _required("kind", "string", "event kind"),
        _required("digest", "string", "as in `ingested`"),
        _required("file", "string", "name of the file, without its folder"),
        _required("rows", "int64", "rows that it had in the lake"),
        _required("at", "timestamp", "when it was taken out, UTC"),
        BATCH,
    ),
    ("digest",),
)
RETRACTED_ACCOUNT = Table(
    "retracted_account",
    "Accounts whose rows were taken out again, until the next resolve run has decided on them.",
    (SOURCE, ACCOUNT, BATCH),
    ("source", "account"),
)

ACCOUNT_PERSON = Table(
    "account_person",
    "Which person an account is, as of the last resolve run. Rewritten by each run.",
    (
        SOURCE,
        ACCOUNT,
        PERSON,
        _required("since", "int64", "the resolve run that first saw the account"),
    ),
    ("source", "account"),
)
PERSON_TABLE = Table(
    "person",
    "One row per living person: demographics from the latest non-empty word of any account.",
    (
        PERSON,
        BLOCK,
        *DEMOGRAPHICS,
        Column("age_as_of", "date", "day on which age_min and age_max were true"),
        _required("accounts", "int32", "number of accounts"),
        _required("sources", "string", "names of its sources in order, joined by ','"),
    ),
    ("person",),
    ("block",),
)
PERSON_MERGE = Table(
    "person_merge",
    "Two persons that turned out to be one: the smaller id stays, the other is retired.",
    (
        _required("run", "int64", "the resolve run"),
        _required("kept", "int64", "the id that stays"),
        _required("merged", "int64", "the id that is retired and never used again"),
        AT,
    ),
    ("merged",),
)
PERSON_SPLIT = Table(
    "person_split",
    "Accounts that left a person when it was decided anew: the larger part keeps the id.",
    (
        _required("run", "int64", "the resolve run"),
        _required("person", "int64", "the id that stays with the larger part"),
        _required("separated", "int64", "the person of the other part"),
        _required("accounts", "int64", "accounts of the other part"),
        AT,
    ),
    ("run", "person", "separated"),
)
PERSON_UNLINK = Table(
    "person_unlink",
    "What an operator ruled out: two accounts as one person, or an identifier as a link.",
    (
        Column("source_a", "string", "source of the first account, for a pair"),
        Column("account_a", "string", "first account"),
        Column("source_b", "string", "source of the second account"),
        Column("account_b", "string", "second account"),
        Column("kind", "string", "kind of the identifier, for an identifier"),
        Column("digest", "string", "its digest"),
        _required("run", "int64", "the resolve run before it"),
        AT,
        BATCH,
    ),
    ("source_a", "account_a", "source_b", "account_b", "kind", "digest"),
)
REFUSED_IDENTIFIER = Table(
    "refused_identifier",
    "Identifiers that too many accounts or evidently different people share: they link nobody.",
    (
        _required("run", "int64", "the resolve run"),
        _required("kind", "string", "kind of identifier"),
        _required("digest", "string", "its digest"),
        _required("accounts", "int64", "accounts that share it"),
    ),
    ("run", "kind", "digest"),
)
PERSON_LINK = Table(
    "person_link",
    "Pairs of accounts that a probabilistic model links, with the model's name.",
    (
        _required("source_a", "string", "source of the first account"),
        _required("account_a", "string", "first account"),
        _required("source_b", "string", "source of the second account"),
        _required("account_b", "string", "second account"),
        _required("probability", "float64", "the model's match probability"),
        _required("model", "string", "name of the saved model"),
    ),
    ("source_a", "account_a", "source_b", "account_b", "model"),
)

ITEM = Table(
    "item",
    "Everything an event can be about, products and films of all sources, densely numbered.",
    (
        _required("item", "int32", "dense number, stable for ever"),
        _required("kind", "string", "product, film, play (what is played) or search (a title)"),
        SOURCE,
        _required("id", "string", "the product's or film's id in its source"),
        Column("title", "string", "title"),
        Column("category", "string", "category path of a product, levels joined by ' > '"),
        Column("genres", "string", "genres of a film joined by '|'"),
        Column("release_year", "int32", "year of a film's release"),
        Column("title_day", "date", "day of the purchase that the title is from, where inline"),
        Column("category_day", "date", "the same for the category"),
    ),
    ("item",),
)
PERSON_EVENT = Table(
    "person_event",
    "Events by person, laid out by kind and block, so that every stage runs block after block.",
    (
        _required("kind", "string", "a name in traits.EVENT_KINDS"),
        BLOCK,
        PERSON,
        SOURCE,
        DAY,
        _required("item", "int32", "what it was about; see item"),
        _required("quantity", "float64", "units, tickets, share watched of a trailer; 1 otherwise"),
        Column("unit_price", "float64", "price of one unit"),
        Column("currency", "string", "ISO 4217 code"),
        Column("city", "string", "city of the cinema, for a ticket"),
    ),
    ("kind", "person", "item", "day"),
    ("kind", "block"),
)

TRAIT_BUILD = Table(
    "trait_build",
    "One row per finished trait build. A build without a row here did not finish.",
    (
        BUILD,
        _required("as_of", "date", "no event after this day moved a trait"),
        _required("at", "timestamp", "when it ended, UTC"),
        _required("persons", "int64", "people in the base"),
        _required("traits", "int64", "traits built"),
        _required("rare", "int64", "traits defined but not built, being under the floor"),
        _required("floor", "int64", "fewest persons a trait needs"),
        _required("catalogue", "string", "the catalogue as JSON"),
        _required("inputs", "string", "versions of the tables read, as JSON"),
    ),
    ("build",),
)
TRAIT = Table(
    "trait",
    "The traits of a build.",
    (
        BUILD,
        _required("trait", "int32", "dense number within the build"),
        _required("name", "string", "family:slug, as the audience language says it"),
        _required("family", "string", "buys, word, genre, saw, moviegoer, price, gender, age ..."),
        _required("label", "string", "plain words, such as 'bought from Pet Supplies'"),
        _required("basis", "string", "the event kind it is counted from, or 'person'"),
        _required("definition", "string", "the whole definition as JSON"),
        _required("persons", "int64", "people who have it"),
        _required("by_source", "string", "JSON: source → people with an account there"),
        _required("built", "bool", "false when under the floor: no bitmap"),
    ),
    ("build", "trait"),
    ("build",),
)
ITEM_TRAIT = Table(
    "item_trait",
    "What the events of a built trait may be about, where its definition narrows that.",
    (
        BUILD,
        _required("trait", "int32", "see trait"),
        _required("item", "int32", "see item"),
    ),
    ("build", "trait", "item"),
    ("build",),
)
TRAIT_BITMAP = Table(
    "trait_bitmap",
    "Who has a trait, by block, as portable Roaring bitmaps of whole person ids.",
    (
        BUILD,
        _required("trait", "int32", "see trait"),
        BLOCK,
        _required("persons", "int64", "people in this block who have it"),
        _required("bitmap", "binary", "portable Roaring format; ids are whole person ids"),
    ),
    ("build", "trait", "block"),
    ("build",),
)
PERSON_TRAIT = Table(
    "person_trait",
    "The person-major form: each person's traits with the events behind each, and activity.",
    (
        BUILD,
        BLOCK,
        PERSON,
        _required(
            "traits",
            "list<int32>",
            "numbers of built traits that the person has, or has some events of, ascending",
        ),
        _required(
            "events",
            "list<int32>",
            "events behind each; 0 for a fact; fewer than the trait needs: not had",
        ),
        _required("purchase", "int32", "purchases up to the as-of date"),
        _required("view", "int32", "views up to the as-of date"),
        _required("ticket", "int32", "ticket purchases up to the as-of date"),
        _required("want_to_see", "int32", "want-to-see marks up to the as-of date"),
    ),
    ("build", "person"),
    ("build", "block"),
)
AUDIENCE_BLOCK = Table(
    "audience_block",
    "Members of saved audiences, frozen, as portable Roaring bitmaps by block.",
    (
        _required("audience", "string", "name of the audience"),
        _required("version", "int64", "version, from 1"),
        BLOCK,
        _required("persons", "int64", "people in this block"),
        _required("bitmap", "binary", "portable Roaring format; ids are whole person ids"),
    ),
    ("audience", "version", "block"),
)
CAMPAIGN_PEOPLE = Table(
    "campaign_people",
    "Who is what in each line of a campaign, frozen at launch, as portable Roaring bitmaps.",
    (
        _required("campaign", "string", "the campaign"),
        _required("line", "string", "line of its plan"),
        _required(
            "state",
            "string",
            "treated, withheld (in the treated arm, but not shown on this channel), held_out,"
            " always_out (global holdout), or why not eligible: no_consent, over_cap, has_ticket,"
            " not_addressed",
        ),
        BLOCK,
        _required("persons", "int64", "people in this block"),
        _required("bitmap", "binary", "portable Roaring format; ids are whole person ids"),
        AT,
    ),
    ("campaign", "line", "state", "block"),
)
CAMPAIGN_UNIT = Table(
    "campaign_unit",
    "Who shares a household in a campaign whose arms are by household; all others are alone.",
    (
        _required("campaign", "string", "the campaign"),
        PERSON,
        _required("unit", "int64", "the least person of the household"),
    ),
    ("campaign", "person"),
)
DELIVERY = Table(
    "delivery",
    "What was handed to a channel: one row for each file or webhook part that was taken.",
    (
        _required("campaign", "string", "the campaign"),
        _required("line", "string", "line of its plan"),
        _required("channel", "string", "channel"),
        _required("part", "int32", "number of the part, from 0"),
        _required("form", "string", "parquet, csv, google, meta, tiktok or webhook"),
        _required("persons", "int64", "people in the part"),
        _required("rows", "int64", "rows in the part"),
        _required("digest", "string", "SHA-256 of the part as it was handed over"),
        _required("to", "string", "file name or host it went to"),
        AT,
    ),
    ("campaign", "line", "part"),
)

DISPATCHED = Table(
    "dispatched",
    "Whose accounts were handed to a channel, written before they leave; and who was taken back.",
    (
        _required("campaign", "string", "the campaign"),
        _required("channel", "string", "channel"),
        _required("form", "string", "parquet, csv, google, meta, tiktok or webhook"),
        _required("to", "string", "folder, object store or address it went to"),
        _required("line", "string", "line of a webhook's part; empty for files"),
        _required("part", "int32", "number of the webhook's part, or of the removal list"),
        SOURCE,
        ACCOUNT,
        _required("state", "string", "dispatched, or removed: the channel got a removal list"),
        AT,
    ),
    ("campaign", "channel", "line", "part", "source", "account", "state", "at"),
)

FILM_FACT = Table(
    "film_fact",
    "What was known of a film, and from which day on. Rows are only added: a later one supersedes.",
    (
        _required("film", "string", "the film, such as a-dogs-purpose-2017"),
        _required("territory", "string", "ISO 3166 code of the market, or empty: everywhere"),
        _required("field", "string", "what is stated: a name in films.FIELDS"),
        Column("value", "string", "the value as JSON; empty: known to be unknown"),
        _required("known_on", "date", "the first day on which it was known"),
        _required("origin", "string", "the set or person that says so, such as us-daily"),
        AT,
        BATCH,
    ),
    ("film", "territory", "field", "known_on", "origin", "batch"),
)
FILM_GROSS = Table(
    "film_gross",
    "What a film took on a day in a territory. A row known later supersedes an earlier one.",
    (
        _required("film", "string", "the film"),
        _required("territory", "string", "ISO 3166 code of the market"),
        _required("day", "date", "the day in cinemas"),
        _required("gross", "float64", "what was taken on that day, in `currency`"),
        _required("currency", "string", "ISO 4217 code"),
        Column("theaters", "int32", "cinemas that showed it"),
        Column("to_date", "float64", "what was taken from the first day to this one, as stated"),
        _required("known_on", "date", "the first day on which it was known"),
        _required("origin", "string", "the set that says so"),
        AT,
        BATCH,
    ),
    ("film", "territory", "day", "known_on", "origin", "batch"),
)
FILM_SIGNAL = Table(
    "film_signal",
    "Signs of interest before release, by day: presales, want-to-see marks, search interest.",
    (
        _required("film", "string", "the film"),
        _required("territory", "string", "ISO 3166 code of the market, or empty: everywhere"),
        _required("kind", "string", "presales, want_to_see, search_interest, trailer_views"),
        _required("day", "date", "the day it tells of"),
        _required("value", "float64", "the amount of that day, in the kind's own unit"),
        _required("known_on", "date", "the first day on which it was known"),
        _required("origin", "string", "the set that says so"),
        AT,
        BATCH,
    ),
    ("film", "territory", "kind", "day", "known_on", "origin", "batch"),
)
FILM_FORECAST = Table(
    "film_forecast",
    "Forecasts of opening weekends by others: trade sites, tracking firms, studios themselves.",
    (
        _required("film", "string", "the film"),
        _required("territory", "string", "ISO 3166 code of the market"),
        _required("source", "string", "whose forecast it is, such as trade"),
        _required("made_on", "date", "the day on which it was made"),
        _required("days", "int32", "days it covers; 3: Friday to Sunday"),
        _required("mid", "float64", "what was forecast, in `currency`"),
        Column("low", "float64", "lower end of its range, where it stated one"),
        Column("high", "float64", "upper end of its range, where it stated one"),
        _required("currency", "string", "ISO 4217 code"),
        _required("known_on", "date", "the first day on which it was known"),
        _required("origin", "string", "the set that says so"),
        AT,
        BATCH,
    ),
    ("film", "territory", "source", "made_on", "days", "known_on", "origin", "batch"),
)

TALENT_CREDIT = Table(
    "talent_credit",
    "Who did what in which film: public credits. Rows are only added, but for a suppressed name's.",
    (
        _required("talent", "string", "who, by the set's own id, such as tmdb:6384"),
        _required("name", "string", "the name as credited"),
        _required("role", "string", "cast, director, writer, producer, composer, camera, editor"),
        Column("billing", "int32", "place in the cast, from 1; empty for other roles"),
        _required("entry_set", "string", "what `entry` is an id of: film (one here), title, tmdb"),
        _required("entry", "string", "the film, by its id or its title"),
        Column("opening", "date", "first day in cinemas, where the film is given by its title"),
        Column(
            "known_on", "date", "first day on which it was known; empty: 180 days before opening"
        ),
        _required("origin", "string", "the set that says so"),
        AT,
        BATCH,
    ),
    ("talent", "role", "entry_set", "entry", "opening", "origin", "batch"),
)

PROPERTY_FACT = Table(
    "property_fact",
    "What was known of a property that films may be made of, and from which day on.",
    (
        _required("property", "string", "the property, such as the-kestrel"),
        _required("field", "string", "what is stated: titles, kind, holder, genres and so on"),
        _required("value", "string", "the value as JSON"),
        _required("known_on", "date", "the first day on which it was known"),
        _required("origin", "string", "who says so"),
        AT,
        BATCH,
    ),
    ("property", "field", "known_on", "origin", "batch"),
)

EVENT_TABLES: dict[str, Table] = {
    t.name: t
    for t in (
        PURCHASE,
        VIEW,
        TICKET,
        IMPRESSION,
        CLICK,
        WANT_TO_SEE,
        TRAILER_VIEW,
        SEARCH,
        PLAY,
        ACTIVITY,
        CONSENT,
    )
}
FEED_TABLES: dict[str, Table] = {
    "account": ACCOUNT_TABLE,
    "product": PRODUCT,
    "film": FILM,
    **EVENT_TABLES,
}
"""Where the rows of each feed kind go."""

FROM_FEEDS = frozenset({*FEED_TABLES, "identifier", "quarantine", "begun", "ingested", "retracted"})

ALL: dict[str, Table] = {
    t.name: t
    for t in (
        *FEED_TABLES.values(),
        IDENTIFIER,
        QUARANTINE,
        BEGUN,
        INGESTED,
        RETRACTED,
        RETRACTED_ACCOUNT,
        ACCOUNT_PERSON,
        PERSON_TABLE,
        PERSON_MERGE,
        PERSON_SPLIT,
        PERSON_UNLINK,
        REFUSED_IDENTIFIER,
        PERSON_LINK,
        ITEM,
        PERSON_EVENT,
        TRAIT_BUILD,
        TRAIT,
        ITEM_TRAIT,
        TRAIT_BITMAP,
        PERSON_TRAIT,
        AUDIENCE_BLOCK,
        CAMPAIGN_PEOPLE,
        CAMPAIGN_UNIT,
        DELIVERY,
        DISPATCHED,
        FILM_FACT,
        FILM_GROSS,
        FILM_SIGNAL,
        FILM_FORECAST,
        TALENT_CREDIT,
        PROPERTY_FACT,
    )
}
