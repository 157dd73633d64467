"""What names say: events that are no ordinary openings, distributors' aliases, franchises."""

import re
from functools import cache, lru_cache

from fullhouse.films.importing import key

EVENTS = ("re-release", "anniversary", "concert", "fan event", "foreign language", "none")
"""What a fact `event` may say; without one, `event_of` goes by rule."""
ENGLISH = frozenset({"US", "GB", "CA", "AU", "IE", "NZ"})
"""Where films in other languages are the exception; elsewhere imports open like the rest."""
_RULES = (
    ("anniversary", re.compile(r"\b\d+(st|nd|rd|th) anniversary\b|\banniversary (edition|re-?issue"
                               r"|screening)|周年", re.IGNORECASE)),
    ("re-release", re.compile(r"\bre-?(release|issue)d?\b|\(?\bin (imax )?3-?d\)?$|\b(extended"
                              r"|special) edition\b|director'?s cut\b|\bfinal cut\b|remastered"
                              r"|重映", re.IGNORECASE)),
    ("concert", re.compile(r"\bconcert\b|\blive (at|from|in|on stage)\b|\b(world|eras|reunion)"
                           r" tour\b|: .*\btour\b|\bon stage\b|演唱会|音乐会", re.IGNORECASE)),
    ("fan event", re.compile(r"\bdouble[ -](feature|bill)\b|\bsing-?a-?long\b|\bfan (event"
                             r"|screening)|\bfathom\b|\bmet(ropolitan)? opera\b|\brifftrax\b"
                             r"|\bmovie marathon\b|\bone night only\b|点映场", re.IGNORECASE)),
)  # fmt: skip
_DISTRIBUTORS = {
    "fathom": "fan event", "trafalgar": "fan event", "ncm fathom": "fan event",
    "iconic": "fan event",
    "amc theatres": "concert",
    "eros": "foreign language", "eros international": "foreign language",
    "yash raj": "foreign language", "utv communications": "foreign language",
    "china lion": "foreign language",
    "fip": "foreign language",
}  # fmt: skip


def event_of(
    title: str, distributor: str | None, language: str | None, territory: str, *, again: bool
) -> str | None:
    """What kind of event a release is by rule; None for an ordinary opening.

    >>> event_of("The Larch Band: World Tour", None, None, "US", again=False)
    'concert'
    """
    if again:
        return "re-release"
    for name, rule in _RULES:
        if rule.search(title):
            return name
    by_distributor = _DISTRIBUTORS.get(distributor_key(distributor)) if distributor else None
    if by_distributor and (by_distributor != "foreign language" or territory in ENGLISH):
        return by_distributor
    foreign = territory in ENGLISH and language and language[:2].lower() != "en"
    return "foreign language" if foreign else None


_SUFFIX = re.compile(
    r"\b(pictures|picture|motion|films|film|entertainment|releasing|releases|distribution|studios"
    r"|studio|media|events|inc|llc|ltd|company|co|corp|corporation|group|domestic|us|usa|the)\b"
)
_ALIASES = {
    "spe": "sony", "columbia": "sony", "columbia tristar": "sony", "sony columbia": "sony",
    "tristar": "sony", "sony spe": "sony",
    "20th century fox": "fox", "twentieth century fox": "fox", "20th century": "fox",
    "twentieth century": "fox",
    "walt disney": "disney", "buena vista": "disney", "buena vista international": "disney",
    "bv": "disney", "wdsmp": "disney",
    "warner bros": "warner", "warner brothers": "warner", "wb": "warner",
    "lions gate": "lionsgate", "summit lionsgate": "lionsgate",
    "metro goldwyn mayer": "mgm", "mgm ua": "mgm", "mgmua": "mgm",
    "universal international": "universal", "uni": "universal",
    "paramount international": "paramount", "par": "paramount",
    "stxfilms": "stx", "relativity": "relativity", "weinstein": "weinstein", "twc": "weinstein",
}  # fmt: skip


@lru_cache(maxsize=4096)
def distributor_key(name: str) -> str:
    """A distributor by which its names are compared.

    >>> {distributor_key(n) for n in ("Sony Pictures Entertainment (SPE)", "Sony", "Columbia")}
    {'sony'}
    """
    plain = re.sub(r"\(.*?\)", " ", name.casefold())
    plain = re.sub(r"[^\w\s]+", " ", plain.replace("'", "").replace(".", ""))
    short = " ".join(_SUFFIX.sub(" ", plain).split()) or " ".join(plain.split())
    return _ALIASES.get(short, short)


FRANCHISES: dict[str, tuple[str, ...]] = {
    "James Bond": ("Die Another Day", "Casino Royale", "Quantum of Solace", "Skyfall", "Spectre",
                   "No Time to Die", "The World Is Not Enough", "Tomorrow Never Dies"),
    "Fast and Furious": ("The Fast and the Furious", "2 Fast 2 Furious", "Fast & Furious",
                         "The Fast and the Furious: Tokyo Drift", "Fast Five", "Furious 6",
                         "Fast & Furious 6", "Furious 7", "The Fate of the Furious", "F9",
                         "F9: The Fast Saga", "Fast X",
                         "Fast & Furious Presents: Hobbs & Shaw"),
    "Batman": ("Batman Begins", "The Dark Knight", "The Dark Knight Rises", "The Batman"),
    "X-Men": ("X-Men", "X2", "X2: X-Men United", "X-Men: The Last Stand",
              "X-Men Origins: Wolverine", "X-Men: First Class", "The Wolverine",
              "X-Men: Days of Future Past", "X-Men: Apocalypse", "Logan", "Dark Phoenix"),
    "Deadpool": ("Deadpool", "Deadpool 2", "Once Upon a Deadpool", "Deadpool & Wolverine"),
    "Jurassic Park": ("Jurassic Park", "The Lost World: Jurassic Park", "Jurassic Park III",
                      "Jurassic World", "Jurassic World: Fallen Kingdom",
                      "Jurassic World Dominion", "Jurassic World: Dominion"),
    "Rocky": ("Rocky Balboa", "Creed", "Creed II", "Creed III"),
    "Alien": ("Alien Resurrection", "Prometheus", "Alien: Covenant", "Alien: Romulus"),
    "Middle-earth": ("The Lord of the Rings: The Fellowship of the Ring",
                     "The Lord of the Rings: The Two Towers",
                     "The Lord of the Rings: The Return of the King",
                     "The Hobbit: An Unexpected Journey", "The Hobbit: The Desolation of Smaug",
                     "The Hobbit: The Battle of the Five Armies"),
    "Wizarding World": ("Harry Potter and the Deathly Hallows: Part 2",
                        "Fantastic Beasts and Where to Find Them",
                        "Fantastic Beasts: The Crimes of Grindelwald",
                        "Fantastic Beasts: The Secrets of Dumbledore"),
    "Superman and the Justice League": (
        "Man of Steel", "Batman v Superman: Dawn of Justice", "Wonder Woman", "Justice League",
        "Wonder Woman 1984"),
    "The Conjuring": ("The Conjuring", "Annabelle", "The Conjuring 2", "Annabelle: Creation",
                      "The Nun", "Annabelle Comes Home", "The Nun II",
                      "The Conjuring: The Devil Made Me Do It"),
    "Despicable Me": ("Despicable Me", "Despicable Me 2", "Minions", "Despicable Me 3",
                      "Minions: The Rise of Gru", "Despicable Me 4"),
    "Shrek": ("Shrek", "Shrek 2", "Shrek the Third", "Shrek Forever After", "Puss in Boots",
              "Puss in Boots: The Last Wish"),
    "Finding Nemo": ("Finding Nemo", "Finding Dory"),
    "Monsters, Inc.": ("Monsters, Inc.", "Monsters University"),
    "Riddick": ("Pitch Black", "The Chronicles of Riddick", "Riddick"),
    "Bourne": ("The Bourne Identity", "The Bourne Supremacy", "The Bourne Ultimatum",
               "The Bourne Legacy", "Jason Bourne"),
    "Meet the Parents": ("Meet the Parents", "Meet the Fockers", "Little Fockers"),
    "Robert Langdon": ("The Da Vinci Code", "Angels & Demons", "Inferno"),
    "Avengers": ("The Avengers", "Marvel's The Avengers", "Avengers: Age of Ultron",
                 "Avengers: Infinity War", "Avengers: Endgame"),
    "Captain America": ("Captain America: The First Avenger",
                        "Captain America: The Winter Soldier", "Captain America: Civil War",
                        "Captain America: Brave New World"),
    "Knives Out": ("Knives Out", "Glass Onion", "Glass Onion: A Knives Out Mystery"),
    "Unbreakable": ("Unbreakable", "Split", "Glass"),
    "Fifty Shades": ("Fifty Shades of Grey", "Fifty Shades Darker", "Fifty Shades Freed"),
    "Divergent": ("Divergent", "The Divergent Series: Insurgent", "Insurgent",
                  "The Divergent Series: Allegiant"),
    "Maze Runner": ("The Maze Runner", "Maze Runner: The Scorch Trials",
                    "Maze Runner: The Death Cure"),
    "Twilight": ("Twilight", "The Twilight Saga: New Moon", "The Twilight Saga: Eclipse",
                 "The Twilight Saga: Breaking Dawn Part 1",
                 "The Twilight Saga: Breaking Dawn Part 2"),
    "长津湖": ("长津湖", "长津湖之水门桥"),
}  # fmt: skip
"""Series whose parts do not show it by their titles; `film set FILM series=NAME` adds to them."""


@cache
def _by_title() -> dict[str, str]:
    return {key(title): name for name, titles in FRANCHISES.items() for title in titles}


def franchise_of(title: str) -> str | None:
    """The series that a title is known to belong to.

    >>> franchise_of("The Fate of the Furious")
    'Fast and Furious'
    """
    return _by_title().get(key(title))
