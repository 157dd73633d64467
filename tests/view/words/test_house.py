"""Every code of a check has its sentence."""

from fullhouse.view.words.house import SENTENCES, health_sentence


def test_free_space_is_in_gigabytes() -> None:
    assert health_sentence("disk_full", {"free_bytes": 512_000_000}).startswith("only 0.5 GB free")


def test_counts_have_thousands_separated() -> None:
    sentence = health_sentence("lake_read", {"tables": 3, "rows": 1234567})
    assert sentence == "3 tables can be read, with 1,234,567 rows"
    facts = (
        "accounts",
        "category",
        "changed",
        "channels",
        "columns",
        "counted",
        "database",
        "engine",
        "erasures",
        "file",
        "free_bytes",
        "house",
        "known",
        "left",
        "level",
        "name",
        "near",
        "purpose",
        "reason",
        "rows",
        "suppressed",
        "tables",
        "time_zone",
    )
    sentences = [health_sentence(code, dict.fromkeys(facts, 1)) for code in SENTENCES]
    assert "{" not in "".join(sentences)
