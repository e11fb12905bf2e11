"""A real browser without a window, and a host for it that serves a folder and keeps no secrets."""

import contextlib
import functools
import http.server
import shutil
import threading
import time
from pathlib import Path

import numpy as np
import pytest
from conftest import PATIENCE

from locogan_keras.exporting.web.runtime import ARCHIVE

CHROMIUM, DRIVER = shutil.which("chromium"), shutil.which("chromedriver")
# Where `.ci/run` leaves the runtime.
RUNTIME = Path(__file__).parents[2] / ".cache" / ARCHIVE
needs_runtime = pytest.mark.skipif(
    not RUNTIME.exists(), reason=f"{ARCHIVE} is not in .cache: see .ci/run"
)
needs_browser = pytest.mark.skipif(
    not (CHROMIUM and DRIVER), reason="chromium or chromedriver is not installed"
)
_FLAGS = (
    *("--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--hide-scrollbars"),
    # Names are not looked up: what asks for another host gets nothing.
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
    "--enable-precise-memory-info",
)
# WebGPU by the browser's own software.
SOFTWARE_WEBGPU = (
    *("--enable-unsafe-webgpu", "--use-webgpu-adapter=swiftshader"),
    "--enable-features=Vulkan",
)
_COMPLETE = """
const { dataset } = document.getElementById("canvas");
return dataset.complete === "true" && Boolean(dataset.engine);
"""
_PIXELS = """
const canvas = document.getElementById("canvas");
const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
let text = "";
for (let index = 0; index < data.length; index += 32768) {
  text += String.fromCharCode(...data.subarray(index, index + 32768));
}
return [canvas.height, canvas.width, btoa(text)];
"""


class _Handler(http.server.SimpleHTTPRequestHandler):
    def __init__(self, *arguments, asked, **options):
        self.asked = asked
        super().__init__(*arguments, **options)

    def do_GET(self):
        self.asked.append(self.path)
        super().do_GET()

    def log_message(self, *arguments):
        pass


@contextlib.contextmanager
def hosted(folder):
    """A folder on a host: its address, and the list of the paths that it is asked for."""
    asked = []
    handler = functools.partial(_Handler, asked=asked, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}", asked
        finally:
            server.shutdown()
            thread.join()


class Browser:
    """A browser and the page in it.

    Args:
        driver: Selenium's.
    """

    def __init__(self, driver):
        self.driver = driver
        self.run = driver.execute_script

    def open(self, address, height=500, width=600):
        """The page at an address, in a window of some pixels; the one before it is left."""
        size = {"height": height, "width": width, "deviceScaleFactor": 1, "mobile": False}
        self.driver.get("about:blank")
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
        self.driver.get(address)

    def wait(self, condition=_COMPLETE, *arguments):
        """A wait for a script's answer to be true; for the whole picture unless given."""
        start = time.monotonic()
        while not (answer := self.run(condition, *arguments)):
            if failure := self.text("failure"):
                raise AssertionError(failure)
            if time.monotonic() > start + PATIENCE:
                raise AssertionError(f"waited in vain: {self.driver.get_log('browser')}")
            time.sleep(0.05)
        return answer

    def go(self, place):
        """Another place, such as `top=3&left=5`, and its whole picture."""
        self.run("document.getElementById('canvas').dataset.complete = false")
        self.run("location.hash = arguments[0]", place)
        self.wait()

    def set(self, element, value):
        """A control's value, set as by hand."""
        self.run(
            """
            const element = document.getElementById(arguments[0]);
            if (element.type === "checkbox") element.checked = arguments[1];
            else element.value = arguments[1];
            for (const name of ["input", "change"]) element.dispatchEvent(new Event(name));
            """,
            element,
            value,
        )

    def text(self, element):
        return self.run("return document.getElementById(arguments[0]).textContent", element)

    def pixels(self):
        """What the canvas shows: `(height, width, 3)` uint8."""
        import base64

        height, width, text = self.run(_PIXELS)
        levels = np.frombuffer(base64.b64decode(text), np.uint8)
        return levels.reshape(height, width, 4)[..., :3]


@contextlib.contextmanager
def browsing(folder, flags=()):
    """A `Browser` whose downloads go to a folder."""
    from selenium import webdriver

    options = webdriver.ChromeOptions()
    options.binary_location = CHROMIUM
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    options.add_experimental_option(
        "prefs",
        {
            "download.default_directory": str(folder),
            # A script's clicks are no hand's: one download is all that they would get.
            "profile.default_content_setting_values.automatic_downloads": 1,
        },
    )
    for flag in (*_FLAGS, *flags):
        options.add_argument(flag)
    driver = webdriver.Chrome(options=options, service=webdriver.ChromeService(DRIVER))
    try:
        driver.set_script_timeout(PATIENCE)
        driver.command_executor.client_config.timeout = PATIENCE
        yield Browser(driver)
    finally:
        driver.quit()
