"""Which kinds of event a trait is counted from."""

from fullhouse.traits.trait import KINDS, Trait


def kinds_of(trait: Trait) -> tuple[str, ...]:
    """The kinds of event that a trait counts; none for a fact."""
    return tuple(trait.definition.get("kinds", [trait.basis])) if trait.basis in KINDS else ()
