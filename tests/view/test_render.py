"""Templates: everything is escaped, a missing fact is an error, a page asks no one for anything."""

import re
import sys
from importlib.resources import files

import altair as alt
import pytest
from jinja2 import UndefinedError
from markupsafe import Markup

from fullhouse.core.errors import InputError
from fullhouse.view.charts import DARK, SWATCHES, themed
from fullhouse.view.render import _environment, csv_of, data_link, figure, fragment, svg
from tests.view.page_reader import RUDE, Reader


def chart(width=100, words="a"):
    bars = alt.Chart({"values": [{"a": words, "b": 1}]}).mark_bar().encode(x="b:Q", y="a:N")
    return themed(bars.properties(width=width, title=words))


PAGE = '{% extends "base.html" %}{% block content %}{{ content }}{% endblock %}'


def macro(source, **facts):
    return _environment().from_string(source).render(**facts)


def test_a_page_may_load_nothing_and_run_nothing():
    page = macro(PAGE, title=RUDE, content=Markup("<p>text</p>"))
    assert "default-src 'none'" in page
    assert Reader(page).open == []
    assert "<script" not in page
    assert page.count("</style>") == 1
    assert not re.findall(r"https?:", page)


def test_a_name_that_no_one_gave_is_an_error():
    with pytest.raises(UndefinedError, match="title"):
        macro(PAGE, content="")


@pytest.mark.parametrize(
    "source",
    [
        "{{ ui.banner(rude) }}",
        "{% call ui.section(rude) %}{{ rude }}{% endcall %}",
        "{% call ui.details(rude) %}{{ rude }}{% endcall %}",
        "{{ ui.method([rude]) }}",
        "{{ ui.items([rude]) }}",
        "{{ ui.legend([(rude, rude)]) }}",
        "{{ ui.table([(rude, rude)], [[rude]], file=rude, data=[{rude: rude}], caption=rude) }}",
        "{{ ui.table([(rude, '')] * 5, [[rude] * 5]) }}",
        "{{ data_link(rude, rude, rude, rude) }}",
        "{{ unbroken(rude) }}{{ range_cell(rude, rude) }}",
        "{{ ui.figure(figure) }}",
    ],
)  # fmt: skip
def test_every_macro_escapes(source):
    drawn = figure(
        lambda width: chart(width, RUDE), caption=RUDE, file=RUDE, rows=[{RUDE: RUDE}],
        key=[("bar", RUDE)],
    )  # fmt: skip
    page = macro(source, rude=RUDE, figure=drawn)
    assert "<script" not in page
    assert Reader(page).open == []


def test_a_part_is_not_escaped_twice():
    part = fragment("named.html", name="A & B", below="")
    assert "A &amp; B" in macro("{{ part }}", part=part)


def test_a_wide_table_is_stacked_on_a_phone_with_the_name_of_each_column():
    page = macro("{{ ui.table(heads, [[1, 2, 3, 4, 5]]) }}", heads=[(c, "n") for c in "abcde"])
    assert 'class="table stack"' in page
    assert [a["data-label"] for t, a in Reader(page).tags if t == "td"] == list("abcde")
    assert "stack" not in macro("{{ ui.table(heads, [[1]]) }}", heads=[("a", "")])
    four = [(c, "n") for c in "abcd"]
    rows = [["People who give to animal shelters", 1, 2, 3]]
    assert "stack" in macro("{{ ui.table(heads, rows) }}", heads=four, rows=rows)
    assert "stack" not in macro("{{ ui.table(heads, [['Dogs', 1, 2, 3]]) }}", heads=four)
    assert "stack" not in macro("{{ ui.table(heads, []) }}", heads=four)


def test_a_key_shows_colours_that_change_on_a_dark_screen():
    page = macro(PAGE, title="", content="")
    for name, colour in SWATCHES.items():
        assert f".key .{name} {{ background: {colour}; }}" in page
        assert f".key .{name} {{ background: {DARK[colour]}; }}" in page


def test_a_chart_in_a_page_has_no_title_and_no_ground():
    drawn = svg(chart(words="Title"))
    assert drawn.startswith("<svg")
    assert drawn.count("Title") == 1
    assert "xmlns" not in drawn


def test_cells_that_a_spreadsheet_would_run_are_text():
    assert csv_of([{"a": "=1+1", "b": -1}, {"a": None}]) == "a,b\n'=1+1,-1\n,\n"


def test_a_file_name_cannot_leave_its_attribute():
    assert '"><b>' not in data_link("x", '"><b>', "")


def test_without_the_drawing_library_the_error_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "vl_convert", None)
    with pytest.raises(InputError, match=r"pip install 'fullhouse\[charts\]'"):
        svg(chart())


def test_templates_are_part_of_the_package():
    held = {f.name for f in (files("fullhouse.view") / "templates").iterdir()}
    assert {"base.html", "base.css", "macros.html"} <= held
