"""A film's report: all that stands of it, one sentence a part, on one page that prints.

It computes nothing: each part is what its own tab shows.
"""

from collections.abc import Mapping

from fullhouse.web.language import say
from fullhouse.web.visit import Page


def report_page(parts: Mapping[str, Page]) -> Page:
    """The report of a film from its tabs, by their names; what is not known yet is named last."""
    facts = {name: part.facts for name, part in parts.items()}
    outlook, cards, plan = facts["outlook"], facts["audiences"], facts["plan"]
    reached = [c for c in facts["campaign"]["campaigns"] if c["reach"]]
    read_out = [c for c in facts["readout"]["campaigns"] if c["readout"]]
    missing = {
        "outlook": say("What it will take: no forecast was issued yet.")
        if outlook["outlook"] is None
        else "",
        "audiences": say("Who will want it: no audience cards were released yet.")
        if cards["answer"] is None
        else "",
        "plan": say("Where to spend: no plan was saved yet.") if plan["plan"] is None else "",
        "readout": say("What a campaign changed: none was read out yet.") if not read_out else "",
    }
    sentences = [
        ("outlook", outlook.get("sentence", "")),
        ("plan", plan.get("sentence", "")),
        *(("campaign", c["reach"]["sentence"]) for c in reached),
        *(("readout", " ".join(c["readout"]["failed"]) or c["readout"]["sentence"])
          for c in read_out),
    ]  # fmt: skip
    rows = [{"part": name, "sentence": words} for name, words in sentences if words]
    data = {name: part.data for name, part in parts.items()}
    tables = {name: part.rows for name, part in parts.items() if part.rows}
    shown = {
        "outlook": outlook,
        "cards_of": cards,
        "plan_of": plan,
        "reached": reached,
        "read_out": read_out,
        "missing": [(name, words) for name, words in missing.items() if words],
    }
    return Page("film_report.html", "", shown, data, rows, tables=tables)
