"""Which accounts are one person."""

from fullhouse.people.attributes import (
    account_pairs,
    attributes,
    expected_precision,
    models,
    read_attributes,
    unreadable_dates,
    write_pairs,
)
from fullhouse.people.link import LinkPlan, parse_plan
from fullhouse.people.match import Matched, match
from fullhouse.people.report import PeopleReport, report
from fullhouse.people.resolution import Resolution, living
from fullhouse.people.resolve import models_used, resolve
from fullhouse.people.unlink import (
    Ruling,
    Split,
    account_named,
    campaigns_with,
    identifier_named,
    pairs_of,
    pairs_of_person,
    splits_of,
    write_ruling,
)

__all__ = [
    "LinkPlan",
    "Matched",
    "PeopleReport",
    "Resolution",
    "Ruling",
    "Split",
    "account_named",
    "account_pairs",
    "attributes",
    "campaigns_with",
    "expected_precision",
    "identifier_named",
    "living",
    "match",
    "models",
    "models_used",
    "pairs_of",
    "pairs_of_person",
    "parse_plan",
    "read_attributes",
    "report",
    "resolve",
    "splits_of",
    "unreadable_dates",
    "write_pairs",
    "write_ruling",
]
