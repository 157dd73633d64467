"""What a chart draws: its data, by the layer."""

from itertools import chain


def rows_of(chart):
    """Every row of every layer, once a data set."""
    return list(chain.from_iterable(chart.to_dict()["datasets"].values()))


def heading_of(chart):
    """Title and the lines under it, as one text."""
    title = chart.to_dict()["title"]
    return " ".join([*title["text"], *title["subtitle"]])
