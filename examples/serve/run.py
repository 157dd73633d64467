"""`make serve`, or: python examples/serve/run.py [OUT] [--port N]: the demo's house, served.

Two studios that are rivals work in it, each on a film of its own; a cinema reads the packs that the
house's operator hands it. Their passwords and keys are made anew at each start, so that they can be
shown. It is four weeks before the film opens.
"""

import argparse
import secrets
import sys
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

# Run as a file, Python looks beside it, and not where `examples` stands.
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from examples.demo.job import main as demo
from examples.shell import console, run
from fullhouse import app
from fullhouse.access.passwords import redeem
from fullhouse.cleanroom.policy import HOUSE_FILE
from fullhouse.cli.serve import serve
from fullhouse.core.values import HOUSE

STUDIOS = {"lion": "Lion Pictures", "wolf": "Wolf Studios"}
PARTNERS = {"plaza": "Plaza Cinemas"}
USERS = (
    ("lion", "ann", "owner"), ("lion", "max", "marketer"), ("wolf", "ben", "owner"),
    ("plaza", "pat", "exhibitor"),
    (HOUSE, "olga", "operator"), (HOUSE, "paul", "privacy"), (HOUSE, "aud", "auditor"),
)  # fmt: skip
LABEL = "make serve"


def main(arguments: Sequence[str]) -> int:
    """Make the demo where it is not yet, let two studios into its house, and serve it."""
    parser = argparse.ArgumentParser(prog="examples/serve/run.py", description=__doc__)
    parser.add_argument("out", type=Path, nargs="?", default=Path("demo"))
    parser.add_argument("--port", type=int, default=8080)
    asked = parser.parse_args(list(arguments))
    house = asked.out.absolute() / "house"
    if not (house / "fullhouse.toml").is_file():
        demo([str(asked.out), "--no-serve"])
    with app.open_house(str(house)) as context:
        admit(context)
        console.print("\n[bold]Passwords[/], to sign in on the page as STUDIO, NAME:")
        for tenant, user, role in USERS:
            line = f"  {tenant}, {user} ({role})  {new_password(context, tenant, user)}"
            console.print(line, soft_wrap=True, markup=False)
        console.print("\n[bold]Keys[/], for programs, in the header Authorization: Bearer:")
        for tenant, user, key in new_keys(context):
            console.print(f"  {tenant}/{user}  {key}", soft_wrap=True, markup=False)
        day = morning(context)
    console.print()
    serve(str(house), port=asked.port, as_of=day)
    return 0


def admit(house: app.Context) -> None:
    """Two studios, a film of each, their users and the house's, and a policy."""
    if house.place.read(HOUSE_FILE) is None:
        app.policy_check(house, app.CheckPolicy(write=True))
    known = {tenant.tenant: tenant for tenant in app.tenant_list(house)}
    for tenant, label in (STUDIOS | PARTNERS).items():
        if tenant not in known:
            app.tenant_add(house, app.AddTenant(tenant, label))
    own, theirs = films(house)
    for tenant, film, secret in (("lion", own, False), ("wolf", theirs, True)):
        if film and not (tenant in known and known[tenant].titles):
            app.tenant_title(house, app.AddTitle(tenant, film, secret=secret))
    for tenant, name, role in USERS:
        app.user_add(house, app.AddUser(tenant, name, role))


def films(house: app.Context) -> tuple[str, str]:
    """The film of the house's campaign, and the last other one to open; or no name."""
    campaigns = app.campaign_list(house, app.ListCampaigns())
    listed = app.film_list(house, app.ListFilms()).films
    slugs = [film.film for film in sorted(listed, key=lambda film: str(film.opening or ""))]
    own = campaigns[-1].film if campaigns else (slugs[-1] if slugs else "")
    others = [slug for slug in slugs if slug != own]
    return own, others[-1] if others else ""


def morning(house: app.Context) -> str | None:
    """Four weeks before the film of the house's campaign opens: nothing is decided yet."""
    own, _ = films(house)
    for film in app.film_list(house, app.ListFilms()).films:
        if film.film == own and film.opening:
            return (film.opening - timedelta(weeks=4)).isoformat()
    return None


def new_password(house: app.Context, tenant: str, user: str) -> str:
    """A password of a user in place of that of an earlier start."""
    password = secrets.token_urlsafe(12)
    redeem(house.control, app.password_link(house, app.MakeLink(user, tenant)).text, password)
    return password


def new_keys(house: app.Context) -> list[tuple[str, str, str]]:
    """A key for each user; those of an earlier start end."""
    for tenant in (*STUDIOS, *PARTNERS, HOUSE):
        for key in app.key_list(house, app.ListKeys(tenant)).keys:
            if key.label == LABEL and key.ended_at is None:
                app.key_revoke(house, app.RevokeKey(key.id, tenant))
    rows = []
    for tenant, name, _ in USERS:
        made = app.key_add(house, app.AddKey(name, tenant, label=LABEL, days=7))
        rows.append((tenant, name, made.text))
    return rows


if __name__ == "__main__":
    run(lambda: main(sys.argv[1:]))
