"""The composition root: the functions that the command line, the API and Python call.

A stage is loaded when one of its functions is first used, so that `fullhouse --help` and a short
command do not wait for every library of every stage.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fullhouse.pipeline.audiences import (
        audience_count,
        audience_describe,
        audience_export,
        audience_list,
        audience_overlap,
        audience_population,
        audience_save,
        audience_show,
        audience_split,
    )
    from fullhouse.pipeline.backtests import Backtests, forecast_backtest, write_backtest
    from fullhouse.pipeline.campaigns import campaign_list, campaign_power
    from fullhouse.pipeline.city_campaigns import (
        campaign_cities,
        campaign_cities_power,
        campaign_cities_readout,
    )
    from fullhouse.pipeline.daily_films import check_daily_out, film_daily, write_daily
    from fullhouse.pipeline.discovery import check_out, discover, write_discovery
    from fullhouse.pipeline.exhibits import (
        check_exhibit_out,
        exhibit_cities,
        exhibit_film,
        write_exhibit,
    )
    from fullhouse.pipeline.experiments import experiment_read, geo_read, uplift_read
    from fullhouse.pipeline.feeds import (
        check_feed,
        ingest,
        quarantine_counts,
        quarantine_rows,
    )
    from fullhouse.pipeline.film_discovery import discover_film
    from fullhouse.pipeline.film_files import check_film_out, write_film_discovery
    from fullhouse.pipeline.film_reports import check_report_out, film_report, write_film_report
    from fullhouse.pipeline.films import (
        film_accept,
        film_add,
        film_import,
        film_list,
        film_read,
        film_review,
        film_set,
        film_show,
    )
    from fullhouse.pipeline.forecasts import (
        Slate,
        check_forecast_out,
        check_slate_out,
        forecast_actual,
        forecast_film,
        forecast_slate,
        supposed,
        write_forecast,
        write_slate,
    )
    from fullhouse.pipeline.launches import campaign_launch
    from fullhouse.pipeline.outlooks import campaign_outlook
    from fullhouse.pipeline.people import LinkResult, people_link, people_report, people_resolve
    from fullhouse.pipeline.plans import (
        check_plan_out,
        plan_film,
        plan_list,
        plan_show,
        write_plan,
    )
    from fullhouse.pipeline.propensity import (
        Alike,
        Propensity,
        check_look_alike_out,
        check_propensity_out,
        film_propensity,
        look_alike_people,
        write_look_alike,
        write_propensity,
    )
    from fullhouse.pipeline.readouts import campaign_learned, campaign_readout, campaign_verdicts
    from fullhouse.pipeline.score_book import (
        scorebook,
        scorebook_chart,
        scorebook_issue,
        scorebook_list,
        scorebook_verify,
        write_scorebook,
    )
    from fullhouse.pipeline.traits import (
        TraitsBuilt,
        traits_build,
        traits_catalogue,
        traits_list,
        traits_show,
    )
    from fullhouse.pipeline.upkeep import lake_compact, lake_status, lake_vacuum
    from fullhouse.pipeline.uplifts import campaign_uplift
    from fullhouse.pipeline.workspace import Workspace, init, open_workspace

STAGES = {
    "audiences": (
        "audience_count",
        "audience_describe",
        "audience_export",
        "audience_list",
        "audience_overlap",
        "audience_population",
        "audience_save",
        "audience_show",
        "audience_split",
    ),
    "backtests": ("Backtests", "forecast_backtest", "write_backtest"),
    "uplifts": ("campaign_uplift",),
    "campaigns": ("campaign_list", "campaign_power"),
    "city_campaigns": (
        "campaign_cities",
        "campaign_cities_power",
        "campaign_cities_readout",
    ),
    "daily_films": ("check_daily_out", "film_daily", "write_daily"),
    "discovery": ("check_out", "discover", "write_discovery"),
    "exhibits": ("check_exhibit_out", "exhibit_cities", "exhibit_film", "write_exhibit"),
    "experiments": ("experiment_read", "geo_read", "uplift_read"),
    "feeds": ("check_feed", "ingest", "quarantine_counts", "quarantine_rows"),
    "film_discovery": ("discover_film",),
    "film_files": ("check_film_out", "write_film_discovery"),
    "film_reports": ("check_report_out", "film_report", "write_film_report"),
    "films": (
        "film_accept",
        "film_add",
        "film_import",
        "film_list",
        "film_read",
        "film_review",
        "film_set",
        "film_show",
    ),
    "forecasts": (
        "Slate",
        "check_forecast_out",
        "check_slate_out",
        "forecast_actual",
        "forecast_film",
        "forecast_slate",
        "supposed",
        "write_forecast",
        "write_slate",
    ),
    "launches": ("campaign_launch",),
    "outlooks": ("campaign_outlook",),
    "people": ("LinkResult", "people_link", "people_report", "people_resolve"),
    "plans": ("check_plan_out", "plan_film", "plan_list", "plan_show", "write_plan"),
    "propensity": (
        "Alike",
        "Propensity",
        "check_look_alike_out",
        "check_propensity_out",
        "film_propensity",
        "look_alike_people",
        "write_look_alike",
        "write_propensity",
    ),
    "readouts": ("campaign_learned", "campaign_readout", "campaign_verdicts"),
    "score_book": (
        "scorebook",
        "scorebook_chart",
        "scorebook_issue",
        "scorebook_list",
        "scorebook_verify",
        "write_scorebook",
    ),
    "traits": ("TraitsBuilt", "traits_build", "traits_catalogue", "traits_list", "traits_show"),
    "upkeep": ("lake_compact", "lake_status", "lake_vacuum"),
    "workspace": ("Workspace", "init", "open_workspace"),
}
"""Where each public name stands; no name is that of a module."""

__all__ = [
    "Alike",
    "Backtests",
    "LinkResult",
    "Propensity",
    "Slate",
    "TraitsBuilt",
    "Workspace",
    "audience_count",
    "audience_describe",
    "audience_export",
    "audience_list",
    "audience_overlap",
    "audience_population",
    "audience_save",
    "audience_show",
    "audience_split",
    "campaign_cities",
    "campaign_cities_power",
    "campaign_cities_readout",
    "campaign_launch",
    "campaign_learned",
    "campaign_list",
    "campaign_outlook",
    "campaign_power",
    "campaign_readout",
    "campaign_uplift",
    "campaign_verdicts",
    "check_daily_out",
    "check_exhibit_out",
    "check_feed",
    "check_film_out",
    "check_forecast_out",
    "check_look_alike_out",
    "check_out",
    "check_plan_out",
    "check_propensity_out",
    "check_report_out",
    "check_slate_out",
    "discover",
    "discover_film",
    "exhibit_cities",
    "exhibit_film",
    "experiment_read",
    "film_accept",
    "film_add",
    "film_daily",
    "film_import",
    "film_list",
    "film_propensity",
    "film_read",
    "film_report",
    "film_review",
    "film_set",
    "film_show",
    "forecast_actual",
    "forecast_backtest",
    "forecast_film",
    "forecast_slate",
    "geo_read",
    "ingest",
    "init",
    "lake_compact",
    "lake_status",
    "lake_vacuum",
    "look_alike_people",
    "open_workspace",
    "people_link",
    "people_report",
    "people_resolve",
    "plan_film",
    "plan_list",
    "plan_show",
    "quarantine_counts",
    "quarantine_rows",
    "scorebook",
    "scorebook_chart",
    "scorebook_issue",
    "scorebook_list",
    "scorebook_verify",
    "supposed",
    "traits_build",
    "traits_catalogue",
    "traits_list",
    "traits_show",
    "uplift_read",
    "write_backtest",
    "write_daily",
    "write_discovery",
    "write_exhibit",
    "write_film_discovery",
    "write_film_report",
    "write_forecast",
    "write_look_alike",
    "write_plan",
    "write_propensity",
    "write_scorebook",
    "write_slate",
]


def __getattr__(name: str) -> Any:
    for stage, names in STAGES.items():
        if name in names:
            found = getattr(import_module(f"fullhouse.pipeline.{stage}"), name)
            globals()[name] = found
            return found
    raise AttributeError(f"module 'fullhouse.pipeline' has no attribute {name!r}")
