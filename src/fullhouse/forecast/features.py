"""What is told to the models of a film before it opens: numbers, with the day they are known.

Names begin with their group: the groups are what the drivers of a forecast are told in.
"""

import re
from collections.abc import Mapping, Sequence

import numpy as np

from fullhouse.forecast.past import PRIOR_FILMS, RECORD_DAYS, Past
from fullhouse.forecast.season import opening_season, weekend

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
    "distributor.": "the distributor's record",
    "series.": "the series it continues",
    "title.": "the title",
    "season.": "the date",
    "slate.": "the films around it",
    "market.": "how the market does",
    STORY: "what it is: genre, language, makers",
    BUDGET: "the budget",
    THEATERS: "the cinemas planned",
    "signal.": "signs of interest",
}
"""Groups of features, by the beginning of their names, in words."""
RUN_GROUPS: Mapping[str, str] = {
    "run.": "how its days compare so far",
    "run.first_": "how large it opened",
    "run.to_date": "how large it opened",
    "run.hold": "how it holds from week to week",
    "run.week": "how it holds from week to week",
    "run.last": "how it holds from week to week",
    "run.same_day": "how it holds from week to week",
    "run.under_way": "how it holds from week to week",
    "run.midweek": "its days between weekends",
    "run.monday": "its days between weekends",
    "run.saturday": "Friday against Saturday and Sunday",
    "run.sunday": "Friday against Saturday and Sunday",
    "run.before": "previews",
    "run.cinemas": "its cinemas",
    "run.per_cinema": "its cinemas",
    "run.holidays": "the holidays ahead",
    "run.summer": "the time of year",
    "run.christmas": "the time of year",
}
"""The same for what is known of a run."""


def features(past: Past, film: str, opening: int, on: int) -> dict[str, float]:
    """Every feature of a film as known on a day, for an opening on a (possibly other) day."""
    told: dict[str, float] = {}
    told |= _distributor(past, film, on)
    told |= _series(past, film, opening, on)
    told |= _title(past, film, on)
    season = opening_season(past.history.territory, opening)
    told |= {f"season.{k}": v for k, v in season.items()}
    told |= slate(past, film, opening, on)
    told |= _market(past, opening, on)
    told |= _story(past, film, opening, on)
    told |= theaters(past, film, opening, on)
    told |= _signals(past, film, opening, on)
    return told


def _distributor(past: Past, film: str, on: int) -> dict[str, float]:
    name = past.history.fact(film, "distributor", on)
    record = past.record("distributor", str(name), on, RECORD_DAYS) if name else []
    weekends = [r.log_weekend for r in record]
    told = {
        "distributor.mean": _shrunk(weekends, past.usual(on)),
        "distributor.films": float(np.log1p(len(record))),
        "distributor.known": float(bool(name)),
    }
    told["distributor.spread"] = float(np.std(weekends)) if len(weekends) > 3 else NAN
    told["distributor.low"] = float(np.quantile(weekends, 0.25)) if weekends else NAN
    told["distributor.high"] = max(weekends, default=NAN)
    told["distributor.last"] = weekends[-1] if weekends else NAN
    return told


def _shrunk(values: Sequence[float], usual: float) -> float:
    return (sum(values) + PRIOR_FILMS * usual) / (len(values) + PRIOR_FILMS)


def _series(past: Past, film: str, opening: int, on: int) -> dict[str, float]:
    names = ("weekend", "total", "legs", "gap", "rarity", "same_distributor", "theaters")
    told = dict.fromkeys((f"series.{n}" for n in names), NAN)
    told["series.part"] = 0.0
    before = past.predecessor(film, on)
    if before is None or before not in past.results:
        return told
    result = past.results[before]
    history = past.history
    if result.weekend_known > on:
        return told
    taken = history.run(before).until(on - result.opening)
    total = np.log(max(taken, 1.0)) - past.log_price(result.opening, on)
    told["series.weekend"], told["series.total"] = result.log_weekend, float(total)
    told["series.legs"] = float(total) - result.log_weekend
    told["series.gap"] = float(np.log(max(1, opening - result.opening)))
    told["series.part"] = float(past.part(film, on))
    told["series.rarity"] = past.titles.rarity(film, before, on)
    mine, theirs = (history.fact(f, "distributor", on) for f in (film, before))
    told["series.same_distributor"] = float(mine is not None and mine == theirs)
    opened_in = history.fact(before, "theaters", on)
    told["series.theaters"] = float(np.log(opened_in)) if opened_in else NAN
    return told


def _title(past: Past, film: str, on: int) -> dict[str, float]:
    title = past.titles.at(film, on)
    if title is None:
        return {"title.numbered": 0.0, "title.colon": 0.0, "title.words": NAN, "title.3d": 0.0}
    return {
        "title.numbered": float(title.numbered),
        "title.colon": float(title.has_colon),
        "title.words": float(len(title.words)),
        "title.3d": float(any(w in ("3d", "imax") for w in title.words)),
    }


def slate(past: Past, film: str, opening: int, on: int) -> dict[str, float]:
    """Wide openings of the same weekend, the one before and the one after, as planned on a day."""
    friday = weekend(opening)
    same = [f for f in past.slate(friday, on) if f != film]
    return {
        "slate.same": float(len(same)),
        "slate.before": float(len([f for f in past.slate(friday - 7, on) if f != film])),
        "slate.after": float(len([f for f in past.slate(friday + 7, on) if f != film])),
        "slate.strongest": max((expected(past, f, on) for f in same), default=0.0),
    }


def expected(past: Past, film: str, on: int) -> float:
    """A rough log opening of a rival: that of the film it continues, or its distributor's usual."""
    before = past.predecessor(film, on)
    if before in past.results and past.results[before].weekend_known <= on:
        found = past.results[before].log_weekend
        if np.isfinite(found):
            return found
    name = past.history.fact(film, "distributor", on)
    record = past.record("distributor", str(name), on, RECORD_DAYS) if name else []
    return _shrunk([r.log_weekend for r in record], past.usual(on))


def _market(past: Past, opening: int, on: int) -> dict[str, float]:
    price = past.log_price(opening, on)
    recent = past.market(on, 28)
    years = [past.market(on - 364 * k, 28) for k in (1, 2)]
    season = [past.market(opening + 14 - 364 * k, 28) for k in (1, 2)]
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


def _story(past: Past, film: str, opening: int, on: int) -> dict[str, float]:
    history = past.history
    told: dict[str, float] = {}
    genres = history.fact(film, "genres", on)
    if genres:
        plain = {CHINESE_GENRES.get(g, g) for g in genres}
        told |= {f"story.{g}": float(g in plain) for g in GENRES}
    keywords = history.fact(film, "keywords", on)
    if keywords is not None:
        told["story.keywords"] = float(len(keywords))
        for theme in THEMES:
            told[f"story.theme {theme}"] = float(any(theme in k for k in keywords))
    runtime = history.fact(film, "runtime_minutes", on)
    if runtime:
        told["story.runtime"] = float(runtime)
    language = history.fact(film, "language", on)
    if language:
        told["story.english"] = float(language == "en")
    countries = history.fact(film, "countries", on)
    if countries:
        told["story.american"] = float(any("United States" in c or "美国" in c for c in countries))
        told["story.chinese"] = float(any(re.search("China|中国", c) for c in countries))
    for kind in ("companies", "talent"):
        told |= _makers(past, film, kind, on)
    budget = history.fact(film, "budget", on)
    if budget and budget[1] == history.currency and budget[0] > 1e5:
        told["budget.log"] = float(np.log(budget[0])) - past.log_price(opening, on)
    return told


def _makers(past: Past, film: str, kind: str, on: int) -> dict[str, float]:
    names = past.history.fact(film, kind, on)
    if not names:
        return {}
    records = [past.record(kind, str(name), on) for name in names]
    usual = past.usual(on)
    means = [_shrunk([r.log_weekend - usual for r in rs], 0.0) for rs in records if rs]
    return {
        f"story.{kind}_best": max(means, default=NAN),
        f"story.{kind}_mean": float(np.mean(means)) if means else NAN,
        f"story.{kind}_films": float(max((len(rs) for rs in records), default=0)),
    }


def theaters(past: Past, film: str, opening: int, on: int) -> dict[str, float]:
    """Cinemas planned, alone and beside what rivals and the distributor's films had."""
    history = past.history
    planned = history.fact(film, "theaters", on)
    if not planned:
        return {}
    friday = weekend(opening)
    rivals = [history.fact(f, "theaters", on) or 0 for f in past.slate(friday, on) if f != film]
    earlier = [
        history.fact(f, "theaters", on) or 0 for f in past.slate(friday - 7, on) if f != film
    ]
    name = history.fact(film, "distributor", on)
    record = past.record("distributor", str(name), on, RECORD_DAYS) if name else []
    usual = [np.log(t) for r in record if (t := history.fact(r.film, "theaters", on))]
    return {
        "theaters.log": float(np.log(planned)),
        "theaters.number": float(planned),
        "theaters.of_widest": float(planned) / past.widest(on),
        "theaters.rivals": float(np.log1p(sum(rivals))),
        "theaters.largest_rival": float(max(rivals, default=0)),
        "theaters.share": float(planned) / float(planned + sum(rivals)),
        "theaters.week_before": float(max(earlier, default=0)),
        "theaters.against_usual": float(np.log(planned) - np.mean(usual)) if usual else NAN,
    }


def _signals(past: Past, film: str, opening: int, on: int) -> dict[str, float]:
    """Each kind of signal beside what films of the market had at the same distance.

    Signals grow until the opening: their size alone would say at T-60 what T-28 says of a smaller
    film. Too few films with a signal of the kind tell nothing.
    """
    told = {}
    for kind in past.history.signals.get(film, {}):
        for window in SIGNAL_WINDOWS:
            mine = past.signal(film, kind, window, on)
            usual = past.usual_signal(kind, window, opening - on, on)
            if mine is not None and usual is not None:
                told[f"signal.{kind} {window}"] = mine - usual
    return told
