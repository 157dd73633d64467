"""How likely each person is to see a film, and who is like a given list of people."""

from fullhouse.propensity.foretell import foretell, foretell_all
from fullhouse.propensity.interest import with_interest
from fullhouse.propensity.judge import model_card
from fullhouse.propensity.learn import Taste, learn
from fullhouse.propensity.look_alike import Leak, LookAlike, look_alike
from fullhouse.propensity.propensity import (
    CalibrationBin,
    Fairness,
    ModelCard,
    PropensityModel,
    Reason,
)
from fullhouse.propensity.reasons import reasons
from fullhouse.propensity.score import at_least, levelled, score_all, score_block, top

__all__ = [
    "CalibrationBin",
    "Fairness",
    "Leak",
    "LookAlike",
    "ModelCard",
    "PropensityModel",
    "Reason",
    "Taste",
    "at_least",
    "foretell",
    "foretell_all",
    "learn",
    "levelled",
    "look_alike",
    "model_card",
    "reasons",
    "score_all",
    "score_block",
    "top",
    "with_interest",
]
