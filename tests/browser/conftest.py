"""A headless Chromium without a network; what it lacks to start skips the tests, in one line."""

import os
import shutil
from pathlib import Path

import pytest

BROWSER = shutil.which("chromium") or shutil.which("google-chrome")
DRIVER = shutil.which("chromedriver")


@pytest.fixture(scope="session")
def browser():
    selenium = pytest.importorskip(
        "selenium.webdriver", reason="make test-browser sets up Selenium"
    )
    if not (BROWSER and DRIVER):
        pytest.skip("chromium and chromium-driver are not installed (apt-get install)")
    options = selenium.ChromeOptions()
    options.binary_location = BROWSER
    for argument in ("--headless=new", "--no-sandbox", "--disable-gpu", "--window-size=1280,900"):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    service = selenium.ChromeService(DRIVER)
    own = selenium.Chrome(options=options, service=service)
    # On a busy machine axe-core takes long.
    own.set_script_timeout(300)
    yield own
    own.quit()


@pytest.fixture(scope="session")
def axe():
    """The text of axe-core, whose place AXE says (node_modules/axe-core/axe.min.js)."""
    path = os.environ.get("AXE", "")
    if not Path(path).is_file():
        pytest.skip("AXE names no axe.min.js")
    return Path(path).read_text(encoding="utf-8")
