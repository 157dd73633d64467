"""Constant prices: grosses of different years made comparable.

United States: the consumer price index, all urban consumers, annual average, 1982–84 = 100
(Bureau of Labor Statistics, series CUUR0000SA0). A forecast uses the index of the year before
the film opens, or of the last year that was over when the forecast is made, so that no index is
used before it was published. A territory without an index is left in its own money.
"""

from collections.abc import Mapping

import numpy as np

INDEX: Mapping[str, Mapping[int, float]] = {
    "US": {
        1990: 130.7, 1991: 136.2, 1992: 140.3, 1993: 144.5, 1994: 148.2, 1995: 152.4,
        1996: 156.9, 1997: 160.5, 1998: 163.0, 1999: 166.6, 2000: 172.2, 2001: 177.1,
        2002: 179.9, 2003: 184.0, 2004: 188.9, 2005: 195.3, 2006: 201.6, 2007: 207.342,
        2008: 215.303, 2009: 214.537, 2010: 218.056, 2011: 224.939, 2012: 229.594,
        2013: 232.957, 2014: 236.736, 2015: 237.017, 2016: 240.007, 2017: 245.120,
        2018: 251.107, 2019: 255.657, 2020: 258.811, 2021: 270.970, 2022: 292.655,
        2023: 304.702, 2024: 313.689,
    },
}  # fmt: skip
BASE_YEAR = 2016
"""Its prices are those in which logs of money are taken."""


def log_price(territory: str, year: int) -> float:
    """Log of the price level of the year before `year`, over that of `BASE_YEAR`; 0 if unknown.

    Beyond the table's ends its last year counts: prices are then taken as they were there.
    """
    index = INDEX.get(territory)
    if index is None:
        return 0.0
    known = min(max(year - 1, min(index)), max(index))
    return float(np.log(index[known] / index[BASE_YEAR]))
