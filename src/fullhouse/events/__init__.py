"""Feeds become events: declare, check, ingest."""

from fullhouse.events.check import Check, FileCheck, check
from fullhouse.events.feed import Feed
from fullhouse.events.files import File, find_files
from fullhouse.events.ingest import ingest
from fullhouse.events.report import FileReport, Report

__all__ = [
    "Check",
    "Feed",
    "File",
    "FileCheck",
    "FileReport",
    "Report",
    "check",
    "find_files",
    "ingest",
]
