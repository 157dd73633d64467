"""Feeds become events: declare, check, ingest."""

from fullhouse.feeds.check import Check, FileCheck, check
from fullhouse.feeds.feed import Feed
from fullhouse.feeds.files import File, find_files
from fullhouse.feeds.ingest import ingest
from fullhouse.feeds.report import FileReport, Report

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
