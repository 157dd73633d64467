"""From a plan to people: arms, deliveries, and the form each channel takes them in."""

from fullhouse.campaigns.arms import Arms, assign
from fullhouse.campaigns.customer_match import PLATFORMS, Matched, customer_match
from fullhouse.campaigns.webhook import Sent, send, sign

__all__ = ["PLATFORMS", "Arms", "Matched", "Sent", "assign", "customer_match", "send", "sign"]
