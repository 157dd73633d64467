"""How likely each person is to see a film, and who is like a given list of people."""

from fullhouse.propensity.evaluate import model_card
from fullhouse.propensity.features import reasons
from fullhouse.propensity.learn import PreferenceModel, learn
from fullhouse.propensity.look_alike import listed_people, look_alike
from fullhouse.propensity.prediction import predict, predict_all, with_interest
from fullhouse.propensity.propensity import (
    CalibrationBin,
    GroupFairness,
    Leak,
    LookAlike,
    ModelCard,
    PropensityModel,
    PropensityReason,
    ScoredAudience,
)
from fullhouse.propensity.score import at_least, score_all, score_block, top, with_level

__all__ = [
    "CalibrationBin",
    "GroupFairness",
    "Leak",
    "LookAlike",
    "ModelCard",
    "PreferenceModel",
    "PropensityModel",
    "PropensityReason",
    "ScoredAudience",
    "at_least",
    "learn",
    "listed_people",
    "look_alike",
    "model_card",
    "predict",
    "predict_all",
    "reasons",
    "score_all",
    "score_block",
    "top",
    "with_interest",
    "with_level",
]
