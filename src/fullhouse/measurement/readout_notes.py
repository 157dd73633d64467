"""What a reader of a campaign's figures must know, in sentences."""

from fullhouse.core.errors import CannotTellError
from fullhouse.core.person_sets import size
from fullhouse.measurement import Readout
from fullhouse.measurement.campaign_read import TICKETS, ReadCampaign, silent
from fullhouse.measurement.reached import effect_on_reached, spill_over_bound


def readout_notes(read: ReadCampaign, whole: Readout) -> list[str]:
    """Interim or final, who was reached, what may have spilled over, what has no price."""
    notes = []
    if read.until < read.ends:
        notes.append(
            f"Interim: tickets up to {read.until}, and {read.ends} is the day that was set. Before"
            " it only the interval that holds however often one looks may be acted on."
        )
    if read.units is not None:
        notes.append("Arms are by household, so figures are per household, not per person.")
    notes += _reached(read, whole)
    if read.bought.unpriced:
        notes.append(
            f"{read.bought.unpriced:,} tickets have no price in {read.plan.currency}: they count"
            " as tickets and not in gross."
        )
    return notes


def _reached(read: ReadCampaign, whole: Readout) -> list[str]:
    """Of those in the treated arm, how many were shown anything, and what it did to them."""
    if not any(e.impressions for e in read.exposures):
        return ["No impression came back, so spend is as planned, and who was reached not known."]
    quiet = silent(read.plan, read.exposures)
    reached, held = (size(read.reached_in(a)) for a in ("treated", "held_out"))
    treated, out = (size(read.arms[a]) for a in ("treated", "held_out"))
    notes = [
        f"No impression came back from {', '.join(quiet)}: its spend is as planned, and whom it"
        " reached not known."
    ] * bool(quiet)
    notes += [f"Shown at least once: {reached:,} of {treated:,} treated people."]
    effect = whole.effect("treated", TICKETS).effect
    try:
        on = effect_on_reached(effect, reached / treated, held_out_reached=held / max(1, out))
        notes.append(
            f"On each of these that is {on.value:+.5f} tickets ({on.low:+.5f} to {on.high:+.5f}),"
            " if the advertisement does nothing to people who are not shown it."
        )
    except CannotTellError as problem:
        notes.append(str(problem))
    if held:
        bound = spill_over_bound(effect, held / out).between
        notes.append(
            f"{held:,} of {out:,} held out were shown it all the same ({held / out:.1%}): the"
            f" effect may be up to {bound.high:+.5f} tickets a person."
        )
    return notes
