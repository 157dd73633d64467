"""What a process holds in memory stays within its bound and is made once."""

import time
from threading import Barrier, Thread

from fullhouse.core.cache import Cache


def together(work) -> None:
    start = Barrier(8)

    def run() -> None:
        start.wait()
        work()

    threads = [Thread(target=run) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def test_the_value_used_longest_ago_goes_first() -> None:
    cache: Cache[str] = Cache(most_bytes=10)
    cache.put("a", "first", 5)
    cache.put("b", "second", 5)
    assert cache.get("a") == "first"
    cache.put("c", "third", 5)
    assert [cache.get(k) for k in "abc"] == ["first", None, "third"]
    assert cache.bytes_held == 10


def test_what_is_larger_than_the_cache_is_not_held() -> None:
    cache: Cache[str] = Cache(most_bytes=10)
    cache.put("a", "small", 5)
    cache.put("b", "large", 11)
    assert (cache.get("a"), cache.get("b")) == ("small", None)


def test_a_value_that_many_threads_want_is_made_by_one() -> None:
    cache: Cache[str] = Cache()
    made: list[str] = []
    values: list[str] = []

    def make() -> str:
        time.sleep(0.02)
        made.append("model")
        return made[-1]

    together(lambda: values.append(cache.compute("key", make, len)))
    assert (made, values) == (["model"], ["model"] * 8)


def test_many_threads_never_pass_the_bound() -> None:
    cache: Cache[int] = Cache(most_bytes=50)
    sizes: list[int] = []

    def fill() -> None:
        for key in range(200):
            cache.put(key, key, 7)
            cache.requested([key])
            assert cache.get(key) in (key, None)
            sizes.append(cache.bytes_held)

    together(fill)
    assert cache.bytes_held == 49
    # One put at a time may stand above the bound while it makes room.
    assert max(sizes) <= 56
