"""The server's page in a real browser: it shows what `locogan render` makes, wherever one goes."""

import numpy as np
import pytest
from selenium.webdriver import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from support.browser import browsing, needs_browser
from support.tile_server import serving
from support.tiled import mean_levels, small_engine

from locogan_keras.canvas.views import FARTHEST, make_view
from locogan_keras.rendering.render import render

pytestmark = [pytest.mark.slow, needs_browser]
COMPLETE = "return document.getElementById('canvas').dataset.complete === 'true'"
HEIGHT, WIDTH = 300, 400


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    """A browser with the page, and its `address`. Its queue holds one tile of level 2."""
    folder = tmp_path_factory.mktemp("downloads")
    with serving("--queue", "16") as served, browsing(folder) as browser:
        browser.address = f"http://127.0.0.1:{served.port}/"
        yield browser


def opened(page, place):
    page.open(f"{page.address}#{place}", HEIGHT, WIDTH)
    page.wait(COMPLETE)


def window(top, left, seed=0, height=HEIGHT, width=WIDTH):
    engine = small_engine()
    place = {"top": top, "left": left, "height": height, "width": width}
    return render(engine, make_view(engine.description, seed=seed, periodic="none", **place))


@pytest.mark.parametrize(
    ("seed", "top", "left"),
    [(0, 0, 0), (7, -301, -2049), (4294967295, 2**34 + 5, -(2**35) + 2**21)],
)
def test_a_place_is_what_is_rendered_there(page, seed, top, left):
    opened(page, f"seed={seed}&top={top}&left={left}")
    np.testing.assert_array_equal(page.pixels(), window(top, left, seed))
    assert page.run("return location.hash") == f"#seed={seed}&top={top}&left={left}"
    assert not page.driver.get_log("browser")


@pytest.mark.parametrize("z", [1, 2])
def test_farther_out_it_shows_means_though_the_server_is_busy(page, z):
    zoom = 2**z
    opened(page, f"seed=3&top={-64 * zoom}&left={-200 * zoom}&zoom=1/{zoom}")
    whole = window(-64 * zoom, -200 * zoom, 3, HEIGHT * zoom, WIDTH * zoom)
    np.testing.assert_array_equal(page.pixels(), mean_levels(whole)[z])


def test_hands_and_keys_move_it(page):
    opened(page, "seed=0&top=0&left=0")
    canvas = page.driver.find_element(By.ID, "canvas")
    ActionChains(page.driver).drag_and_drop_by_offset(canvas, 90, -70).perform()
    page.wait(COMPLETE)
    # Firefox and Safari refuse addresses that change many times a second.
    page.wait("return location.hash === '#seed=0&top=70&left=-90'")
    np.testing.assert_array_equal(page.pixels(), window(70, -90))
    canvas.send_keys(Keys.ARROW_DOWN, Keys.ARROW_LEFT)
    page.wait("return location.hash === '#seed=0&top=134&left=-154'")
    canvas.send_keys("-")
    # The middle stays where it is.
    middle = [134 + HEIGHT // 2 - HEIGHT, -154 + WIDTH // 2 - WIDTH]
    page.wait(f"return location.hash === '#seed=0&top={middle[0]}&left={middle[1]}&zoom=1/2'")
    page.set("seed", "5")
    canvas.send_keys("+", Keys.HOME)
    page.wait("return location.hash === '#seed=5&top=0&left=0'")
    page.wait(COMPLETE)
    np.testing.assert_array_equal(page.pixels(), window(0, 0, 5))


def test_a_long_drag_writes_one_address(page):
    """Firefox and Safari refuse more than some a second, with an exception."""
    opened(page, "seed=0&top=0&left=0")
    page.run(
        "window.noted = 0; const write = history.replaceState.bind(history);"
        "history.replaceState = (...all) => { window.noted++; write(...all); };"
        "for (let left = 1; left <= 300; left++) go(0, left);"
    )
    page.wait("return location.hash === '#seed=0&top=0&left=300'")
    assert page.run("return window.noted") == 1


def test_it_ends_where_tiles_do(page):
    opened(page, f"seed=0&top=0&left={FARTHEST}")
    page.wait(f"return !location.hash.endsWith('left={FARTHEST}')")
    left = int(page.run("return location.hash").split("left=")[1])
    assert FARTHEST - 4096 < left < FARTHEST - WIDTH
    np.testing.assert_array_equal(page.pixels(), window(0, left))
