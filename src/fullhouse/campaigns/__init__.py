"""From a plan to people: arms, deliveries, and the form each channel takes them in."""

from fullhouse.campaigns.arms import Arms, assign
from fullhouse.campaigns.customer_match import PLATFORMS, MatchRows, customer_match
from fullhouse.campaigns.webhook import SentBody, send, sign

__all__ = ["PLATFORMS", "Arms", "MatchRows", "SentBody", "assign", "customer_match", "send", "sign"]
