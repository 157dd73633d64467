"""Who of a sheet's people fit a rule over its traits."""

import numpy as np

from fullhouse.audiences.catalogue import Catalogue
from fullhouse.audiences.rule import And, Everyone, Name, Not, Or, Rule
from fullhouse.core.arrays import Flags
from fullhouse.core.errors import InputError
from fullhouse.discovery.sheet import Sheet


def rule_mask(sheet: Sheet, rule: Rule, catalogue: Catalogue) -> Flags:
    """One flag for each person; saved lists and samples are no traits and are refused."""
    match rule:
        case Everyone():
            return np.ones(len(sheet.persons), dtype=bool)
        case Name(text):
            found = np.zeros(len(sheet.persons), dtype=bool)
            for trait in catalogue.find(text).traits:
                found |= column_mask(sheet, sheet.column(trait.name))
            return found
        case Or(parts):
            some: Flags = np.logical_or.reduce([rule_mask(sheet, p, catalogue) for p in parts])
            return some
        case And(parts):
            every: Flags = np.logical_and.reduce([rule_mask(sheet, p, catalogue) for p in parts])
            return every
        case Not(part):
            return ~rule_mask(sheet, part, catalogue)
        case _:
            raise InputError(f"A rule over traits is needed here, without lists or samples: {rule}")


def column_mask(sheet: Sheet, column: int) -> Flags:
    """Who has one trait."""
    found = np.zeros(len(sheet.persons), dtype=bool)
    found[sheet.by_trait.indices[slice(*sheet.by_trait.indptr[column : column + 2])]] = True
    return found
