"""A page as it is sent: HTML from its template, or its facts as JSON, or its rows as CSV."""

from collections.abc import Mapping
from datetime import date, datetime
from functools import cache
from typing import Any
from urllib.parse import urlencode

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup
from pydantic_core import to_json
from starlette.responses import Response

from fullhouse.core.tabular import Tabular
from fullhouse.core.values import HOUSE
from fullhouse.view.render import csv_of
from fullhouse.view.words.release import rho_words
from fullhouse.web import pictures, static, words
from fullhouse.web.language import LANGUAGES, Language, language
from fullhouse.web.problems import problem_page
from fullhouse.web.visit import NotHereError, Page, Visit

JSON, CSV, HTML = "application/json", "text/csv; charset=utf-8", "text/html; charset=utf-8"


def answer(visit: Visit, page: Page) -> Response:
    """The page in the form that was asked for."""
    match form_of(visit):
        case "json" if page.data is not None:
            body = to_json(page.data, fallback=str, inf_nan_mode="null", bytes_mode="utf8")
            return Response(body, page.status, media_type=JSON)
        case "csv" if rows_of(page, visit.query.get("table", "")) is not None:
            headers = {"Content-Disposition": f'attachment; filename="{_file(visit)}"'}
            rows = rows_of(page, visit.query.get("table", ""))
            return Response(csv_of(rows or ()), page.status, headers, CSV)
        case "html":
            return Response(html(visit, page), page.status, media_type=HTML)
    if page.status >= 400:  # an error has no other form than its page
        return Response(html(visit, page), page.status, media_type=HTML)
    return Response(html(visit, problem_page(NotHereError())), 404, media_type=HTML)


def form_of(visit: Visit) -> str:
    """What the address ends with, or what the asker accepts first."""
    named = visit.request.scope.get("fullhouse.form")
    if named:
        return str(named)
    accepted = visit.request.headers.get("accept", "")
    for part in accepted.split(","):
        match part.partition(";")[0].strip():
            case "text/html" | "application/xhtml+xml" | "*/*":
                return "html"
            case "application/json":
                return "json"
            case "text/csv":
                return "csv"
    return "html"


def html(visit: Visit, page: Page) -> str:
    """The page as HTML; for a part of a page that a script asked for, that part alone."""
    spoken = language(visit.language)
    facts = {
        "visit": visit,
        "page": page,
        "lang": spoken,
        "languages": LANGUAGES,
        "is_house": visit.principal is not None and visit.principal.tenant == HOUSE,
        "house_name": visit.house.settings.house,
        "today": visit.house.today,
        "simulated": visit.house.settings.simulated,
        "here": _here(visit),
        "has_rows": rows_of(page) is not None,
        "form_link": lambda form, table="": _form_link(visit, form, table),
    }
    return _environment(visit.language).get_template(page.template).render(**facts, **page.facts)


def rows_of(page: Page, table: str = "") -> Any:
    """The rows of a page's table, or of the one that is named; None where there is none."""
    if table:
        return page.tables.get(table)
    if page.rows is not None:
        return page.rows
    return page.data.rows() if isinstance(page.data, Tabular) else None


def _here(visit: Visit) -> str:
    query = visit.request.url.query
    return visit.path + (f"?{query}" if query and visit.request.method == "GET" else "")


def _form_link(visit: Visit, form: str, table: str = "") -> str:
    """The address of the same page as JSON or CSV, or of one of its tables."""
    path = visit.path if visit.path != "/" else "/slate"
    given = [(n, v) for n, v in visit.query.multi_items() if n != "table"]
    query = urlencode([*given, *([("table", table)] if table else [])])
    return f"{path}.{form}" + (f"?{query}" if query else "")


def _file(visit: Visit) -> str:
    """What a CSV is saved as; what was typed as a table's name is in it only where it is one."""
    name = visit.path.strip("/").replace("/", "-") or "slate"
    table = visit.query.get("table", "")
    return f"{name}-{table}.csv" if table else f"{name}.csv"


def link(path: str, /, **values: object) -> str:
    """An address with what stands behind its question mark."""
    given = {name: str(value) for name, value in values.items() if value not in (None, "")}
    return f"{path}?{urlencode(given)}" if given else path


@cache
def _environment(code: str) -> Environment:
    spoken = language(code)
    pages = Environment(
        loader=PackageLoader("fullhouse.web"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
    )
    # The extension's own way to hand over translations; the places of a sentence are escaped.
    install = vars(pages)["install_gettext_callables"]
    install(spoken.gettext, spoken.ngettext, newstyle=True)
    pages.filters |= _filters(spoken)
    pages.tests |= {
        "has_html": lambda value: isinstance(value, Markup),
        "a_day": lambda value: isinstance(value, date),
    }
    pages.globals |= {
        "asset": static.address,
        "link": link,
        "rho_words": rho_words,
        "share_bar": pictures.share_bar,
        "unknown_strip": pictures.unknown_strip,
        "strip": pictures.released_strip,
        "kind_words": words.kind_words,
        "film_words": words.film_words,
        "role_words": words.role_words,
        "verb_words": words.verb_words,
        "scope_words": words.scope_words,
        "step_words": words.step_words,
        "table_words": words.table_words,
        "part_words": words.part_words,
        "column_words": words.column_words,
    }
    return pages


def _filters(spoken: Language) -> Mapping[str, Any]:
    return {
        "number": spoken.number,
        "compact": spoken.compact,
        "money": spoken.money,
        "share": spoken.share,
        "signed_share": spoken.signed_share,
        "day": spoken.day,
        "day_short": spoken.day_short,
        "moment": spoken.moment,
        "when": lambda at: _when(spoken, at),
        "lines": lambda words: Markup("<br>").join(str(words).splitlines()),
    }


def _when(spoken: Language, at: date | datetime) -> str:
    return spoken.moment(at) if isinstance(at, datetime) else spoken.day_short(at)
