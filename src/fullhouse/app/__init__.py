"""The composition root: the functions that the command line, the API and Python call.

A stage is loaded when one of its functions is first used, so that `fullhouse --help` and a short
command do not wait for every library of every stage: the imports below are read as text.
"""

import ast
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fullhouse.app.access import (
        AddKey as AddKey,
        AddUser as AddUser,
        ChangePassword as ChangePassword,
        EndSession as EndSession,
        GrantControl as GrantControl,
        KeyMade as KeyMade,
        Keys as Keys,
        LinkMade as LinkMade,
        ListKeys as ListKeys,
        ListUsers as ListUsers,
        MakeLink as MakeLink,
        OpenSessions as OpenSessions,
        RemoveUser as RemoveUser,
        RevokeKey as RevokeKey,
        RotateKey as RotateKey,
        SetEmail as SetEmail,
        SuspendUser as SuspendUser,
        UserRemoved as UserRemoved,
        Users as Users,
        control_grant as control_grant,
        key_add as key_add,
        key_list as key_list,
        key_revoke as key_revoke,
        key_rotate as key_rotate,
        password_change as password_change,
        password_link as password_link,
        session_end as session_end,
        session_list as session_list,
        user_add as user_add,
        user_email as user_email,
        user_list as user_list,
        user_remove as user_remove,
        user_suspend as user_suspend,
    )
    from fullhouse.app.audiences import (
        CountAudience as CountAudience,
        DeleteAudience as DeleteAudience,
        DescribeAudience as DescribeAudience,
        ExportAudience as ExportAudience,
        ListAudiences as ListAudiences,
        OverlapAudiences as OverlapAudiences,
        SaveAudience as SaveAudience,
        ShowAudience as ShowAudience,
        SplitAudience as SplitAudience,
        audience_count as audience_count,
        audience_delete as audience_delete,
        audience_describe as audience_describe,
        audience_export as audience_export,
        audience_list as audience_list,
        audience_overlap as audience_overlap,
        audience_save as audience_save,
        audience_show as audience_show,
        audience_split as audience_split,
    )
    from fullhouse.app.campaigns import (
        CancelCampaign as CancelCampaign,
        Cancelled as Cancelled,
        LaunchCampaign as LaunchCampaign,
        LaunchCities as LaunchCities,
        ListCampaigns as ListCampaigns,
        ListRemovalsDue as ListRemovalsDue,
        PowerOfCampaign as PowerOfCampaign,
        PowerOfCities as PowerOfCities,
        ReadCities as ReadCities,
        RemoveFromChannels as RemoveFromChannels,
        campaign_cancel as campaign_cancel,
        campaign_cities as campaign_cities,
        campaign_cities_power as campaign_cities_power,
        campaign_cities_readout as campaign_cities_readout,
        campaign_launch as campaign_launch,
        campaign_list as campaign_list,
        campaign_power as campaign_power,
        campaign_removals as campaign_removals,
        campaign_removals_due as campaign_removals_due,
    )
    from fullhouse.app.cleanroom import (
        Ask as Ask,
        FindTraits as FindTraits,
        ReadRelease as ReadRelease,
        ReserveLooks as ReserveLooks,
        SizeRules as SizeRules,
        room_ask as room_ask,
        room_price as room_price,
        room_release as room_release,
        room_releases as room_releases,
        room_reserve as room_reserve,
        room_sizes as room_sizes,
        room_statement as room_statement,
        room_traits as room_traits,
    )
    from fullhouse.app.collector import (
        CheckCollected as CheckCollected,
        CollectorStatus as CollectorStatus,
        DeclareSource as DeclareSource,
        EnableSource as EnableSource,
        FlushCollector as FlushCollector,
        MoveCollected as MoveCollected,
        NewWriteKey as NewWriteKey,
        RevokeWriteKey as RevokeWriteKey,
        ShowCollectorFeeds as ShowCollectorFeeds,
        collector_check as collector_check,
        collector_declare as collector_declare,
        collector_enable as collector_enable,
        collector_feeds as collector_feeds,
        collector_flush as collector_flush,
        collector_key as collector_key,
        collector_keys as collector_keys,
        collector_move as collector_move,
        collector_revoke as collector_revoke,
        collector_status as collector_status,
    )
    from fullhouse.app.daily import (
        DailyPage as DailyPage,
        film_daily as film_daily,
    )
    from fullhouse.app.discoveries import (
        DiscoverFilm as DiscoverFilm,
        DiscoverOutcome as DiscoverOutcome,
        ShareTickets as ShareTickets,
        discover_film as discover_film,
        discover_outcome as discover_outcome,
        share_tickets as share_tickets,
    )
    from fullhouse.app.exhibit import (
        ExhibitCities as ExhibitCities,
        ExhibitFilm as ExhibitFilm,
        exhibit_cities as exhibit_cities,
        exhibit_film as exhibit_film,
    )
    from fullhouse.app.feeds import (
        CheckFeed as CheckFeed,
        IngestFiles as IngestFiles,
        ListFiles as ListFiles,
        ListQuarantine as ListQuarantine,
        Quarantine as Quarantine,
        RefusedCount as RefusedCount,
        RetractFeed as RetractFeed,
        RetryFeed as RetryFeed,
        check_feed as check_feed,
        feed_files as feed_files,
        feed_retract as feed_retract,
        feed_retry as feed_retry,
        ingest as ingest,
        quarantine as quarantine,
    )
    from fullhouse.app.films import (
        AcceptFilm as AcceptFilm,
        AddFilm as AddFilm,
        ImportFilms as ImportFilms,
        ListFilms as ListFilms,
        SetFilm as SetFilm,
        ListUnmatched as ListUnmatched,
        ShowFilm as ShowFilm,
        film_accept as film_accept,
        film_add as film_add,
        film_import as film_import,
        film_list as film_list,
        film_read as film_read,
        film_review as film_review,
        film_unmatched as film_unmatched,
        film_set as film_set,
        film_show as film_show,
    )
    from fullhouse.app.forecast import (
        CompareForecast as CompareForecast,
        ForecastFilm as ForecastFilm,
        ForecastSlate as ForecastSlate,
        IssueForecast as IssueForecast,
        ListEntries as ListEntries,
        ListSources as ListSources,
        ReadScoreBook as ReadScoreBook,
        RunBacktest as RunBacktest,
        VerifyScoreBook as VerifyScoreBook,
        WriteForecast as WriteForecast,
        forecast_actual as forecast_actual,
        forecast_backtest as forecast_backtest,
        forecast_film as forecast_film,
        forecast_slate as forecast_slate,
        issue_forecast as issue_forecast,
        scorebook as scorebook,
        scorebook_list as scorebook_list,
        scorebook_sources as scorebook_sources,
        scorebook_verify as scorebook_verify,
        write_forecast as write_forecast,
    )
    from fullhouse.app.greenlight import (
        EnterGreenlight as EnterGreenlight,
        GreenlightFilm as GreenlightFilm,
        GreenlightSlate as GreenlightSlate,
        enter_greenlight as enter_greenlight,
        greenlight_film as greenlight_film,
        greenlight_slate as greenlight_slate,
    )
    from fullhouse.app.headroom import (
        FilmHeadroom as FilmHeadroom,
        film_headroom as film_headroom,
    )
    from fullhouse.app.jobs import (
        AddJob as AddJob,
        AddSchedule as AddSchedule,
        CancelJob as CancelJob,
        DeleteSchedule as DeleteSchedule,
        JobList as JobList,
        JobSchedule as JobSchedule,
        JobStatus as JobStatus,
        ListJobs as ListJobs,
        RetryJob as RetryJob,
        ScheduleList as ScheduleList,
        ShowJob as ShowJob,
        job_add as job_add,
        job_cancel as job_cancel,
        job_list as job_list,
        job_retry as job_retry,
        job_show as job_show,
        schedule_add as schedule_add,
        schedule_delete as schedule_delete,
        schedule_list as schedule_list,
    )
    from fullhouse.app.joined import (
        Discover as Discover,
        MadeForecast as MadeForecast,
        MakeForecast as MakeForecast,
        StartCampaign as StartCampaign,
        StartPilot as StartPilot,
        campaign_start as campaign_start,
        discovery_make as discovery_make,
        film_create as film_create,
        film_update as film_update,
        forecast_make as forecast_make,
        pilot_start as pilot_start,
    )
    from fullhouse.app.log import (
        ListLog as ListLog,
        LogEntries as LogEntries,
        MakeConsistency as MakeConsistency,
        MakeReceipt as MakeReceipt,
        ShowHead as ShowHead,
        log_consistency as log_consistency,
        log_head as log_head,
        log_list as log_list,
        log_receipt as log_receipt,
        log_verify as log_verify,
    )
    from fullhouse.app.lookup import (
        BuildLookup as BuildLookup,
        LookUp as LookUp,
        LookupState as LookupState,
        lookup_build as lookup_build,
        lookup_check as lookup_check,
        lookup_door as lookup_door,
        lookup_show as lookup_show,
    )
    from fullhouse.app.match import (
        AnswerMatch as AnswerMatch,
        ChallengeMatch as ChallengeMatch,
        MatchAnswered as MatchAnswered,
        Requested as Requested,
        RequestMatch as RequestMatch,
        RespondMatch as RespondMatch,
        match_answer as match_answer,
        match_challenge as match_challenge,
        match_request as match_request,
        match_respond as match_respond,
    )
    from fullhouse.app.partners import (
        ReadPack as ReadPack,
        SharePack as SharePack,
        TakePackBack as TakePackBack,
        pack_list as pack_list,
        pack_share as pack_share,
        pack_show as pack_show,
        pack_take_back as pack_take_back,
    )
    from fullhouse.app.people import (
        ErasePeople as ErasePeople,
        GrantConsent as GrantConsent,
        LinkPeople as LinkPeople,
        LinkResult as LinkResult,
        ReportPeople as ReportPeople,
        ResolvePeople as ResolvePeople,
        UnlinkPeople as UnlinkPeople,
        UnlinkResult as UnlinkResult,
        VerifyErasure as VerifyErasure,
        WithdrawConsent as WithdrawConsent,
        accounts_to_erase as accounts_to_erase,
        consent_grant as consent_grant,
        consent_withdraw as consent_withdraw,
        erase_people as erase_people,
        people_link as people_link,
        people_report as people_report,
        people_resolve as people_resolve,
        people_unlink as people_unlink,
        verify_erasure as verify_erasure,
    )
    from fullhouse.app.pilots import (
        LaunchedPilot as LaunchedPilot,
        LookAtPilot as LookAtPilot,
        PilotFilm as PilotFilm,
        campaign_look as campaign_look,
        campaign_pilot as campaign_pilot,
    )
    from fullhouse.app.plan import (
        ListPlans as ListPlans,
        PlanFilm as PlanFilm,
        ShowPlan as ShowPlan,
        plan_film as plan_film,
        plan_list as plan_list,
        plan_show as plan_show,
    )
    from fullhouse.app.properties import (
        AddProperty as AddProperty,
        EnterProperty as EnterProperty,
        ImportProperties as ImportProperties,
        ListProperties as ListProperties,
        PropertyAdded as PropertyAdded,
        ShowProperty as ShowProperty,
        ValueProperty as ValueProperty,
        enter_property as enter_property,
        property_add as property_add,
        property_import as property_import,
        property_list as property_list,
        property_show as property_show,
        property_value as property_value,
    )
    from fullhouse.app.propensity import (
        FilmScores as FilmScores,
        FindLookAlikes as FindLookAlikes,
        LookAlikes as LookAlikes,
        SavedPeople as SavedPeople,
        ScoreFilm as ScoreFilm,
        film_propensity as film_propensity,
        look_alike_people as look_alike_people,
        write_look_alike as write_look_alike,
        write_propensity as write_propensity,
    )
    from fullhouse.app.readouts import (
        ListLearned as ListLearned,
        ListVerdicts as ListVerdicts,
        OutlookCampaign as OutlookCampaign,
        ReadCampaign as ReadCampaign,
        ReadExperiment as ReadExperiment,
        ReadGeoExperiment as ReadGeoExperiment,
        ReadPolicy as ReadPolicy,
        ReadUplift as ReadUplift,
        UpliftCampaign as UpliftCampaign,
        campaign_learned as campaign_learned,
        campaign_outlook as campaign_outlook,
        campaign_readout as campaign_readout,
        campaign_uplift as campaign_uplift,
        campaign_verdicts as campaign_verdicts,
        experiment_read as experiment_read,
        geo_read as geo_read,
        policy_read as policy_read,
        policy_scores as policy_scores,
        uplift_read as uplift_read,
    )
    from fullhouse.app.reports import (
        ReportFilm as ReportFilm,
        film_report as film_report,
    )
    from fullhouse.app.safekeeping import (
        AcceptLake as AcceptLake,
        Accepted as Accepted,
        LakeProof as LakeProof,
        MakeBackup as MakeBackup,
        RestoreBackup as RestoreBackup,
        VerifyLake as VerifyLake,
        backup as backup,
        lake_accept as lake_accept,
        lake_verify as lake_verify,
        restore as restore,
    )
    from fullhouse.app.studio import (
        ListTitles as ListTitles,
        StateTitle as StateTitle,
        studio_entries as studio_entries,
        studio_forecast as studio_forecast,
        studio_issue as studio_issue,
        studio_scorebook as studio_scorebook,
        studio_slate as studio_slate,
        studio_state as studio_state,
        studio_titles as studio_titles,
        studio_verify as studio_verify,
    )
    from fullhouse.app.studio_planning import (
        ListOwnCampaigns as ListOwnCampaigns,
        ListOwnPlans as ListOwnPlans,
        PlanTitle as PlanTitle,
        PowerOfPlan as PowerOfPlan,
        ReportTitle as ReportTitle,
        ShowOwnPlan as ShowOwnPlan,
        studio_campaigns as studio_campaigns,
        studio_plan as studio_plan,
        studio_plan_show as studio_plan_show,
        studio_plans as studio_plans,
        studio_power as studio_power,
        studio_report as studio_report,
    )
    from fullhouse.app.talent import (
        EstimateTalent as EstimateTalent,
        FindRising as FindRising,
        FitTalent as FitTalent,
        ImportCredits as ImportCredits,
        IssueRising as IssueRising,
        ListTalent as ListTalent,
        ReadRisingBook as ReadRisingBook,
        ShowTalent as ShowTalent,
        SuppressTalent as SuppressTalent,
        issue_rising as issue_rising,
        talent_effects as talent_effects,
        talent_fit as talent_fit,
        talent_import as talent_import,
        talent_list as talent_list,
        talent_rising as talent_rising,
        talent_scorebook as talent_scorebook,
        talent_show as talent_show,
        talent_suppress as talent_suppress,
    )
    from fullhouse.app.tenants import (
        AddTenant as AddTenant,
        AddTitle as AddTitle,
        CheckPolicy as CheckPolicy,
        ListTenants as ListTenants,
        ShowLedger as ShowLedger,
        SuspendTenant as SuspendTenant,
        ledger_show as ledger_show,
        policy_check as policy_check,
        tenant_add as tenant_add,
        tenant_list as tenant_list,
        tenant_suspend as tenant_suspend,
        tenant_title as tenant_title,
    )
    from fullhouse.app.traits import (
        BuildTraits as BuildTraits,
        DeleteBuild as DeleteBuild,
        ListBuilds as ListBuilds,
        ListTraits as ListTraits,
        ReadCatalogue as ReadCatalogue,
        ShowTrait as ShowTrait,
        TraitList as TraitList,
        TraitOfBuild as TraitOfBuild,
        TraitsBuilt as TraitsBuilt,
        traits_build as traits_build,
        traits_builds as traits_builds,
        traits_catalogue as traits_catalogue,
        traits_delete as traits_delete,
        traits_list as traits_list,
        traits_show as traits_show,
    )
    from fullhouse.app.upkeep import (
        AuditEntry as AuditEntry,
        CancelRun as CancelRun,
        CompactLake as CompactLake,
        Health as Health,
        ListAudit as ListAudit,
        ListRuns as ListRuns,
        RetainLake as RetainLake,
        ShowLake as ShowLake,
        ShowRun as ShowRun,
        VacuumLake as VacuumLake,
        audit as audit,
        lake_compact as lake_compact,
        lake_retain as lake_retain,
        lake_status as lake_status,
        lake_vacuum as lake_vacuum,
        new_house as new_house,
        run_cancel as run_cancel,
        run_list as run_list,
        run_show as run_show,
        workspace_health as workspace_health,
    )
    from fullhouse.cleanroom.question import (
        Breakdown as Breakdown,
        Cards as Cards,
        Count as Count,
        Describe as Describe,
        Overlap as Overlap,
        ReachFrequency as ReachFrequency,
        Readout as Readout,
        TicketsByCity as TicketsByCity,
    )
    from fullhouse.cleanroom.title_inputs import (
        SignalOfDay as SignalOfDay,
    )
    from fullhouse.forecast.assumptions import (
        Assumptions as Assumptions,
        assumptions as assumptions,
    )
    from fullhouse.forecast.backtest import (
        Backtests as Backtests,
    )
    from fullhouse.forecast.score import (
        ActualRun as ActualRun,
    )
    from fullhouse.forecast.slate import (
        Slate as Slate,
    )
    from fullhouse.view.charts import (
        check_out as check_out,
    )
    from fullhouse.view.daily_page import (
        write_daily as write_daily,
    )
    from fullhouse.view.discovery_page import (
        write_discovery as write_discovery,
        write_film_discovery as write_film_discovery,
    )
    from fullhouse.view.exhibitor_page import (
        write_exhibit as write_exhibit,
    )
    from fullhouse.view.forecast_page import (
        save_forecast as save_forecast,
        scorebook_chart as scorebook_chart,
        write_backtest as write_backtest,
        write_scorebook as write_scorebook,
        write_slate as write_slate,
    )
    from fullhouse.view.greenlight_page import (
        write_greenlight as write_greenlight,
        write_property as write_property,
        write_slate_risk as write_slate_risk,
    )
    from fullhouse.view.plan_page import (
        write_cities as write_cities,
        write_plan as write_plan,
    )
    from fullhouse.view.report_page import (
        write_film_report as write_film_report,
    )
    from fullhouse.view.talent_page import (
        write_fit as write_fit,
        write_rising as write_rising,
        write_talent as write_talent,
    )
    from fullhouse.workspace.backup import (
        has_password as has_password,
    )
    from fullhouse.view.tenant_report import (
        write_tenant_report as write_tenant_report,
    )
    from fullhouse.workspace.context import (
        Context as Context,
        init_house as init_house,
        open_house as open_house,
    )


def _public_names() -> dict[str, str]:
    """The module of each name that is imported above for the type checker."""
    source = ast.parse(Path(__file__).read_text("utf-8"))
    imports = next(node for node in source.body if isinstance(node, ast.If)).body
    return {
        alias.name: node.module
        for node in imports
        if isinstance(node, ast.ImportFrom) and node.module
        for alias in node.names
    }


MODULES = _public_names()
"""Where each public name stands; no name is that of a module."""

if not TYPE_CHECKING:

    def __getattr__(name: str) -> object:
        if name not in MODULES:
            raise AttributeError(f"module 'fullhouse.app' has no attribute {name!r}")
        value = globals()[name] = getattr(import_module(MODULES[name]), name)
        return value

    def __dir__() -> list[str]:
        return sorted(MODULES)
