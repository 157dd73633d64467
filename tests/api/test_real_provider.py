"""Sign-in with a real OpenID provider in a real browser: npm's oidc-provider, and Chromium."""

import os
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Mount, Route

from fullhouse import app
from fullhouse.access.sessions import COOKIE, Sessions
from fullhouse.api.signin import sign_in_app
from fullhouse.workspace.context import Context
from tests.access.conftest import clock, house, quick_hashes
from tests.api.test_signin import settled
from tests.npm import install

__all__ = ["clock", "house", "quick_hashes"]

CHROMIUM = "/usr/bin/chromium"


@pytest.fixture(scope="module")
def modules(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which the provider's package is installed."""
    if not Path(CHROMIUM).exists():
        pytest.skip("Chromium is not installed")
    folder = tmp_path_factory.mktemp("provider")
    install(folder, "oidc-provider@9.13")
    shutil.copy(Path(__file__).with_name("provider.mjs"), folder)
    return folder


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


@pytest.fixture
def site(house: Context, modules: Path) -> Iterator[tuple[str, Context]]:
    """The house's server, and beside it the provider's."""
    own, other = free_port(), free_port()
    address = f"http://localhost:{own}"
    command = ["node", "provider.mjs", str(other), f"{address}/sign-in/oidc/callback"]
    with subprocess.Popen(
        command, cwd=modules, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
        env={**os.environ, "NODE_ENV": "test"},
    ) as provider:  # fmt: skip
        server = None
        try:
            assert provider.stdout is not None
            assert any("ready" in line for line in provider.stdout)
            settled(house, f"http://localhost:{other}")
            inside = Route("/", lambda _: PlainTextResponse("inside"))
            mounted = Mount("/sign-in", sign_in_app(house, Sessions(house), secure=False))
            application = Starlette(routes=[mounted, inside])
            server = uvicorn.Server(
                uvicorn.Config(application, host="127.0.0.1", port=own, log_level="error")
            )
            thread = threading.Thread(target=server.run, daemon=True)
            thread.start()
            deadline = time.monotonic() + 20
            while not server.started and time.monotonic() < deadline:
                time.sleep(0.05)
            yield address, house
        finally:
            if server is not None:
                server.should_exit = True
                thread.join(10)
            provider.kill()


@pytest.mark.slow
def test_a_person_comes_in_by_a_real_provider_in_chromium(site: tuple[str, Context]) -> None:
    sync_api = pytest.importorskip("playwright.sync_api")
    address, house = site
    app.user_email(house, app.SetEmail("ann", "ann@lion.test", "lion"))
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        try:
            for person, enters in (("eve", False), ("ann", True)):
                context = browser.new_context()
                page = context.new_page()
                page.goto(f"{address}/sign-in/oidc")
                page.fill("input[name=login]", person)
                page.fill("input[name=password]", "any will do there")
                page.click("button[type=submit]")
                page.click("button[type=submit]")  # consent
                page.wait_for_url(f"{address}/**")
                cookies = {c["name"]: c for c in context.cookies(address)}
                assert (COOKIE in cookies) == enters
                assert ("inside" in page.content()) == enters
                if enters:
                    assert cookies[COOKIE]["httpOnly"]
                    assert cookies[COOKIE]["sameSite"] == "Lax"
                    principal = Sessions(house).principal(cookies[COOKIE]["value"])
                    assert principal is not None
                    assert (principal.tenant, principal.user) == ("lion", "ann")
                context.close()
        finally:
            browser.close()
