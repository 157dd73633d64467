"""Every sentence of the pages, as it stands in templates and code: what translations must hold."""

from pathlib import Path

from babel.messages.extract import extract_from_dir

import fullhouse.web
from fullhouse.core.errors import FullhouseError
from fullhouse.view.words import forecast, release

FOLDER = Path(fullhouse.web.__file__).parent
SOURCES = [("**.py", "python"), ("**/templates/**.html", "jinja2.ext:babel_extract")]
CALLS = {"say": None, "_": None, "gettext": None, "ngettext": (1, 2)}


def sentences():
    """Each sentence with where it stands."""
    assert FullhouseError.words is not None
    options = {"**/templates/**.html": {"trimmed": "true", "newstyle_gettext": "true"}}
    result = {}
    for file, line, message, _, _ in extract_from_dir(
        str(FOLDER), method_map=SOURCES, options_map=options, keywords=CALLS
    ):
        one = message if isinstance(message, str) else message[0]
        result.setdefault(one, f"{file}:{line}")
    for words in (release.KIND_WORDS, forecast.DRIVERS):
        result |= dict.fromkeys(words.values(), "view/words")
    return result


if __name__ == "__main__":
    from fullhouse.web.language import language

    known = language("zh").sentences
    for sentence, where in sentences().items():
        if sentence not in known:
            print(where, "|", sentence.replace("\n", "\\n"))
