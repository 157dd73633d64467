"""What films are called and about, and who made them. No title or name is that of a real one."""

from dataclasses import dataclass

import numpy as np

_ADJECTIVES = (
    "Amber", "Borrowed", "Brass", "Cobalt", "Crooked", "Drowned", "Eleventh", "Feathered",
    "Flickering", "Glass", "Gilded", "Half-Lit", "Hollow", "Idle", "Ivory", "Lopsided", "Marbled",
    "Midwinter", "Mossy", "Oaken", "Paper", "Patient", "Quiet", "Rusted", "Salted", "Sleepless",
    "Tangled", "Tin", "Unsent", "Velvet", "Wandering", "Windward",
)  # fmt: skip
_NOUNS = (
    "Almanac", "Anchor", "Archive", "Balcony", "Barometer", "Bell", "Caravan", "Chandlery",
    "Clockmaker", "Compass", "Cellist", "Ferry", "Foundry", "Garden", "Glasshouse", "Harvest",
    "Inheritance", "Kestrel", "Lantern", "Ledger", "Lighthouse", "Locksmith", "Map", "Menagerie",
    "Observatory", "Orchard", "Passenger", "Pendulum", "Promise", "Quarry", "Recipe", "Regatta",
    "Signal", "Staircase", "Telegraph", "Tide", "Toll", "Tunnel", "Understudy", "Weathervane",
)  # fmt: skip
_PLACES = (
    "Aldermoor", "Brackwater", "Carrow Point", "Dunvarra", "Eskhollow", "Farrowgate", "Grelling",
    "Hathersea", "Iskander Hill", "Jarrowfen", "Kestermoor", "Lindwick", "Morrigall", "Nethershaw",
    "Ollerby", "Pellworth", "Quillhaven", "Ravenscar Bay", "Saltmarket", "Tarn Ivery", "Ulverdale",
    "Verrastead", "Wexmere", "Yarrowby",
)  # fmt: skip
_GIVEN = (
    "Adela", "Bastian", "Corin", "Dagny", "Elspet", "Florian", "Greta", "Hollis", "Ines", "Joss",
    "Katrin", "Leander", "Mirela", "Nico", "Ottilie", "Piers", "Quentin", "Rosalba", "Signe",
    "Tobias", "Una", "Viggo", "Wilma", "Yara",
)  # fmt: skip
_FAMILY = (
    "Amberley", "Brandvold", "Castellane", "Drummock", "Eversleigh", "Falkenrath", "Garrowby",
    "Hollinbeck", "Ingersund", "Jessamine", "Kirkholt", "Lorimund", "Merrivane", "Northolm",
    "Oakenshade", "Pemberlyn", "Quarrington", "Rosendahl", "Silverlund", "Thornquist", "Underhay",
    "Vantongeren", "Wetherall", "Yardleigh",
)  # fmt: skip
_PATTERNS = (
    "The {adjective} {noun} of {place}", "{given}'s {noun}", "{given} and the {adjective} {noun}",
    "The {noun} at {place}", "{place}, {adjective}", "A {noun} for {given}",
)  # fmt: skip
DISTRIBUTORS = ("Northlight", "Calder & Vane", "Meridian Arc", "Twelve Mile", "Oriel", "Pinegate")

_HEROES = ("A night-shift nurse", "A retired engineer", "An elder sister", "A young teacher",
           "A runaway heir", "The last mechanic of a dying port", "A widowed baker",
           "A disgraced officer", "A shy apprentice", "A ferryman's daughter")  # fmt: skip
_SETS_OUT = ("must cross the country", "inherits a house nobody wants", "is hunted for a mistake",
             "takes a job under a false name", "wakes with no memory of the year",
             "agrees to one last task", "finds a door that should not be there",
             "falls out with the whole town", "wins a prize that was meant for another",
             "hears a voice on an old recording")  # fmt: skip
_STAKES = {
    "action": "and has one night to stop a war between two clans",
    "comedy": "and every lie told on the way has to be told twice",
    "drama": "and must decide what is owed to those left behind",
    "romance": "and meets the one person who was never to be met again",
    "family": "with the children of the whole street close behind",
    "animation": "in a world where lanterns talk and shadows trade places",
    "science fiction": "as the colony's second sun begins to fail",
    "fantasy": "while an old oath wakes the kingdom under the lake",
    "horror": "and whatever followed is now inside the house",
    "thriller": "knowing that one of the six passengers is lying",
    "history": "in the last summer before the empire falls",
    "arthouse": "and for one long winter says almost nothing",
}
_KEYWORDS = {
    "action": ("chase", "rescue", "revenge", "heist"),
    "comedy": ("mix-up", "wedding", "small town", "rivals"),
    "drama": ("family secret", "loss", "homecoming", "courage"),
    "romance": ("first love", "second chance", "letters", "summer"),
    "family": ("friendship", "school", "adventure", "siblings"),
    "animation": ("talking objects", "quest", "music", "friendship"),
    "science fiction": ("space", "colony", "machine", "time"),
    "fantasy": ("magic", "kingdom", "oath", "quest"),
    "horror": ("haunting", "curse", "isolation", "cellar"),
    "thriller": ("conspiracy", "murder", "train", "identity"),
    "history": ("empire", "war", "court", "exile"),
    "arthouse": ("memory", "silence", "winter", "portrait"),
}


@dataclass(frozen=True)
class Story:
    """What a film says of itself."""

    title: str
    synopsis: str
    keywords: tuple[str, ...]


def story(g: np.random.Generator, genres: tuple[str, ...], taken: set[str]) -> Story:
    """A title that is not taken, with a sentence on what the film is about; the title is taken."""
    title = _title(g)
    while title in taken:
        title = _title(g)
    taken.add(title)
    sentence = f"{_one(g, _HEROES)} {_one(g, _SETS_OUT)}, {_STAKES[genres[0]]}."
    known = sorted({word for genre in genres for word in _KEYWORDS[genre]})
    picked = g.choice(len(known), 4, replace=False)
    return Story(title, sentence, tuple(known[i] for i in sorted(picked.tolist())))


def sequel(of: str, part: int) -> str:
    """What a later part of a franchise is called."""
    return f"{of}: Part {part}"


def name(g: np.random.Generator) -> str:
    """A name of somebody who makes films."""
    return f"{_one(g, _GIVEN)} {_one(g, _FAMILY)}"


def _title(g: np.random.Generator) -> str:
    words = {"adjective": _ADJECTIVES, "noun": _NOUNS, "place": _PLACES, "given": _GIVEN}
    return _one(g, _PATTERNS).format(**{k: _one(g, v) for k, v in words.items()})


def _one(g: np.random.Generator, words: tuple[str, ...]) -> str:
    return words[int(g.integers(len(words)))]
