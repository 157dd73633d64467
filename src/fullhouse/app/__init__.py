"""The composition root: the functions that the command line, the API and Python call.

A stage is loaded when one of its functions is first used, so that `fullhouse --help` and a short
command do not wait for every library of every stage.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fullhouse.app.audiences import (
        CountAudience,
        DeleteAudience,
        DescribeAudience,
        ExportAudience,
        ListAudiences,
        OverlapAudiences,
        SaveAudience,
        ShowAudience,
        SplitAudience,
        audience_count,
        audience_delete,
        audience_describe,
        audience_export,
        audience_list,
        audience_overlap,
        audience_save,
        audience_show,
        audience_split,
    )
    from fullhouse.app.backtest import Backtests, forecast_backtest, write_backtest
    from fullhouse.app.campaigns import campaign_list, campaign_power
    from fullhouse.app.city_campaigns import (
        campaign_cities,
        campaign_cities_power,
        campaign_cities_readout,
    )
    from fullhouse.app.daily import check_daily_out, film_daily, write_daily
    from fullhouse.app.discover_files import check_film_out, write_film_discovery
    from fullhouse.app.discover_outcome import check_out, discover, write_discovery
    from fullhouse.app.exhibit import ExhibitCities, ExhibitFilm, exhibit_cities, exhibit_film
    from fullhouse.app.experiments import experiment_read, geo_read, uplift_read
    from fullhouse.app.feeds import (
        CheckFeed,
        IngestFiles,
        ListQuarantine,
        Quarantine,
        RefusedCount,
        check_feed,
        ingest,
        quarantine,
    )
    from fullhouse.app.film_discovery import discover_film
    from fullhouse.app.films import (
        film_accept,
        film_add,
        film_import,
        film_list,
        film_read,
        film_review,
        film_set,
        film_show,
    )
    from fullhouse.app.forecast import (
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
    from fullhouse.app.health import Health, check_new_place, workspace_health
    from fullhouse.app.lake import (
        CompactLake,
        ShowLake,
        VacuumLake,
        lake_compact,
        lake_status,
        lake_vacuum,
    )
    from fullhouse.app.launch import campaign_launch
    from fullhouse.app.outlook import campaign_outlook
    from fullhouse.app.people import (
        LinkPeople,
        LinkResult,
        ReportPeople,
        ResolvePeople,
        people_link,
        people_report,
        people_resolve,
    )
    from fullhouse.app.plan import (
        check_plan_out,
        plan_film,
        plan_list,
        plan_show,
        write_plan,
    )
    from fullhouse.app.propensity import (
        Alike,
        Propensity,
        check_look_alike_out,
        check_propensity_out,
        film_propensity,
        look_alike_people,
        write_look_alike,
        write_propensity,
    )
    from fullhouse.app.readout import campaign_learned, campaign_readout, campaign_verdicts
    from fullhouse.app.reports import check_report_out, film_report, write_film_report
    from fullhouse.app.score_book import (
        scorebook,
        scorebook_chart,
        scorebook_issue,
        scorebook_list,
        scorebook_verify,
        write_scorebook,
    )
    from fullhouse.app.traits import (
        TraitsBuilt,
        traits_build,
        traits_catalogue,
        traits_list,
        traits_show,
    )
    from fullhouse.app.uplift import campaign_uplift
    from fullhouse.view.exhibitor_page import check_exhibit_out, write_exhibit
    from fullhouse.workspace.context import Context, init_house, open_house

STAGES = {
    "app.audiences": (
        "CountAudience",
        "DeleteAudience",
        "DescribeAudience",
        "ExportAudience",
        "ListAudiences",
        "OverlapAudiences",
        "SaveAudience",
        "ShowAudience",
        "SplitAudience",
        "audience_count",
        "audience_delete",
        "audience_describe",
        "audience_export",
        "audience_list",
        "audience_overlap",
        "audience_save",
        "audience_show",
        "audience_split",
    ),
    "app.backtest": ("Backtests", "forecast_backtest", "write_backtest"),
    "app.uplift": ("campaign_uplift",),
    "app.campaigns": ("campaign_list", "campaign_power"),
    "app.city_campaigns": (
        "campaign_cities",
        "campaign_cities_power",
        "campaign_cities_readout",
    ),
    "app.daily": ("check_daily_out", "film_daily", "write_daily"),
    "app.discover_outcome": ("check_out", "discover", "write_discovery"),
    "app.exhibit": ("ExhibitCities", "ExhibitFilm", "exhibit_cities", "exhibit_film"),
    "view.exhibitor_page": ("check_exhibit_out", "write_exhibit"),
    "app.experiments": ("experiment_read", "geo_read", "uplift_read"),
    "app.feeds": (
        "CheckFeed",
        "IngestFiles",
        "ListQuarantine",
        "Quarantine",
        "RefusedCount",
        "check_feed",
        "ingest",
        "quarantine",
    ),
    "app.film_discovery": ("discover_film",),
    "app.discover_files": ("check_film_out", "write_film_discovery"),
    "app.reports": ("check_report_out", "film_report", "write_film_report"),
    "app.films": (
        "film_accept",
        "film_add",
        "film_import",
        "film_list",
        "film_read",
        "film_review",
        "film_set",
        "film_show",
    ),
    "app.forecast": (
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
    "app.launch": ("campaign_launch",),
    "app.outlook": ("campaign_outlook",),
    "app.people": (
        "LinkPeople",
        "LinkResult",
        "ReportPeople",
        "ResolvePeople",
        "people_link",
        "people_report",
        "people_resolve",
    ),
    "app.plan": ("check_plan_out", "plan_film", "plan_list", "plan_show", "write_plan"),
    "app.propensity": (
        "Alike",
        "Propensity",
        "check_look_alike_out",
        "check_propensity_out",
        "film_propensity",
        "look_alike_people",
        "write_look_alike",
        "write_propensity",
    ),
    "app.readout": ("campaign_learned", "campaign_readout", "campaign_verdicts"),
    "app.score_book": (
        "scorebook",
        "scorebook_chart",
        "scorebook_issue",
        "scorebook_list",
        "scorebook_verify",
        "write_scorebook",
    ),
    "app.traits": ("TraitsBuilt", "traits_build", "traits_catalogue", "traits_list", "traits_show"),
    "app.health": ("Health", "check_new_place", "workspace_health"),
    "app.lake": (
        "CompactLake",
        "ShowLake",
        "VacuumLake",
        "lake_compact",
        "lake_status",
        "lake_vacuum",
    ),
    "workspace.context": ("Context", "init_house", "open_house"),
}
"""Where each public name stands; no name is that of a module."""

__all__ = [
    "Alike",
    "Backtests",
    "CheckFeed",
    "CompactLake",
    "Context",
    "CountAudience",
    "DeleteAudience",
    "DescribeAudience",
    "ExhibitCities",
    "ExhibitFilm",
    "ExportAudience",
    "Health",
    "IngestFiles",
    "LinkPeople",
    "LinkResult",
    "ListAudiences",
    "ListQuarantine",
    "OverlapAudiences",
    "Propensity",
    "Quarantine",
    "RefusedCount",
    "ReportPeople",
    "ResolvePeople",
    "SaveAudience",
    "ShowAudience",
    "ShowLake",
    "Slate",
    "SplitAudience",
    "TraitsBuilt",
    "VacuumLake",
    "audience_count",
    "audience_delete",
    "audience_describe",
    "audience_export",
    "audience_list",
    "audience_overlap",
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
    "check_new_place",
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
    "init_house",
    "lake_compact",
    "lake_status",
    "lake_vacuum",
    "look_alike_people",
    "open_house",
    "people_link",
    "people_report",
    "people_resolve",
    "plan_film",
    "plan_list",
    "plan_show",
    "quarantine",
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
    "workspace_health",
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
            value = getattr(import_module(f"fullhouse.{stage}"), name)
            globals()[name] = value
            return value
    raise AttributeError(f"module 'fullhouse.app' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
