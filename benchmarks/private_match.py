"""How fast a private match is: both sides, each step, per second and core.

python -m benchmarks.private_match [--list N] [--house N]

A list of 1 million against a house of 100 thousand contacts is the goal's size, at 6,000 ids per
second and core over all steps of both sides; the default is a tenth of both. The rate counts each
identifier of list and house once, and all seconds of processors that both sides spent.
"""

import argparse
import resource
import time
from collections.abc import Callable
from typing import Any

from benchmarks.measure import machine, table
from fullhouse.cleanroom import private_match

GOAL = 6_000


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--list", type=int, default=100_000)
    parser.add_argument("--house", type=int, default=10_000)
    given = parser.parse_args()
    print(f"Taken on {machine()}.\n")
    rows: list[tuple[str, str, str]] = []
    spent = 0.0

    def step(name: str, many: int, do: Callable[[], Any]) -> Any:
        nonlocal spent
        before, start = _seconds(), time.perf_counter()
        result = do()
        took = _seconds() - before
        spent += took
        elapsed = time.perf_counter() - start
        rows.append((name, f"{many / took:,.0f}", f"{elapsed:.1f} s"))
        return result

    listed = (f"customer{n}@example.com" for n in range(given.list))
    ours = (f"customer{n}@example.com" for n in range(given.list - given.house // 2, 10**9))
    texts = [next(ours) for _ in range(given.house)]
    ids, _ = step(
        "studio: read and hash", given.list,
        lambda: private_match.elements("email", listed, phone_region="US"),
    )  # fmt: skip
    held, _ = private_match.elements("email", texts, phone_region="US")
    request, secret = step(
        "studio: request", given.list, lambda: private_match.make_request("email", ids)
    )
    challenge, kept = step(
        "house: challenge", given.house,
        lambda: private_match.make_challenge(request, held, b"k" * 32),
    )  # fmt: skip
    response = step(
        "studio: respond", given.house, lambda: private_match.respond(challenge, secret)
    )
    size = step(
        "house: compare", given.house,
        lambda: private_match.exact_size(request, response, kept),
    )  # fmt: skip
    assert size == given.house // 2
    rate = (given.list + given.house) / spent
    rows.append((f"all, {given.list:,} against {given.house:,}", f"{rate:,.0f}", ""))
    print(table(("step", "ids per second and core", "elapsed"), rows))
    print(f"\nGoal: {GOAL:,}; {'met' if rate >= GOAL else 'missed'}.")
    files = (request, challenge, response)
    print("Files:", ", ".join(f"{m.form} {len(m.to_bytes()) / 1e6:.1f} MB" for m in files))


def _seconds() -> float:
    """Seconds of processors that this process and those it started have spent."""
    kinds = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    used = [resource.getrusage(kind) for kind in kinds]
    return sum(u.ru_utime + u.ru_stime for u in used)


if __name__ == "__main__":
    main()
