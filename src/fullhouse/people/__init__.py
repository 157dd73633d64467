"""Which accounts are one person."""

from fullhouse.people.attributes import (
    account_pairs,
    attributes,
    expected_precision,
    models,
    read_attributes,
    write_pairs,
)
from fullhouse.people.link import LinkPlan, parse_plan
from fullhouse.people.match import Matched, match
from fullhouse.people.report import PeopleReport, report
from fullhouse.people.resolution import Resolution, living
from fullhouse.people.resolve import resolve

__all__ = [
    "LinkPlan",
    "Matched",
    "PeopleReport",
    "Resolution",
    "account_pairs",
    "attributes",
    "expected_precision",
    "living",
    "match",
    "models",
    "parse_plan",
    "read_attributes",
    "report",
    "resolve",
    "write_pairs",
]
