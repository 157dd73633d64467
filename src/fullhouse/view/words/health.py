"""The results of `fullhouse doctor` as sentences, by their codes."""

from collections.abc import Mapping
from typing import Any

from fullhouse.view.words.text import text

SENTENCES = {
    "settings_read": "read; {changed} set here or in the environment, the others by default",
    "key_present": "present",
    "lake_read": "{tables} tables can be read, with {rows} rows",
    "house_tied": "lake, control database and key belong together (house {house})",
    "house_untied": "nothing says yet which lake, control database and key belong together",
    "control_open": "open ({database}), its schema up to date",
    "engine_answers": "{engine} answers",
    "disk_free": "{free} free",
    "disk_full": "only {free} free; loading and computing may fail",
    "disk_read_only": "this user may not write here",
    "disk_remote": "in an object store; its space is not measured",
    "fault": "{reason}",
}


def health_sentence(code: str, facts: Mapping[str, Any]) -> str:
    """What a check of the workspace came to, for a person."""
    shown = {name: f"{v:,}" if isinstance(v, int) else v for name, v in facts.items()}
    if "free_bytes" in facts:
        shown["free"] = f"{facts['free_bytes'] / 1e9:,.1f} GB"
    return text(SENTENCES[code], **shown)
