"""Programs of npm for tests: their own, unmodified packages."""

import shutil
import subprocess
from pathlib import Path

import pytest

UNREACHABLE = ("ECONNREFUSED", "ECONNRESET", "ENOTFOUND", "EAI_AGAIN", "ETIMEDOUT", "ENETUNREACH")
"""Codes by which npm says that its registry is not there; all else is a fault of the packages."""


def install(folder: Path, *packages: str) -> None:
    """Install packages in a folder; skips where there is no npm, or no way to its registry."""
    npm = shutil.which("npm")
    if npm is None or shutil.which("node") is None:
        pytest.skip("node and npm are not installed")
    command = [npm, "install", "--no-audit", "--no-fund", "--loglevel=error", "--fetch-retries=1",
               "--prefix", str(folder), *packages]  # fmt: skip
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    except subprocess.TimeoutExpired:
        pytest.skip("npm's registry does not answer")
    if any(code in done.stderr for code in UNREACHABLE):
        pytest.skip(f"npm's registry cannot be reached: {done.stderr.splitlines()[0]}")
    assert done.returncode == 0, done.stderr
