"""The tables of the control database. Migrations in `migrations/` make them.

Every row has a tenant, and every key begins with it; only what belongs to the whole database
(`house`, `table_mark`) has none.
"""

from datetime import datetime

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    CheckConstraint,
    DateTime,
    Float,
    Index,
    Integer,
    LargeBinary,
    String,
    Text,
    text,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

JOB_IS_OPEN = "status IN ('queued', 'running', 'cancelling')"
"""The condition under which a job's dedupe key is taken."""


class Base(DeclarativeBase):
    """Everything the house keeps that is not consumer data."""


class AuditRow(Base):
    """Something that was done to the workspace; appended, never changed."""

    __tablename__ = "audit"
    __table_args__ = (Index("audit_tenant", "tenant", "id"),)

    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=True)
    tenant: Mapped[str] = mapped_column(String(64))
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    actor: Mapped[str] = mapped_column(String(128))
    action: Mapped[str] = mapped_column(String(64))
    detail: Mapped[dict[str, object]] = mapped_column(JSON)


class AudienceRow(Base):
    """A saved version of an audience; its members are in the lake table audience_block."""

    __tablename__ = "audience"
    __table_args__ = (Index("audience_name_version", "tenant", "name", "version", unique=True),)

    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=True)
    tenant: Mapped[str] = mapped_column(String(64))
    name: Mapped[str] = mapped_column(String(128))
    version: Mapped[int] = mapped_column(Integer)
    rule: Mapped[str] = mapped_column(Text)
    purpose: Mapped[str] = mapped_column(String(64))
    as_of: Mapped[str] = mapped_column(String(10))
    build: Mapped[int] = mapped_column(BigInteger)
    persons: Mapped[int] = mapped_column(BigInteger)
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class FilmLinkRow(Base):
    """Which film an entry of a set is: the set's own id, and ours, which never changes."""

    __tablename__ = "film_link"
    __table_args__ = (
        Index("film_link_film", "tenant", "film"),
        Index("film_link_status", "tenant", "status"),
    )

    tenant: Mapped[str] = mapped_column(String(64), primary_key=True)
    set: Mapped[str] = mapped_column(String(64), primary_key=True)
    set_id: Mapped[str] = mapped_column(String(256), primary_key=True)
    film: Mapped[str] = mapped_column(String(256))
    status: Mapped[str] = mapped_column(String(16))
    score: Mapped[float | None] = mapped_column(Float)
    candidate: Mapped[str | None] = mapped_column(String(256))
    title: Mapped[str] = mapped_column(Text)
    other_title: Mapped[str | None] = mapped_column(Text)
    opening: Mapped[str | None] = mapped_column(String(10))
    territory: Mapped[str] = mapped_column(String(2))
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class ForecastRow(Base):
    """An entry of the score book; the database itself refuses to change or remove one.

    Times and days are canonical text, not a database's types: SQLite drops time zones and
    PostgreSQL rounds, and the hash must come out the same from what is read back on either.
    """

    __tablename__ = "forecast_entry"
    __table_args__ = (Index("forecast_entry_film", "tenant", "film", "territory", "as_of"),)

    tenant: Mapped[str] = mapped_column(String(64), primary_key=True)
    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    issued_at: Mapped[str] = mapped_column(String(27))
    film: Mapped[str] = mapped_column(String(256))
    territory: Mapped[str] = mapped_column(String(2))
    as_of: Mapped[str] = mapped_column(String(10))
    horizon: Mapped[str] = mapped_column(String(64))
    code: Mapped[str] = mapped_column(String(128))
    model: Mapped[str] = mapped_column(String(128))
    payload: Mapped[str] = mapped_column(Text)
    previous: Mapped[str] = mapped_column(String(64))
    hash: Mapped[str] = mapped_column(String(64))


class PlanRow(Base):
    """A plan as it was saved: a new version each time, none ever changed."""

    __tablename__ = "plan"

    tenant: Mapped[str] = mapped_column(String(64), primary_key=True)
    name: Mapped[str] = mapped_column(String(128), primary_key=True)
    version: Mapped[int] = mapped_column(Integer, primary_key=True)
    film: Mapped[str] = mapped_column(String(256))
    body: Mapped[dict[str, object]] = mapped_column(JSON)
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class CampaignRow(Base):
    """A campaign that was launched; its people are in the lake table campaign_people."""

    __tablename__ = "campaign"

    tenant: Mapped[str] = mapped_column(String(64), primary_key=True)
    name: Mapped[str] = mapped_column(String(128), primary_key=True)
    film: Mapped[str] = mapped_column(String(256))
    plan: Mapped[str] = mapped_column(String(128))
    plan_version: Mapped[int] = mapped_column(Integer)
    body: Mapped[dict[str, object]] = mapped_column(JSON)
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class ReadoutRow(Base):
    """What a campaign was found to have changed, as of a day; appended, never changed."""

    __tablename__ = "readout"
    __table_args__ = (Index("readout_campaign", "tenant", "campaign"),)

    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=True)
    tenant: Mapped[str] = mapped_column(String(64))
    campaign: Mapped[str] = mapped_column(String(128))
    as_of: Mapped[str] = mapped_column(String(10))
    body: Mapped[dict[str, object]] = mapped_column(JSON)
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class LearnedRow(Base):
    """A response that a readout measured for one line, and the day it was known; appended only."""

    __tablename__ = "learned"
    __table_args__ = (Index("learned_known_on", "tenant", "known_on"),)

    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=True)
    tenant: Mapped[str] = mapped_column(String(64))
    known_on: Mapped[str] = mapped_column(String(10))
    campaign: Mapped[str] = mapped_column(String(128))
    film: Mapped[str] = mapped_column(String(256))
    line: Mapped[str] = mapped_column(String(256))
    audience: Mapped[str] = mapped_column(Text)
    kind: Mapped[str] = mapped_column(String(64))
    channel: Mapped[str] = mapped_column(String(64))
    doses: Mapped[dict[str, float]] = mapped_column(JSON)
    response: Mapped[float] = mapped_column(Float)
    error: Mapped[float] = mapped_column(Float)
    part: Mapped[str] = mapped_column(String(512), default="", server_default="")
    base_error: Mapped[float] = mapped_column(Float, default=0.0, server_default="0")


class VerdictRow(Base):
    """Whether a card's claim held among people whom no campaign spoke to; appended only."""

    __tablename__ = "verdict"
    __table_args__ = (Index("verdict_film", "tenant", "film"),)

    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=True)
    tenant: Mapped[str] = mapped_column(String(64))
    known_on: Mapped[str] = mapped_column(String(10))
    campaign: Mapped[str] = mapped_column(String(128))
    film: Mapped[str] = mapped_column(String(256))
    rule: Mapped[str] = mapped_column(Text)
    audience: Mapped[str] = mapped_column(Text)
    claimed: Mapped[list[float]] = mapped_column(JSON)
    seen: Mapped[list[float | None]] = mapped_column(JSON)
    people: Mapped[int] = mapped_column(BigInteger)
    verdict: Mapped[str] = mapped_column(String(16))


class JobRow(Base):
    """Work that waits, is being done or has ended, for whom, and who holds it until when."""

    __tablename__ = "job"
    __table_args__ = (
        Index("job_due", "status", "tenant", "run_at"),
        Index("job_begun", "tenant", "started_at"),
        Index(
            "job_dedupe", "tenant", "dedupe", unique=True,
            sqlite_where=text(JOB_IS_OPEN), postgresql_where=text(JOB_IS_OPEN),
        ),
    )  # fmt: skip

    tenant: Mapped[str] = mapped_column(String(64), primary_key=True)
    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    kind: Mapped[str] = mapped_column(String(64))
    request: Mapped[str] = mapped_column(Text)
    actor: Mapped[str] = mapped_column(String(128))
    status: Mapped[str] = mapped_column(String(16))
    dedupe: Mapped[str | None] = mapped_column(String(128))
    queued_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    run_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    started_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    ended_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    worker: Mapped[str | None] = mapped_column(String(32))
    lease_until: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    tries: Mapped[int] = mapped_column(Integer)
    most_tries: Mapped[int] = mapped_column(Integer)
    share: Mapped[float] = mapped_column(Float)
    step: Mapped[str] = mapped_column(String(256))
    error: Mapped[str] = mapped_column(Text)
    scopes: Mapped[list[str] | None] = mapped_column(JSON(none_as_null=True))
    result: Mapped[bytes | None] = mapped_column(LargeBinary)


class JobScheduleRow(Base):
    """A job that is queued again and again: when next, and which one was the last."""

    __tablename__ = "job_schedule"

    tenant: Mapped[str] = mapped_column(String(64), primary_key=True)
    name: Mapped[str] = mapped_column(String(100), primary_key=True)
    actor: Mapped[str] = mapped_column(String(128))
    kind: Mapped[str] = mapped_column(String(64))
    request: Mapped[str] = mapped_column(Text)
    cron: Mapped[str | None] = mapped_column(String(128))
    every_seconds: Mapped[int | None] = mapped_column(BigInteger)
    next_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    last_job: Mapped[str | None] = mapped_column(String(32))
    scopes: Mapped[list[str] | None] = mapped_column(JSON(none_as_null=True))


class RunRow(Base):
    """Something that was computed: what was asked, from which table versions, and the result.

    `digest` is of the kind, the request, the code, the day and what came from this database.
    """

    __tablename__ = "run"
    __table_args__ = (
        Index("run_digest", "tenant", "digest", "status"),
        Index("run_started", "tenant", "started_at"),
    )

    tenant: Mapped[str] = mapped_column(String(64), primary_key=True)
    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    kind: Mapped[str] = mapped_column(String(64))
    request: Mapped[str] = mapped_column(Text)
    digest: Mapped[str] = mapped_column(String(64))
    versions: Mapped[dict[str, int]] = mapped_column(JSON)
    actor: Mapped[str] = mapped_column(String(128))
    status: Mapped[str] = mapped_column(String(16))
    started_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    heard_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    seconds: Mapped[float | None] = mapped_column(Float)
    process: Mapped[str] = mapped_column(String(256))
    step: Mapped[str] = mapped_column(String(256))
    done: Mapped[int] = mapped_column(BigInteger)
    total: Mapped[int | None] = mapped_column(BigInteger)
    error: Mapped[str] = mapped_column(Text)
    result: Mapped[bytes | None] = mapped_column(LargeBinary)


class SuppressionRow(Base):
    """An account that was erased and must not come back, known by a keyed digest only."""

    __tablename__ = "suppression"

    tenant: Mapped[str] = mapped_column(String(64), primary_key=True)
    digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class ErasureRow(Base):
    """An erasure that has begun and not ended; the row goes when it has."""

    __tablename__ = "erasure"

    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=True)
    tenant: Mapped[str] = mapped_column(String(64))
    body: Mapped[dict[str, object]] = mapped_column(JSON)
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class HandedOutRow(Base):
    """A folder, file or object-store prefix to which accounts were written."""

    __tablename__ = "handed_out"

    tenant: Mapped[str] = mapped_column(String(64), primary_key=True)
    place: Mapped[str] = mapped_column(String(1024), primary_key=True)
    kind: Mapped[str] = mapped_column(String(160))
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class HouseRow(Base):
    """The one row that says which lake and which key belong to this database."""

    __tablename__ = "house"

    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    control: Mapped[str] = mapped_column(String(32))
    lake: Mapped[str] = mapped_column(String(32))
    key: Mapped[str] = mapped_column(String(64))
    sequence: Mapped[int] = mapped_column(BigInteger)


class TableMarkRow(Base):
    """The version that a lake table had reached when it was last looked at, and its rows."""

    __tablename__ = "table_mark"

    name: Mapped[str] = mapped_column(String(64), primary_key=True)
    version: Mapped[int] = mapped_column(BigInteger)
    rows: Mapped[int] = mapped_column(BigInteger)


class TenantRow(Base):
    """A studio that works through the clean room: `status` is active or suspended."""

    __tablename__ = "tenant"

    tenant: Mapped[str] = mapped_column(String(64), primary_key=True)
    label: Mapped[str] = mapped_column(String(256))
    status: Mapped[str] = mapped_column(String(16))
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class TitleRow(Base):
    """A film that a tenant works on; of a secret one nobody else learns that it exists."""

    __tablename__ = "title"

    tenant: Mapped[str] = mapped_column(String(64), primary_key=True)
    film: Mapped[str] = mapped_column(String(256), primary_key=True)
    secret: Mapped[bool] = mapped_column(Boolean)
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class TitleInputRow(Base):
    """Something that a tenant stated of its own title, for its own forecasts alone; appended.

    `name` is a fact's field, or a signal's kind with its `day`. `value` is JSON; a null takes back.
    """

    __tablename__ = "title_input"
    __table_args__ = (Index("title_input_film", "tenant", "film"),)

    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=True)
    tenant: Mapped[str] = mapped_column(String(64))
    film: Mapped[str] = mapped_column(String(256))
    territory: Mapped[str] = mapped_column(String(2))
    name: Mapped[str] = mapped_column(String(64))
    day: Mapped[str] = mapped_column(String(10))
    value: Mapped[str] = mapped_column(Text)
    known_on: Mapped[str] = mapped_column(String(10))
    actor: Mapped[str] = mapped_column(String(128))
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class MemberRow(Base):
    """A user of a tenant, or of the house, with one role; one who is suspended may do nothing."""

    __tablename__ = "member"

    tenant: Mapped[str] = mapped_column(String(64), primary_key=True)
    name: Mapped[str] = mapped_column(String(128), primary_key=True)
    role: Mapped[str] = mapped_column(String(16))
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    suspended_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class PartnerPackRow(Base):
    """A film's pack that the house has handed to an exhibitor; `body` is JSON."""

    __tablename__ = "partner_pack"

    tenant: Mapped[str] = mapped_column(String(64), primary_key=True)
    id: Mapped[str] = mapped_column(String(16), primary_key=True)
    film: Mapped[str] = mapped_column(String(256))
    title: Mapped[str] = mapped_column(String(256))
    place: Mapped[str] = mapped_column(String(256))
    as_of: Mapped[str] = mapped_column(String(10))
    opening: Mapped[str] = mapped_column(String(10))
    actor: Mapped[str] = mapped_column(String(128))
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    read_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    body: Mapped[str] = mapped_column(Text)


class BudgetRow(Base):
    """What was spent, reserved spending included, of one budget in nano-rho, and its cap.

    A budget is of all tenants together (under the house), of a tenant, of a title, of a stage of
    a title, or set aside for a campaign.
    """

    __tablename__ = "budget"
    __table_args__ = (CheckConstraint("0 <= spent AND spent <= cap", name="budget_not_overspent"),)

    tenant: Mapped[str] = mapped_column(String(64), primary_key=True)
    epoch: Mapped[str] = mapped_column(String(16), primary_key=True)
    scope: Mapped[str] = mapped_column(String(16), primary_key=True)
    name: Mapped[str] = mapped_column(String(400), primary_key=True)
    cap: Mapped[int] = mapped_column(BigInteger)
    spent: Mapped[int] = mapped_column(BigInteger)


class LedgerRow(Base):
    """A step of a spending: reserve, then settle or cancel; the database refuses any change."""

    __tablename__ = "ledger"
    __table_args__ = (
        Index("ledger_epoch", "tenant", "epoch"),
        Index("ledger_reservation", "reservation", "closes", unique=True),
    )

    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=True)
    tenant: Mapped[str] = mapped_column(String(64))
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    actor: Mapped[str] = mapped_column(String(128))
    epoch: Mapped[str] = mapped_column(String(16))
    title: Mapped[str] = mapped_column(String(256))
    stage: Mapped[str] = mapped_column(String(16))
    campaign: Mapped[str] = mapped_column(String(128))
    kind: Mapped[str] = mapped_column(String(32))
    digest: Mapped[str] = mapped_column(String(64))
    reservation: Mapped[str] = mapped_column(String(32))
    step: Mapped[str] = mapped_column(String(8))
    closes: Mapped[bool] = mapped_column(Boolean)
    rho: Mapped[int] = mapped_column(BigInteger)


class ReleasedRow(Base):
    """An answer that was released: the bytes that its asker got, and its position in the log."""

    __tablename__ = "released"

    tenant: Mapped[str] = mapped_column(String(64), primary_key=True)
    digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    epoch: Mapped[str] = mapped_column(String(16))
    title: Mapped[str] = mapped_column(String(256))
    campaign: Mapped[str] = mapped_column(String(128))
    kind: Mapped[str] = mapped_column(String(32))
    question: Mapped[str] = mapped_column(Text)
    body: Mapped[str] = mapped_column(Text)
    position: Mapped[int] = mapped_column(BigInteger)
    rho: Mapped[int] = mapped_column(BigInteger)
    reservation: Mapped[str] = mapped_column(String(32))
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class RequestRow(Base):
    """A request that was sent with an Idempotency-Key: a digest of it, and what was answered."""

    __tablename__ = "request"

    tenant: Mapped[str] = mapped_column(String(64), primary_key=True)
    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    asked: Mapped[str] = mapped_column(String(64))
    status: Mapped[int | None] = mapped_column(Integer)
    headers: Mapped[dict[str, str] | None] = mapped_column(JSON)
    body: Mapped[bytes | None] = mapped_column(LargeBinary)
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class LogSizeRow(Base):
    """How many leaves a tenant's log has; whoever appends changes this row first."""

    __tablename__ = "log_size"

    tenant: Mapped[str] = mapped_column(String(64), primary_key=True)
    size: Mapped[int] = mapped_column(BigInteger)


class LogLeafRow(Base):
    """Something that the transparency log holds for good, as the bytes that were hashed."""

    __tablename__ = "log_leaf"

    tenant: Mapped[str] = mapped_column(String(64), primary_key=True)
    position: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    kind: Mapped[str] = mapped_column(String(64))
    body: Mapped[str] = mapped_column(Text)


class LogNodeRow(Base):
    """The hash of a whole subtree: of 2 ** level leaves, the position-th of its level."""

    __tablename__ = "log_node"

    tenant: Mapped[str] = mapped_column(String(64), primary_key=True)
    level: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    position: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    hash: Mapped[bytes] = mapped_column(LargeBinary)


class LogHeadRow(Base):
    """A signed tree head that was published, as it was signed."""

    __tablename__ = "log_head"

    tenant: Mapped[str] = mapped_column(String(64), primary_key=True)
    size: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    body: Mapped[str] = mapped_column(Text)


class AccessKeyRow(Base):
    """A program's key: whose it is, the digest of its text, what it opens and until when.

    `ended_at` is when it was revoked, or will have been replaced by another one.
    """

    __tablename__ = "access_key"
    __table_args__ = (Index("access_key_id", "id", unique=True),)

    tenant: Mapped[str] = mapped_column(String(64), primary_key=True)
    id: Mapped[str] = mapped_column(String(16), primary_key=True)
    member: Mapped[str] = mapped_column(String(128))
    label: Mapped[str] = mapped_column(String(100))
    digest: Mapped[str] = mapped_column(String(64))
    scopes: Mapped[list[str]] = mapped_column(JSON)
    made_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    expires_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    used_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    ended_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class WriteKeyRow(Base):
    """A key with which clients of a source send events to the collector; only its digest."""

    __tablename__ = "write_key"
    __table_args__ = (Index("write_key_source", "tenant", "source"),)

    tenant: Mapped[str] = mapped_column(String(64), primary_key=True)
    digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    id: Mapped[str] = mapped_column(String(16))
    source: Mapped[str] = mapped_column(String(128))
    label: Mapped[str] = mapped_column(String(256))
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    revoked_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class CollectorFeedRow(Base):
    """A feed as a source's collector was given it; never changed, since segments name it."""

    __tablename__ = "collector_feed"
    __table_args__ = (Index("collector_feed_source", "tenant", "source"),)

    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=True)
    tenant: Mapped[str] = mapped_column(String(64))
    source: Mapped[str] = mapped_column(String(128))
    name: Mapped[str] = mapped_column(String(256))
    toml: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    ended_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class CollectorSourceRow(Base):
    """A source whose events the collector takes, unless it is disabled."""

    __tablename__ = "collector_source"

    tenant: Mapped[str] = mapped_column(String(64), primary_key=True)
    source: Mapped[str] = mapped_column(String(128), primary_key=True)
    enabled: Mapped[bool] = mapped_column(Boolean)
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class CollectorDropRow(Base):
    """Messages of a segment that the collector dropped at the door: why, and how many."""

    __tablename__ = "collector_drop"

    tenant: Mapped[str] = mapped_column(String(64), primary_key=True)
    segment: Mapped[str] = mapped_column(String(128), primary_key=True)
    source: Mapped[str] = mapped_column(String(128), primary_key=True)
    reason: Mapped[str] = mapped_column(String(64), primary_key=True)
    rows: Mapped[int] = mapped_column(BigInteger)
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class PasswordRow(Base):
    """A user's password by its hash (empty: none yet), and the text that may set a new one."""

    __tablename__ = "password"
    __table_args__ = (Index("password_token", "token", unique=True),)

    tenant: Mapped[str] = mapped_column(String(64), primary_key=True)
    member: Mapped[str] = mapped_column(String(128), primary_key=True)
    hash: Mapped[str] = mapped_column(String(256))
    changed_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    token: Mapped[str | None] = mapped_column(String(64))
    token_until: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class SessionRow(Base):
    """A session at a browser: whose, in which role, by the digest of its token."""

    __tablename__ = "session"
    __table_args__ = (
        Index("session_digest", "digest", unique=True),
        Index("session_member", "tenant", "member"),
    )

    tenant: Mapped[str] = mapped_column(String(64), primary_key=True)
    id: Mapped[str] = mapped_column(String(16), primary_key=True)
    digest: Mapped[str] = mapped_column(String(64))
    member: Mapped[str] = mapped_column(String(128))
    role: Mapped[str] = mapped_column(String(16))
    how: Mapped[str] = mapped_column(String(16))
    began_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    seen_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    ended_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class AttemptRow(Base):
    """Failed sign-ins of an account or from an address, by a digest, and when the next may be."""

    __tablename__ = "attempt"

    tenant: Mapped[str] = mapped_column(String(64), primary_key=True)
    about: Mapped[str] = mapped_column(String(64), primary_key=True)
    failures: Mapped[int] = mapped_column(Integer)
    free_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class IdentityRow(Base):
    """Who a user is to the house's provider: by its subject, or by an e-mail address until then."""

    __tablename__ = "identity"
    __table_args__ = (
        Index("identity_email", "email", unique=True),
        Index("identity_subject", "issuer", "subject", unique=True),
    )

    tenant: Mapped[str] = mapped_column(String(64), primary_key=True)
    member: Mapped[str] = mapped_column(String(128), primary_key=True)
    email: Mapped[str | None] = mapped_column(String(320))
    issuer: Mapped[str | None] = mapped_column(String(512))
    subject: Mapped[str | None] = mapped_column(String(256))
