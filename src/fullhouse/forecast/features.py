"""What is told to the models of a film before it opens: numbers, with the day they are known.

Names begin with their group: the groups are what the drivers of a forecast are told in.
"""

import re
from collections.abc import Mapping, Sequence

import numpy as np

from fullhouse.films.naming import distributor_key
from fullhouse.forecast.calendar import opening_season, weekend
from fullhouse.forecast.history_index import LATE_DAYS, PRIOR_FILMS, RECORD_DAYS, HistoryIndex

NAN = float("nan")
GENRES = (
    "Action", "Adventure", "Animation", "Comedy", "Crime", "Documentary", "Drama", "Family",
    "Fantasy", "History", "Horror", "Music", "Mystery", "Romance", "Science Fiction", "Thriller",
    "War", "Western",
)  # fmt: skip
CHINESE_GENRES = {
    "动作": "Action", "冒险": "Adventure", "动画": "Animation", "喜剧": "Comedy",
    "犯罪": "Crime", "纪录片": "Documentary", "剧情": "Drama", "家庭": "Family",
    "奇幻": "Fantasy", "历史": "History", "恐怖": "Horror", "音乐": "Music", "悬疑": "Mystery",
    "爱情": "Romance", "科幻": "Science Fiction", "惊悚": "Thriller", "战争": "War",
    "西部": "Western",
}  # fmt: skip
THEMES = (
    "sequel", "based on novel", "based on comic", "superhero", "remake", "young adult", "3d",
    "marvel", "independent film", "musical", "biography", "true story", "sport", "christmas",
)  # fmt: skip
SIGNAL_WINDOWS = (7, 28, 91)
STORY = "story."
BUDGET = "budget."
THEATERS = "theaters."
GROUPS: Mapping[str, str] = {
    "distributor.": "distributor",
    "series.": "series",
    "title.": "title",
    "season.": "season",
    "slate.": "slate",
    "market.": "market",
    STORY: "story",
    BUDGET: "budget",
    THEATERS: "theaters",
    "signal.": "signals",
}
"""Groups of features, the drivers of a forecast, by the beginning of the features' names."""
RUN_GROUPS: Mapping[str, str] = {
    "run.": "run",
    "run.first_": "opening",
    "run.to_date": "opening",
    "run.hold": "holds",
    "run.week": "holds",
    "run.last": "holds",
    "run.same_day": "holds",
    "run.under_way": "holds",
    "run.midweek": "midweek",
    "run.monday": "midweek",
    "run.saturday": "weekend shape",
    "run.sunday": "weekend shape",
    "run.before": "previews",
    "run.cinemas": "cinemas",
    "run.per_cinema": "cinemas",
    "run.holidays": "holidays",
    "run.summer": "season ahead",
    "run.christmas": "season ahead",
}
"""The same for what is known of a run."""


def features(
    index: HistoryIndex, film: str, opening: int, on: int, *, cinemas: float | None = None
) -> dict[str, float]:
    """Every feature of a film as known on a day, for an opening on a (possibly other) day.

    `cinemas` counts where none are booked yet.
    """
    values: dict[str, float] = {}
    values |= _distributor(index, film, on)
    values |= _series(index, film, opening, on)
    values |= _title(index, film, on)
    season = opening_season(index.history.territory, opening)
    values |= {f"season.{k}": v for k, v in season.items()}
    values |= slate(index, film, opening, on)
    values |= _market(index, opening, on)
    values |= _story(index, film, opening, on)
    values |= theaters(index, film, opening, on, cinemas=cinemas)
    values |= _signals(index, film, opening, on)
    return values


def _distributor(index: HistoryIndex, film: str, on: int) -> dict[str, float]:
    name = index.history.fact(film, "distributor", on)
    record = index.record("distributor", str(name), on, RECORD_DAYS) if name else []
    weekends = [r.log_weekend for r in record]
    values = {
        "distributor.mean": _shrunk(weekends, index.usual(on)),
        "distributor.films": float(np.log1p(len(record))),
        "distributor.known": float(bool(name)),
    }
    values["distributor.spread"] = float(np.std(weekends)) if len(weekends) > 3 else NAN
    values["distributor.low"] = float(np.quantile(weekends, 0.25)) if weekends else NAN
    values["distributor.high"] = max(weekends, default=NAN)
    values["distributor.last"] = weekends[-1] if weekends else NAN
    return values


def _shrunk(values: Sequence[float], usual: float) -> float:
    return (sum(values) + PRIOR_FILMS * usual) / (len(values) + PRIOR_FILMS)


def _series(index: HistoryIndex, film: str, opening: int, on: int) -> dict[str, float]:
    names = ("weekend", "total", "legs", "gap", "rarity", "same_distributor", "theaters")
    values = dict.fromkeys((f"series.{n}" for n in names), NAN)
    values["series.part"] = 0.0
    before = index.predecessor(film, on)
    if before is None or before not in index.results:
        return values
    result = index.results[before]
    history = index.history
    if result.weekend_known > on:
        return values
    taken = history.run(before).until(on - result.opening)
    total = np.log(max(taken, 1.0)) - index.log_price(result.opening, on)
    values["series.weekend"], values["series.total"] = result.log_weekend, float(total)
    values["series.legs"] = float(total) - result.log_weekend
    values["series.gap"] = float(np.log(max(1, opening - result.opening)))
    values["series.part"] = float(index.part(film, on))
    values["series.rarity"] = index.titles.rarity(film, before, on)
    own, earlier = (history.fact(f, "distributor", on) for f in (film, before))
    alike = own is not None and earlier is not None
    values["series.same_distributor"] = float(
        alike and distributor_key(str(own)) == distributor_key(str(earlier))
    )
    opened_in = history.fact(before, "theaters", on)
    values["series.theaters"] = float(np.log(opened_in)) if opened_in else NAN
    return values


def _title(index: HistoryIndex, film: str, on: int) -> dict[str, float]:
    title = index.titles.at(film, on)
    if title is None:
        return {"title.numbered": 0.0, "title.colon": 0.0, "title.words": NAN, "title.3d": 0.0}
    return {
        "title.numbered": float(title.numbered),
        "title.colon": float(title.has_colon),
        "title.words": float(len(title.words)),
        "title.3d": float(any(w in ("3d", "imax") for w in title.words)),
    }


def slate(index: HistoryIndex, film: str, opening: int, on: int) -> dict[str, float]:
    """Wide openings of the same weekend, the one before and the one after, as planned on a day."""
    friday = weekend(opening)
    same = [f for f in index.slate(friday, on) if f != film]
    return {
        "slate.same": float(len(same)),
        "slate.before": float(len([f for f in index.slate(friday - 7, on) if f != film])),
        "slate.after": float(len([f for f in index.slate(friday + 7, on) if f != film])),
        "slate.strongest": max((expected(index, f, on) for f in same), default=0.0),
    }


def expected(index: HistoryIndex, film: str, on: int) -> float:
    """A rough log opening of a rival: that of the film it continues, or its distributor's usual."""
    before = index.predecessor(film, on)
    if before in index.results and index.results[before].weekend_known <= on:
        log_weekend = index.results[before].log_weekend
        if np.isfinite(log_weekend):
            return log_weekend
    name = index.history.fact(film, "distributor", on)
    record = index.record("distributor", str(name), on, RECORD_DAYS) if name else []
    return _shrunk([r.log_weekend for r in record], index.usual(on))


def _market(index: HistoryIndex, opening: int, on: int) -> dict[str, float]:
    price = index.log_price(opening, on)
    end = index.market_end(on)
    now = end if end >= on - LATE_DAYS else on
    recent = index.market(now, 28)
    years = [index.market(now - 364 * k, 28) for k in (1, 2)]
    season = [index.market(opening + 14 - 364 * k, 28) for k in (1, 2)]
    usual = np.log(np.nanmean(years)) if np.isfinite(years).any() else NAN
    then = np.log(np.nanmean(season)) if np.isfinite(season).any() else NAN
    log_recent = np.log(recent) if np.isfinite(recent) else NAN
    return {
        "market.recent": log_recent - price,
        "market.against_last_years": log_recent - usual,
        "market.season": then - price,
        "market.year": past_year(opening),
    }


def past_year(day: int) -> float:
    """The time as a number of years."""
    return day / 365.25


def _story(index: HistoryIndex, film: str, opening: int, on: int) -> dict[str, float]:
    history = index.history
    values: dict[str, float] = {}
    genres = history.fact(film, "genres", on)
    if genres:
        plain = {CHINESE_GENRES.get(g, g) for g in genres}
        values |= {f"story.{g}": float(g in plain) for g in GENRES}
    keywords = history.fact(film, "keywords", on)
    if keywords is not None:
        values["story.keywords"] = float(len(keywords))
        for theme in THEMES:
            values[f"story.theme {theme}"] = float(any(theme in k for k in keywords))
    runtime = history.fact(film, "runtime_minutes", on)
    if runtime:
        values["story.runtime"] = float(runtime)
    language = history.fact(film, "language", on)
    if language:
        values["story.english"] = float(language == "en")
    countries = history.fact(film, "countries", on)
    if countries:
        values["story.american"] = float(
            any("United States" in c or "美国" in c for c in countries)
        )
        values["story.chinese"] = float(any(re.search("China|中国", c) for c in countries))
    for kind in ("companies", "talent"):
        values |= _makers(index, film, kind, on)
    budget = history.fact(film, "budget", on)
    if budget and budget[1] == history.currency and budget[0] > 1e5:
        values["budget.log"] = float(np.log(budget[0])) - index.log_price(opening, on)
    return values


def _makers(index: HistoryIndex, film: str, kind: str, on: int) -> dict[str, float]:
    names = index.history.fact(film, kind, on)
    if not names:
        return {}
    records = [index.record(kind, str(name), on) for name in names]
    usual = index.usual(on)
    means = [_shrunk([r.log_weekend - usual for r in rs], 0.0) for rs in records if rs]
    return {
        f"story.{kind}_best": max(means, default=NAN),
        f"story.{kind}_mean": float(np.mean(means)) if means else NAN,
        f"story.{kind}_films": float(max((len(rs) for rs in records), default=0)),
    }


def theaters(
    index: HistoryIndex, film: str, opening: int, on: int, *, cinemas: float | None = None
) -> dict[str, float]:
    """Cinemas planned, alone and beside what rivals and the distributor's films had."""
    history = index.history
    planned = history.fact(film, "theaters", on) or cinemas
    if not planned:
        return {}
    friday = weekend(opening)
    rivals = [history.fact(f, "theaters", on) or 0 for f in index.slate(friday, on) if f != film]
    earlier = [
        history.fact(f, "theaters", on) or 0 for f in index.slate(friday - 7, on) if f != film
    ]
    name = history.fact(film, "distributor", on)
    record = index.record("distributor", str(name), on, RECORD_DAYS) if name else []
    usual = [np.log(t) for r in record if (t := history.fact(r.film, "theaters", on))]
    return {
        "theaters.log": float(np.log(planned)),
        "theaters.number": float(planned),
        "theaters.of_widest": float(planned) / index.widest(on),
        "theaters.rivals": float(np.log1p(sum(rivals))),
        "theaters.largest_rival": float(max(rivals, default=0)),
        "theaters.share": float(planned) / float(planned + sum(rivals)),
        "theaters.week_before": float(max(earlier, default=0)),
        "theaters.against_usual": float(np.log(planned) - np.mean(usual)) if usual else NAN,
    }


def _signals(index: HistoryIndex, film: str, opening: int, on: int) -> dict[str, float]:
    """Each kind of signal beside what films of the market had at the same distance.

    Signals grow until the opening: their size alone would say at T-60 what T-28 says of a smaller
    film. Too few films with a signal of the kind tell nothing.
    """
    values = {}
    for kind in index.history.signals.get(film, {}):
        for window in SIGNAL_WINDOWS:
            own = index.signal(film, kind, window, on)
            usual = index.usual_signal(kind, window, opening - on, on)
            if own is not None and usual is not None:
                values[f"signal.{kind} {window}"] = own - usual
    return values
