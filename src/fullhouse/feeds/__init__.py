"""Feeds become events: declare, check, ingest."""

from fullhouse.feeds.check import check
from fullhouse.feeds.feed import Feed
from fullhouse.feeds.files import File, find_files
from fullhouse.feeds.ingest import ingest
from fullhouse.feeds.report import FeedCheck, FeedNote, FileCheck, FileReport, IngestReport

__all__ = [
    "Feed",
    "FeedCheck",
    "FeedNote",
    "File",
    "FileCheck",
    "FileReport",
    "IngestReport",
    "check",
    "find_files",
    "ingest",
]
