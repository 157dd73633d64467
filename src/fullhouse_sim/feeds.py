"""The feeds' declarations, as `fullhouse ingest` takes them, and where each feed's files are."""

from dataclasses import dataclass

from fullhouse_sim.market import Market, by_person

_ZONE = 'time_zone = "America/New_York"\n'
_ACCOUNT = """
[columns]
account = "id"
at = "updated"
gender = "gender"
birth_year = "birth_year"
region = "region"
city = "city"
{more}
[values.gender]
F = "female"
M = "male"

[identifiers]
email = "email"
phone = "phone"
address = "home"
{device}"""
_CONSENT = """
[columns]
account = "member"
at = "day"
purpose = "purpose"
granted = "yes = '1'"
"""
_CAMPAIGN = """
[columns]
account = "account"
event_id = "{kind}"
at = "at"
line = "line"
channel = "channel"
film = "film"
"""
_PURCHASES = """currency = "USD"

[columns]
account = "{account}"
event_id = "order_line"
at = "ordered_at"
product = "{product}"
quantity = "units"
unit_price = "{price}"
currency = "currency"
"""
_PRODUCTS = """currency = "USD"
category_separator = "/"

[columns]
product = "sku"
title = "title"
category = "category"
brand = "brand"
unit_price = "price"

[constants]
at = {first}
"""
_PLAYS = """
[columns]
account = "account"
event_id = "play"
at = "started"
film = "film"
completion = "share"
seconds = "seconds"
"""
_VIDEO_FILMS = """
[columns]
film = "film"
title = "title"
genres = "genres"
release_year = "year"

[constants]
at = {first}
"""
_FILMS = """
[columns]
film = "film"
title = "title"
genres = "genres"
release_date = "release"

[constants]
at = {first}
"""
_SALES = """currency = "USD"

[columns]
account = "member"
event_id = "sale"
at = "sold_at"
film = "film"
quantity = "tickets"
unit_price = "price"
cinema = "cinema"
city = "city"
showing_at = "showing"
refunded = "refunded = 'true'"
"""
_WANTS = """
[columns]
account = "member"
event_id = "mark"
at = "at"
film = "film"
"""


_TRAILERS = """
[columns]
account = "account"
event_id = "id"
at = "at"
film = "film"
completion = "share"
"""
_SEARCHES = """
[columns]
account = "account"
event_id = "id"
at = "at"
query = "words"
"""
_GAMES = """
[columns]
account = "account"
event_id = "id"
at = "at"
film = "game"
"""
_GAME_TITLES = """
[columns]
product = "game"
title = "name"
category = "'Games > ' || genre"

[constants]
at = {first}
"""


@dataclass(frozen=True)
class Feed:
    """A declaration `feeds/NAME.toml`, and its files, relative to `feeds/`."""

    name: str
    files: str
    toml: str


def declarations(market: Market) -> tuple[Feed, ...]:
    """Every feed of a market, accounts and things before events."""
    drifts = market.scenario == "dirty-data"
    declared = [
        *(_accounts(source) for source in ("shop", "video", "tickets")),
        _feed(market, "shop-products", "product", "shop/products.jsonl.gz", _PRODUCTS),
        _feed(market, "video-films", "film", "video/films.csv", _VIDEO_FILMS),
        _feed(market, "tickets-films", "film", "tickets/films.csv", _FILMS),
        *(
            _feed(market, f"{s}-consents", "consent", f"{s}/consents.csv.gz", _CONSENT)
            for s in ("shop", "video", "tickets")
        ),
        _purchases(market, "shop-purchases", ("customer", "sku", "price")),
        *([_purchases(market, "shop-purchases-2", ("customer_id", "item", "each"))] * drifts),
        _feed(market, "video-plays", "view", "video/plays", _PLAYS),
        _feed(market, "tickets-sales", "ticket", "tickets/sales", _SALES),
        _feed(market, "tickets-wants", "want_to_see", "tickets/wants", _WANTS),
    ]
    if by_person(market):
        declared += [
            _feed(market, "video-games", "product", "video/games.csv", _GAME_TITLES),
            _feed(market, "video-plays-of-games", "play", "video/games-played.csv.gz", _GAMES),
            _feed(market, "tickets-trailers", "trailer_view", "tickets/trailers.csv.gz", _TRAILERS),
            _feed(market, "tickets-searches", "search", "tickets/searches.csv.gz", _SEARCHES),
        ]
    return tuple(declared)


def respond_declarations() -> tuple[Feed, ...]:
    """The feeds of a campaign that was played forward: one of each kind for each source."""
    return tuple(
        Feed(
            f"respond-{kind}s-{source}",
            f"../respond/{kind}s-{source}.csv.gz",
            _head(source, kind) + _CAMPAIGN.format(kind="impression"),
        )
        for kind in ("impression", "click")
        for source in ("shop", "video", "tickets")
    )


def _head(source: str, kind: str) -> str:
    return f'simulated = true\nsource = "{source}"\nkind = "{kind}"\n{_ZONE}'


def _feed(market: Market, name: str, kind: str, files: str, columns: str) -> Feed:
    source = name.partition("-")[0]
    text = columns.replace("{first}", market.first_day.isoformat())
    return Feed(
        name, files, f'simulated = true\nsource = "{source}"\nkind = "{kind}"\n{_ZONE}{text}'
    )


def _accounts(source: str) -> Feed:
    more = 'household_size = "household_size"\n' if source == "shop" else ""
    device = "" if source == "shop" else 'device = "device"\n'
    text = _ACCOUNT.format(more=more, device=device)
    suffix = "jsonl.gz" if source == "video" else "csv.gz"
    files = f"{source}/accounts.{suffix}"
    return Feed(
        f"{source}-accounts",
        files,
        _head(source, "account") + text,
    )


def _purchases(market: Market, name: str, columns: tuple[str, str, str]) -> Feed:
    account, product, price = columns
    text = _PURCHASES.format(account=account, product=product, price=price)
    return _feed(market, name, "purchase", "shop/" + name.removeprefix("shop-"), text)
