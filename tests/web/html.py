"""A check of HTML: elements closed in their order, ids once, labels and references that lead on."""

import re
from html.parser import HTMLParser

VOID = {"area", "base", "br", "col", "hr", "img", "input", "link", "meta", "source", "wbr"}
IN_SVG_VOID = {"rect", "path", "circle", "line", "polygon", "polyline"}


class _Checker(HTMLParser):
    def __init__(self):
        super().__init__()
        self.problems, self.open = [], []
        self.ids, self.wanted = set(), []

    def handle_starttag(self, tag, attrs):
        self._attributes(tag, attrs)
        if tag == "p" and "p" in self.open:
            self.problems.append("a paragraph in a paragraph")
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self._attributes(tag, attrs)
        if tag not in VOID | IN_SVG_VOID:
            self.problems.append(f"<{tag}/> closes itself")

    def handle_endtag(self, tag):
        if not self.open or self.open[-1] != tag:
            self.problems.append(f"</{tag}> where {self.open[-1:]} is open, line {self.getpos()}")
        else:
            self.open.pop()

    def _attributes(self, tag, attrs):
        names = [name for name, _ in attrs]
        if len(names) != len(set(names)):
            self.problems.append(f"<{tag}> has an attribute twice")
        values = dict(attrs)
        if tag == "svg" and not (values.get("aria-label") or values.get("aria-hidden")):
            self.problems.append("a picture without words")
        identity = values.get("id")
        if identity in self.ids:
            self.problems.append(f"id {identity} twice")
        if identity:
            self.ids.add(identity)
        for name in ("for", "aria-labelledby", "aria-describedby", "list"):
            self.wanted += (values.get(name) or "").split()


def problems_of(text):
    """What is wrong with a page; of a sound one, nothing."""
    checker = _Checker()
    checker.feed(text)
    checker.close()
    checker.problems += [f"<{tag}> is never closed" for tag in checker.open]
    checker.problems += [f"no id {i}" for i in checker.wanted if i not in checker.ids]
    if not text.lstrip().lower().startswith("<!doctype html>"):
        checker.problems.append("no doctype")
    return checker.problems


def numbers_in(text):
    """Every number of a page, a table or a JSON text, whole: 863 is none of 4086.3863.

    A number of a rival is looked for in these, since digits of noise hold any short one by chance.
    With and without commas for thousands, as a row of a CSV may be read both ways.
    """
    written = re.findall(r"(?<![\w.])\d+(?:\.\d+)?", text)
    written += re.findall(r"(?<![\w.,])\d{1,3}(?:,\d{3})+(?:\.\d+)?(?![\d,])", text)
    return {float(number.replace(",", "")) for number in written}
