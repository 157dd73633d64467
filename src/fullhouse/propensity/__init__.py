"""How likely each person is to see a film, and who is like a given list of people."""

from fullhouse.propensity.propensity import CalibrationBin, Fairness, ModelCard, Reason

__all__ = ["CalibrationBin", "Fairness", "ModelCard", "Reason"]
