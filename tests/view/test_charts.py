"""Charts as files: what a title says cannot break out of the page."""

import re
from html.parser import HTMLParser
from pathlib import Path

import altair as alt
import pytest

from fullhouse.view.charts import save_chart

EVIL = "</script><script>alert(1)</script><!-- <b> & \"quotes\" 'and' \\ back"


class Scripts(HTMLParser):
    """What a browser would run."""

    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []
        self.inside = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.inside = tag == "script"
        if self.inside:
            self.texts.append("")

    def handle_data(self, data: str) -> None:
        if self.inside:
            self.texts[-1] += data

    def handle_endtag(self, tag: str) -> None:
        self.inside = False


def scripts(title: str, path: Path) -> list[str]:
    chart = (
        alt.Chart(alt.Data(values=[{"a": title, "b": 1}]))
        .mark_bar()
        .encode(x="a:N", y="b:Q")
        .properties(title=title)
    )
    save_chart(chart, path)
    reader = Scripts()
    reader.feed(path.read_text("utf-8"))
    return reader.texts


def test_a_title_cannot_end_the_script_that_it_stands_in(tmp_path: Path) -> None:
    plain, evil = scripts("A Film", tmp_path / "a.html"), scripts(EVIL, tmp_path / "b.html")
    assert len(evil) == len(plain)
    assert sum("alert(1)" in s for s in evil) == 1
    page = (tmp_path / "b.html").read_text("utf-8")
    assert not re.search(r"</script>\s*<script>alert", page)
    assert "\\u003c/script>\\u003cscript>alert(1)" in page


@pytest.mark.parametrize("name", ["chart.svg", "chart.png", "chart.html"])
def test_each_ending_is_written(tmp_path: Path, name: str) -> None:
    chart = alt.Chart(alt.Data(values=[{"a": 1}])).mark_bar().encode(x="a:Q").properties(title="流")
    save_chart(chart, tmp_path / name)
    assert (tmp_path / name).stat().st_size > 500
    if name != "chart.png":
        assert "流" in (tmp_path / name).read_text("utf-8")
