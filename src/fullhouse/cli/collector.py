"""`fullhouse collect`, `fullhouse collector`: events of client libraries."""

import logging
import sys
from pathlib import Path
from typing import Annotated

import typer

from fullhouse import app
from fullhouse.cli.show import Json, Where, done, opened, out, say_json, table
from fullhouse.core.errors import InputError
from fullhouse.core.values import as_json

commands = typer.Typer(
    help="Sources and write keys of the collector, and how it is.", no_args_is_help=True
)
keys = typer.Typer(help="Write keys, with which clients send events.", no_args_is_help=True)
commands.add_typer(keys, name="key")

Source = Annotated[str, typer.Argument(metavar="SOURCE", help="The source's name.")]


def collect(
    *,
    host: Annotated[str, typer.Option(help="Address to listen at.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port; 0: any free one.")] = 8484,
    workers: Annotated[int, typer.Option(min=1, help="Processes that take events.")] = 1,
    where: Where = ".",
) -> None:
    """Take events of client libraries until stopped, and move them into the lake."""
    try:
        from fullhouse.collector.serve import serve
    except ImportError as problem:
        raise InputError(
            f"The collector needs the package {problem.name}: install fullhouse[service]."
        ) from None
    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="%(message)s")
    with opened(where) as context:
        serve(context, host=host, port=port, workers=workers)


@commands.command()
def declare(
    source: Source,
    feeds: Annotated[
        list[Path] | None, typer.Argument(metavar="FEEDS", help="Feed files; the standard ones.")
    ] = None,
    where: Where = ".",
    json: Json = False,
) -> None:
    """Have the collector take a source's events, through feeds of its own or the standard ones."""
    with opened(where, quiet=json) as context:
        declared = app.collector_declare(context, app.DeclareSource(source, tuple(feeds or ())))
    rows = [
        (f.name, f.kind, ", ".join(f.collector.events if f.collector else ())) for f in declared
    ]
    if json:
        named = [dict(zip(("feed", "kind", "events"), row, strict=True)) for row in rows]
        say_json({"source": source, "feeds": named})
        return
    table(rows, ("feed", "kind", "events"))
    out.print(f"Make a write key for its clients: fullhouse collector key new {source}")


@commands.command()
def feeds(source: Source, where: Where = ".", json: Json = False) -> None:
    """Print the feeds of a source as TOML: a start for your own."""
    with opened(where, quiet=json) as context:
        declared = app.collector_feeds(context, app.ShowCollectorFeeds(source))
    if json:
        say_json({"feeds": [{"name": f.name, "toml": f.toml} for f in declared]})
        return
    for feed in declared:
        out.print(f"# {feed.name}.toml\n{feed.toml}", markup=False, soft_wrap=True)


@commands.command()
def disable(source: Source, where: Where = ".", json: Json = False) -> None:
    """Refuse a source's events for now (404)."""
    with opened(where, quiet=json) as context:
        app.collector_enable(context, app.EnableSource(source, enabled=False))
    done(
        {"source": source, "enabled": False},
        f"Events of {source} are refused within a second.",
        json=json,
    )


@commands.command()
def enable(source: Source, where: Where = ".", json: Json = False) -> None:
    """Take a disabled source's events again."""
    with opened(where, quiet=json) as context:
        app.collector_enable(context, app.EnableSource(source))
    done(
        {"source": source, "enabled": True},
        f"Events of {source} are taken within a second.",
        json=json,
    )


@keys.command()
def new(
    source: Source,
    label: Annotated[str, typer.Option(help="Who has it, or where it is used.")] = "",
    where: Where = ".",
    json: Json = False,
) -> None:
    """Make a write key of a source; it is shown this once."""
    with opened(where, quiet=json) as context:
        made = app.collector_key(context, app.NewWriteKey(source, label))
    if json:
        say_json({"key": made.key, "id": made.stored.id, "source": source})
        return
    out.print(made.key, markup=False, soft_wrap=True)


@keys.command("list")
def list_(where: Where = ".", json: Json = False) -> None:
    """List write keys; what they are is stored nowhere."""
    with opened(where, quiet=json) as context:
        stored = app.collector_keys(context)
    if json:
        say_json({"keys": [as_json(vars(k)) for k in stored]})
        return
    rows = [
        (k.id, k.source, k.label, f"{k.at:%Y-%m-%d %H:%M}",
         "" if k.revoked_at is None else f"{k.revoked_at:%Y-%m-%d %H:%M}")
        for k in stored
    ]  # fmt: skip
    table(rows, ("id", "source", "label", "made (UTC)", "revoked (UTC)"))


@keys.command()
def revoke(
    id_: Annotated[str, typer.Argument(metavar="ID", help="As `key list` shows it.")],
    where: Where = ".",
    json: Json = False,
) -> None:
    """Accept a write key no more."""
    with opened(where, quiet=json) as context:
        key = app.collector_revoke(context, app.RevokeWriteKey(id_))
    sentence = f"Key {key.id} of {key.source} is refused within a second."
    done(as_json(vars(key)), sentence, json=json)


@commands.command()
def flush(where: Where = ".", json: Json = False) -> None:
    """Move all that was answered until now into the lake."""
    with opened(where, quiet=json, doing="Moving") as context:
        moved = app.collector_flush(context)
    counts = [
        (f.feed, f.read, f.written, f.known, sum(f.quarantined.values()), f.suppressed)
        for f in moved.feeds
    ]
    columns = ("feed", "read", "written", "known", "quarantined", "suppressed")
    if json:
        named = [dict(zip(columns, row, strict=True)) for row in counts]
        whole = {"segments": moved.segments, "messages": moved.messages, "refused": moved.refused}
        say_json({**whole, "dropped": dict(moved.dropped), "feeds": named})
        return
    if not moved.segments:
        out.print("Nothing waits.")
        return
    table(counts, columns)
    if moved.refused:
        out.print(f"Messages that no feed could read, in quarantine: {moved.refused:,}.")
    for reason, rows in moved.dropped.items():
        out.print(f"Messages dropped at the door ({reason}): {rows:,}.")


@commands.command()
def kafka(
    source: Source,
    topics: Annotated[list[str], typer.Argument(metavar="TOPICS", help="Topics to read.")],
    option: Annotated[
        list[str] | None,
        typer.Option("--option", "-o", metavar="NAME=VALUE", help="An option of librdkafka."),
    ] = None,
    where: Where = ".",
) -> None:
    """Take a source's events from topics of Kafka until stopped, and move them into the lake."""
    try:
        from fullhouse.collector.door import Mover
        from fullhouse.collector.kafka import consume, options_of
        from fullhouse.collector.serve import when_told_to_stop
    except ImportError as problem:
        raise InputError(
            f"The collector needs the package {problem.name}: install fullhouse[service]."
        ) from None
    with opened(where) as context:
        mover = Mover(context)
        try:
            consume(context, source, topics, options_of(option or ()), stopped=when_told_to_stop())
        finally:
            mover.stop()


@commands.command()
def status(where: Where = ".", json: Json = False) -> None:
    """Show what waits, what was dropped, and what each client library version gets wrong."""
    with opened(where, quiet=json) as context:
        now = app.collector_status(context)
    if json:
        plain = as_json(vars(now) | {"libraries": [vars(x) for x in now.libraries], "dropped": []})
        plain["dropped"] = [
            {"source": source, "reason": reason, "messages": rows}
            for (source, reason), rows in now.dropped.items()
        ]
        say_json(plain)
        return
    table([(s, "yes" if on else "no") for s, on in now.sources.items()], ("source", "enabled"))
    out.print(
        f"Waiting in {now.folder}: {now.waiting_segments:,} segments,"
        f" {now.waiting_bytes:,} bytes, the oldest for {now.oldest_waiting_seconds:,.0f} s.",
        markup=False, soft_wrap=True,
    )  # fmt: skip
    rows = [(s, reason, f"{n:,}") for (s, reason), n in now.dropped.items()]
    if rows:
        table(rows, ("source", "dropped for", "messages"))
    table(
        [
            (x.source, x.library or "(not said)", x.version, f"{x.messages:,}",
             ", ".join(f"{why}: {n:,}" for why, n in x.refused.items()))
            for x in now.libraries
        ],
        ("source", "library", "version", "messages", "refused"),
    )  # fmt: skip
