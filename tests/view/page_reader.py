"""A page of HTML as a test reads it: its words, its elements, the files that it holds."""

import base64
import csv
import io
from html.parser import HTMLParser

VOID = {"meta", "br", "hr", "img", "link", "input"}
RUDE = "<script>alert('x')</script></style>\"&"
"""A name that would break a page which does not escape it."""


class Reader(HTMLParser):
    """What a page holds, and whether every element that opens also closes."""

    def __init__(self, text):
        super().__init__()
        self.open, self.words, self.links, self.tags = [], [], {}, []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)
        if "download" in dict(attrs):
            self.links[dict(attrs)["download"]] = dict(attrs)["href"]

    def handle_startendtag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if "style" not in self.open:
            self.words.append(data)

    @property
    def text(self):
        return " ".join(" ".join(self.words).split())

    def file(self, name):
        return base64.b64decode(self.links[name].split("base64,")[1]).decode("utf-8")

    def rows(self, name):
        return list(csv.DictReader(io.StringIO(self.file(name))))
