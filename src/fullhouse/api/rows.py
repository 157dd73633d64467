"""Every route that calls a use case. What is not offered over HTTP stands at the end, and why."""

from collections.abc import Mapping

from fullhouse.api.row import Row

COMPOSED = "fullhouse.api.composed"
VIEW = "fullhouse.view"

TENANT_ROWS = (
    Row("GET", "/v1/titles", "room_statement", "read", "tenant", part="titles", lists=True),
    Row("POST", "/v1/questions/price", "room_price", "ask", "tenant"),
    Row("POST", "/v1/questions", "room_ask", "ask", "tenant"),
    Row("POST", "/v1/sizes", "room_sizes", "read", "tenant"),
    Row("GET", "/v1/sizes/traits", "room_traits", "read", "tenant"),
    Row("GET", "/v1/releases", "room_releases", "read", "tenant", part="answers", lists=True),
    Row("GET", "/v1/releases/{digest}", "room_release", "read", "tenant"),
    Row("GET", "/v1/statement", "room_statement", "read", "tenant"),
    Row(
        "GET", "/v1/statement/entries", "room_statement", "read", "tenant",
        part="entries", lists=True,
    ),
    Row("POST", "/v1/campaigns/{campaign}/reserve", "room_reserve", "launch", "tenant"),
    Row("GET", "/v1/keys", "key_list", "manage", "both", house_may="audit", part="keys",
        lists=True),
    Row("POST", "/v1/keys", "key_add", "manage", "both", house_may="admit", status=201,
        keeps_nothing=True),
    Row("POST", "/v1/keys/{key}/rotate", "key_rotate", "manage", "both", house_may="admit",
        status=201, keeps_nothing=True),
    Row("POST", "/v1/keys/{key}/revoke", "key_revoke", "manage", "both", house_may="admit"),
    Row("DELETE", "/v1/users/{user}", "user_remove", "manage", "both", house_may="admit"),
    Row("GET", "/v1/jobs", "job_list", "read", "both", part="jobs", lists=True),
    Row("GET", "/v1/jobs/{id}", "job_show", "read", "both"),
    Row("POST", "/v1/jobs/{id}/cancel", "job_cancel", "ask", "both"),
    Row("POST", "/v1/jobs/{id}/retry", "job_retry", "ask", "both"),
    Row("GET", "/v1/log", "log_list", "read", "both"),
    Row("GET", "/v1/log/head", "log_head", "read", "both"),
    Row("GET", "/v1/log/receipts/{position}", "log_receipt", "read", "both"),
    Row("GET", "/v1/log/consistency", "log_consistency", "read", "both"),
)  # fmt: skip
"""What tenants may call; nothing else is ever called for one."""

ROOM_ROWS = (
    Row("GET", "/v1/tenants", "tenant_list", "audit", lists=True),
    Row("POST", "/v1/tenants", "tenant_add", "admit", status=201),
    Row("POST", "/v1/tenants/{name}/suspend", "tenant_suspend", "admit"),
    Row("POST", "/v1/tenants/{tenant}/titles", "tenant_title", "admit", status=201),
    Row("POST", "/v1/tenants/{tenant}/users", "user_add", "admit", status=201),
    Row("GET", "/v1/ledger", "ledger_show", "audit"),
    Row("GET", "/v1/policy", "policy_check", "read", without=("write",)),
    Row("GET", "/v1/log/verification", "log_verify", "audit", lists=True),
    Row("GET", "/v1/audit", "audit", "audit", lists=True),
)

FILM_ROWS = (
    Row("GET", "/v1/films", "film_list", "run"),
    Row("POST", "/v1/films", f"{COMPOSED}:film_added", "run", status=201),
    Row("POST", "/v1/films/import", "film_import", "run", files=("source",)),
    Row("GET", "/v1/films/review", "film_review", "run", lists=True),
    Row("GET", "/v1/films/unmatched", "film_unmatched", "run", lists=True),
    Row("POST", "/v1/films/links", "film_accept", "run"),
    Row("GET", "/v1/films/{film}", "film_show", "run"),
    Row("PATCH", "/v1/films/{film}", f"{COMPOSED}:film_changed", "run"),
    Row(
        "GET", "/v1/films/{film}/signals", "film_daily", "run",
        page=f"{COMPOSED}:daily_page",
    ),
    Row("POST", "/v1/films/{film}/forecasts", f"{COMPOSED}:forecast", "run", work=True),
    Row(
        "POST", "/v1/films/{film}/discoveries", f"{COMPOSED}:discovery", "run", work=True,
        without=("embedding",), page=f"{VIEW}.discovery_page:discovery_page",
    ),
    Row("POST", "/v1/films/{film}/propensity", "film_propensity", "run", work=True),
    Row(
        "POST", "/v1/films/{film}/plans", "plan_film", "run", work=True,
        files=("channels", "limits"), page=f"{VIEW}.plan_page:plan_page",
    ),
    Row(
        "POST", "/v1/films/{film}/packs", "exhibit_film", "run", work=True,
        page=f"{VIEW}.exhibitor_page:exhibitor_page",
    ),
    Row("POST", "/v1/films/{film}/demand", "exhibit_cities", "run", work=True),
    Row(
        "POST", "/v1/films/{film}/reports", "film_report", "run", work=True,
        page=f"{VIEW}.report_page:film_report_page",
    ),
    Row("POST", "/v1/slate", "forecast_slate", "run", work=True),
    Row("POST", "/v1/backtests", "forecast_backtest", "run", work=True),
    Row("GET", "/v1/scorebook", "scorebook", "run"),
    Row("GET", "/v1/scorebook/entries", "scorebook_list", "audit", lists=True),
    Row("GET", "/v1/scorebook/verification", "scorebook_verify", "audit"),
)  # fmt: skip

AUDIENCE_ROWS = (
    Row("GET", "/v1/traits", "traits_list", "run"),
    Row("GET", "/v1/traits/{name:path}", "traits_show", "run"),
    Row("GET", "/v1/trait-builds", "traits_builds", "run", lists=True),
    Row("POST", "/v1/trait-builds", "traits_build", "run", work=True, without=("catalogue",)),
    Row("DELETE", "/v1/trait-builds/{build}", "traits_delete", "run"),
    Row("GET", "/v1/audiences", "audience_list", "run", lists=True),
    Row("POST", "/v1/audiences", "audience_save", "run", status=201),
    Row("POST", "/v1/audiences/count", "audience_count", "run"),
    Row("POST", "/v1/audiences/describe", "audience_describe", "run"),
    Row("POST", "/v1/audiences/overlap", "audience_overlap", "run"),
    Row("POST", "/v1/audiences/split", "audience_split", "run"),
    Row("POST", "/v1/audiences/look-alikes", "look_alike_people", "run", work=True,
        files=("file",)),
    Row("POST", "/v1/audiences/outcomes", "discover_outcome", "run", work=True),
    Row("GET", "/v1/audiences/{name}", "audience_show", "run"),
    Row("DELETE", "/v1/audiences/{name}", "audience_delete", "run"),
)  # fmt: skip

CAMPAIGN_ROWS = (
    Row("GET", "/v1/plans", "plan_list", "run", lists=True),
    Row("GET", "/v1/plans/{plan}", "plan_show", "run", page=f"{VIEW}.plan_page:plan_page"),
    Row("POST", "/v1/plans/{plan}/power", "campaign_power", "run", work=True,
        files=("channels",)),
    Row("POST", "/v1/plans/{plan}/pilot-power", "campaign_cities_power", "run", work=True),
    Row("GET", "/v1/campaigns", "campaign_list", "run", lists=True),
    Row(
        "POST", "/v1/campaigns", f"{COMPOSED}:launch", "run", work=True,
        files=("channels", "households", "contacts"), without=("folder",),
    ),
    Row("POST", "/v1/pilots", "campaign_cities", "run", work=True),
    Row("POST", "/v1/pilots/{campaign}/readouts", "campaign_cities_readout", "run", work=True),
    Row("POST", "/v1/campaigns/{name}/cancel", "campaign_cancel", "run", work=True,
        files=("contacts",)),
    Row("POST", "/v1/campaigns/{campaign}/readouts", "campaign_readout", "run", work=True),
    Row("POST", "/v1/campaigns/{campaign}/outlooks", "campaign_outlook", "run", work=True),
    Row("POST", "/v1/campaigns/{campaign}/uplift", "campaign_uplift", "run", work=True),
    Row("GET", "/v1/deliveries/removals", "campaign_removals_due", "run", lists=True),
    Row("POST", "/v1/deliveries/removals", "campaign_removals", "run", work=True,
        files=("contacts",)),
    Row("GET", "/v1/lookup", "lookup_check", "run"),
    Row("POST", "/v1/lookup", "lookup_build", "run", work=True),
    Row("POST", "/v1/lookup/account", "lookup_show", "run", lists=True, keeps_nothing=True),
    Row("GET", "/v1/lessons", "campaign_learned", "run", lists=True),
    Row("GET", "/v1/lessons/verdicts", "campaign_verdicts", "run", lists=True),
    Row("POST", "/v1/experiments", "experiment_read", "run", work=True, files=("table",)),
    Row("POST", "/v1/experiments/cities", "geo_read", "run", work=True, files=("table",)),
    Row("POST", "/v1/experiments/uplift", "uplift_read", "run", work=True, files=("table",)),
    Row("POST", "/v1/experiments/policies", "policy_read", "run", work=True, files=("table",)),
)  # fmt: skip

DATA_ROWS = (
    Row("GET", "/v1/feeds/files", "feed_files", "run", lists=True),
    Row("POST", "/v1/feeds/check", "check_feed", "run", files=("feed", "files")),
    Row("POST", "/v1/feeds/ingest", "ingest", "run", work=True, files=("feed", "files")),
    Row("POST", "/v1/feeds/retry", "feed_retry", "run", work=True, files=("feed",)),
    Row("POST", "/v1/feeds/{name}/retract", "feed_retract", "run", work=True),
    Row("GET", "/v1/quarantine", "quarantine", "run"),
    Row("GET", "/v1/people/report", "people_report", "run"),
    Row("POST", "/v1/people/resolve", "people_resolve", "run", work=True),
    Row("POST", "/v1/people/link", "people_link", "run", work=True,
        files=("declaration", "files")),
    Row("POST", "/v1/people/unlink", "people_unlink", "run", keeps_nothing=True),
    Row("POST", "/v1/people/consents/grant", "consent_grant", "run", keeps_nothing=True),
    Row("POST", "/v1/people/consents/withdraw", "consent_withdraw", "run", keeps_nothing=True),
    Row("POST", "/v1/people/erasures", "erase_people", "govern", keeps_nothing=True,
        files=("contacts",)),
    Row("POST", "/v1/people/erasures/verify", "verify_erasure", "govern", keeps_nothing=True),
    Row("GET", "/v1/lake", "lake_status", "audit", lists=True),
    Row("POST", "/v1/lake/compact", "lake_compact", "run", work=True),
    Row("POST", "/v1/lake/vacuum", "lake_vacuum", "run", work=True),
    Row("POST", "/v1/lake/retain", "lake_retain", "run", work=True),
    Row("POST", "/v1/lake/verify", "lake_verify", "run", work=True),
    Row("GET", "/v1/runs", "run_list", "audit", lists=True),
    Row("GET", "/v1/runs/{id}", "run_show", "audit"),
    Row("POST", "/v1/runs/{id}/cancel", "run_cancel", "run"),
)  # fmt: skip

ROWS = (
    *TENANT_ROWS, *ROOM_ROWS, *FILM_ROWS, *AUDIENCE_ROWS, *CAMPAIGN_ROWS, *DATA_ROWS,
)  # fmt: skip

NOT_OFFERED: Mapping[str, str] = {
    "accounts_to_erase": "reads a file of whoever calls",
    "audience_export": "gives people's accounts to whoever calls: on the machine alone",
    "backup": "copies a workspace: on the machine alone",
    "film_add": "joined: answers with the film",
    "film_read": "reads a file of whoever calls",
    "film_set": "joined: answers with the film",
    "campaign_launch": "joined: the house says where deliveries are put",
    "discover_film": "joined with the tickets of its audiences",
    "share_tickets": "joined with the discovery that it needs",
    "forecast_film": "joined with its entry into the score book",
    "forecast_actual": "joined with the forecast that it needs",
    "issue_forecast": "joined with the forecast that it needs",
    "job_add": "a route of long work makes its job itself, of files that were sent",
    "schedule_add": "would read files of the server by their names",
    "schedule_delete": "belongs to schedule_add",
    "schedule_list": "belongs to schedule_add",
    "lake_accept": "goes on after a loss: on the machine alone",
    "match_answer": "has routes of its own: the house keeps its secret of a match",
    "match_challenge": "has routes of its own: the house keeps its secret of a match",
    "match_request": "the studio's side, at the studio",
    "match_respond": "the studio's side, at the studio",
    "new_house": "makes a workspace: on the machine alone",
    "policy_scores": "a table for each person: on the machine alone",
    "restore": "makes a workspace: on the machine alone",
    "traits_catalogue": "reads a text of whoever calls",
    "workspace_health": "is /readyz, and `fullhouse doctor` on the machine",
    "write_forecast": "writes files: the API answers with pages and tables",
    "write_look_alike": "writes files of people's accounts",
    "write_propensity": "writes files of people's accounts",
}
"""Use cases that have no row, and why."""
