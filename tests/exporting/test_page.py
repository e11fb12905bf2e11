"""The endless canvas in a real browser, against `locogan render` of the same model."""

import json
import shlex
import shutil
import time
from pathlib import Path

import numpy as np
import pytest
from support.browser import (
    RUNTIME,
    SOFTWARE_WEBGPU,
    browsing,
    hosted,
    needs_browser,
    needs_runtime,
)

from locogan_keras.canvas.views import FARTHEST, make_view
from locogan_keras.cli import main
from locogan_keras.data.pictures import read_picture
from locogan_keras.engines.loading import load_engine
from locogan_keras.rendering.render import render

pytestmark = [pytest.mark.slow, needs_browser, needs_runtime]

GOLDEN = Path(__file__).parents[1] / "golden"
MODEL = GOLDEN / "torus.onnx"
# Pixels of the window.
HEIGHT, WIDTH = 500, 600
GROUND = (0xE9, 0xE9, 0xE7)


def exported(out, *options, model=MODEL):
    arguments = ["export", str(model), "--to", "web", "--out", str(out), "--runtime", str(RUNTIME)]
    assert main([*arguments, *options]) == 0
    return out


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    return exported(tmp_path_factory.mktemp("page") / "site")


@pytest.fixture(scope="module")
def downloads(tmp_path_factory):
    return tmp_path_factory.mktemp("downloads")


@pytest.fixture(scope="module")
def browser(downloads):
    with browsing(downloads) as browser:
        yield browser


@pytest.fixture(scope="module")
def host(site):
    with hosted(site) as (address, _):
        yield address


@pytest.fixture
def page(browser, host):
    """The page with its whole first picture."""
    browser.open(f"{host}/index.html")
    browser.wait()
    browser.set("outline", False)
    return browser


def wait_for(path):
    """True when a download is there, whole."""
    for _ in range(1200):
        if path.exists() and not path.with_name(f"{path.name}.crdownload").exists():
            return True
        time.sleep(0.05)
    return False


def assert_shows(browser, model=MODEL, **view):
    engine = load_engine(model)
    expected = render(
        engine,
        make_view(engine.description, **{"height": HEIGHT, "width": WIDTH, **view}),
    )
    difference = np.abs(browser.pixels().astype(int) - expected)
    assert difference.max() <= 1


@pytest.mark.parametrize(
    ("place", "view"),
    [
        ("seed=0", {}),
        ("seed=7&top=-1000&left=250000", {"seed": 7, "top": -1000, "left": 250000}),
        (
            f"seed=4294967295&top={1 - FARTHEST + 1000}&left={FARTHEST - 5000}",
            {"seed": 4294967295, "top": 1 - FARTHEST + 1000, "left": FARTHEST - 5000},
        ),
        (
            "seed=3&top=100&left=-77&periodic=xy&period=192x288",
            {"seed": 3, "top": 100, "left": -77, "periodic": "xy", "period": (192, 288)},
        ),
        (
            "seed=3&top=-333&left=1000001&periodic=half-drop&period=384x288",
            {"seed": 3, "top": -333, "left": 1000001, "periodic": "half-drop"}
            | {"period": (384, 288)},
        ),
        ("seed=5&periodic=brick&left=11", {"seed": 5, "left": 11, "periodic": "brick"}),
        ("seed=5&periodic=x&top=-50", {"seed": 5, "top": -50, "periodic": "x"}),
    ],
)
def test_the_picture_is_that_of_locogan_render(place, view, page):
    page.go(place)
    assert_shows(page, **{"periodic": "none", **view})


def test_a_scene_goes_on_past_its_frame(browser, tmp_path):
    model = GOLDEN / "linear.keras"
    frame = load_engine(model).description.frame
    with hosted(exported(tmp_path / "scene", model=model)) as (address, _):
        browser.open(f"{address}/index.html#seed=4&top=-100&left=37")
        browser.wait()
    assert_shows(browser, model, seed=4, top=-100, left=37, frame=frame)


def test_opposite_edges_of_a_period_are_equal(page):
    page.go("seed=2&top=-31&left=77&periodic=xy&period=192x192")
    picture = page.pixels()
    assert np.array_equal(picture[192:], picture[:-192])
    assert np.array_equal(picture[:, 192:], picture[:, :-192])


@pytest.mark.parametrize("zoom", [2, 4])
def test_far_away_a_pixel_is_the_mean_of_several(zoom, page):
    page.go(f"seed=1&top=-400&left=4000&zoom=1/{zoom}")
    engine = load_engine(MODEL)
    size = {"height": HEIGHT * zoom, "width": WIDTH * zoom}
    view = make_view(engine.description, seed=1, top=-400, left=4000, periodic="none", **size)
    blocks = render(engine, view).reshape(HEIGHT, zoom, WIDTH, zoom, 3).astype(float)
    # A mean of values of which each may be a level off, rounded.
    assert np.abs(page.pixels() - blocks.mean(axis=(1, 3))).max() <= 1.5


def test_two_hundred_moves_leave_no_hole_and_a_bounded_heap(page, rng):
    def heap():
        page.driver.execute_cdp_cmd("HeapProfiler.collectGarbage", {})
        return page.run("return performance.memory.usedJSHeapSize")

    start = heap()
    for _ in range(200):
        page.run(
            """
            const canvas = document.getElementById("canvas");
            canvas.dataset.complete = false;
            const wheel = { deltaY: arguments[0], deltaX: arguments[1], cancelable: true };
            canvas.dispatchEvent(new WheelEvent("wheel", wheel));
            """,
            *rng.integers(-900, 900, 2).tolist(),
        )
        page.wait()
        holes = page.run(
            """
            // Blocks of 32 x 32 pixels that are all of the colour that is under the tiles.
            const canvas = document.getElementById("canvas");
            const context = canvas.getContext("2d");
            let holes = 0;
            for (let y = 0; y < canvas.height; y += 32) {
              for (let x = 0; x < canvas.width; x += 32) {
                const { data } = context.getImageData(x, y, 32, 32);
                const ground = [...arguments[0], 255];
                if (data.every((level, index) => level === ground[index % 4])) holes++;
              }
            }
            return holes;
            """,
            GROUND,
        )
        assert holes == 0
    assert int(page.run("return document.getElementById('canvas').dataset.made")) > 600
    assert int(page.run("return document.getElementById('canvas').dataset.bytes")) <= 192 * 2**20
    assert heap() - start < 20 * 2**20


def test_one_file_opens_from_a_disk(browser, tmp_path):
    path = exported(tmp_path / "canvas.html", "--single-file")
    assert path.stat().st_size < 7e6
    browser.open(f"file://{path}#seed=7&top=-1000&left=250000")
    browser.wait()
    assert_shows(browser, seed=7, top=-1000, left=250000, periodic="none")
    assert browser.run("return document.getElementById('webgpu').disabled")
    length = "return fetch(document.getElementById(arguments[0]).href).then(a => a.blob())"
    sizes = [browser.run(f"{length}.then(b => b.size)", name) for name in ("model", "licenses")]
    assert min(sizes) > 2000
    severe = [each for each in browser.driver.get_log("browser") if each["level"] == "SEVERE"]
    assert not severe


def test_a_folder_that_is_opened_from_a_disk_says_what_to_do(browser, site):
    browser.open(f"file://{site}/index.html")
    browser.wait("return document.getElementById('failure').textContent.includes('http.server')")


def test_nothing_else_is_asked_for_and_nothing_once_it_is_loaded(browser, site):
    with hosted(site) as (address, asked):
        browser.open(f"{address}/index.html")
        browser.wait()
        names = browser.run("return performance.getEntriesByType('resource').map(e => e.name)")
        loaded = list(asked)
    assert all(name.startswith((address, "blob:", "data:")) for name in names)
    # The whole site but for WebGPU and the licences.
    files = {f"/{path.name}" for path in site.iterdir() if "licenses" not in path.name}
    assert set(loaded) == {name for name in files if "webgpu" not in name and "async" not in name}
    # There is no host any more.
    browser.go("seed=9&top=5000&left=-5000")
    assert_shows(browser, seed=9, top=5000, left=-5000, periodic="none")


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("model.onnx", None, "model.onnx is missing: the host answers 404."),
        ("model.onnx", lambda data: data[:1000] + b"\0" + data[1001:], "model.onnx is damaged"),
        ("ort-wasm-simd-threaded.wasm.gz", None, "ort-wasm-simd-threaded.wasm.gz is missing"),
        ("ort-wasm-simd-threaded.wasm.gz", lambda data: data[:-9], "wasm.gz is damaged"),
        ("ort.wasm.bundle.min.mjs", lambda data: b"", "ort.wasm.bundle.min.mjs is damaged"),
        ("worker.js", None, "worker.js is missing"),
        ("settings.json", None, "settings.json is missing"),
        ("settings.json", lambda data: data.replace(b'"format": 1', b'"format": 9'), "format 9"),
    ],
)
def test_what_is_missing_or_damaged_is_said(name, content, reason, browser, site, tmp_path):
    shutil.copytree(site, tmp_path / "site")
    path = tmp_path / "site" / name
    if content:
        before = path.read_bytes()
        path.write_bytes(content(before))
        assert path.read_bytes() != before
    else:
        path.unlink()
    said = "const { textContent, hidden } = document.getElementById('failure');"
    with hosted(tmp_path / "site") as (address, _):
        browser.open(f"{address}/index.html")
        sentence = browser.run(
            f"""return new Promise((done) => setInterval(() => {{
                {said}
                if (!hidden) done(textContent);
            }}, 50))"""
        )
    assert reason in sentence


def test_two_worlds_are_saved_with_the_command_that_makes_them(page, downloads, tmp_path):
    """A mixture with both worlds painted into it, up to the window's edges."""
    page.go("seed=3&other=8&mix=90&top=-203&left=1001")
    for tool, places in {"other": [(10, 20), (200, 300), (450, 590)], "own": [(220, 330)]}.items():
        page.run(f"document.querySelector('input[value={tool}]').click()")
        for y, x in places:
            page.run(
                """
                const [canvas, y, x] = [document.getElementById("canvas"), ...arguments];
                canvas.setPointerCapture = () => {};
                for (const name of ["pointerdown", "pointerup"]) {
                  const where = { clientY: y, clientX: x, pointerId: 1, buttons: 1 };
                  canvas.dispatchEvent(new PointerEvent(name, where));
                }
                """,
                y,
                x,
            )
    page.run("document.querySelector('input[value=move]').click()")
    page.wait()
    shown = page.pixels()
    command = page.wait(
        """
        const { value } = document.getElementById("command");
        return value.includes("transplant") && value;
        """
    )
    page.run("document.getElementById('save').click()")
    page.wait("return !document.getElementById('save').disabled")
    words = shlex.split(command)[1:]
    name, mask = words[words.index("--out") + 1], words[words.index("--region") + 1]
    page.run("document.getElementById('save-mask').click()")
    assert wait_for(downloads / name)
    assert wait_for(downloads / mask)
    words[words.index("model.onnx")] = str(MODEL)
    words[words.index(mask)] = str(downloads / mask)
    words[words.index(name)] = str(tmp_path / "made.png")
    assert main(words) == 0
    made = read_picture(tmp_path / "made.png").astype(int)
    assert np.abs(read_picture(downloads / name) - made).max() <= 1
    # What is seen is the same, but for paint that goes on past the edges.
    assert np.abs(shown[64:-64, 64:-64] - made[64:-64, 64:-64]).max() <= 1
    levels = np.unique(read_picture(downloads / mask))
    assert levels.tolist() == [0, 90, 255]


def test_a_window_is_saved_as_it_is_rendered(page, downloads):
    page.go("seed=7&top=-1000&left=250000")
    page.run("document.getElementById('save').click()")
    page.wait("return !document.getElementById('save').disabled")
    path = downloads / "seed-7_top_-1000_left_250000.png"
    assert wait_for(path)
    assert np.array_equal(read_picture(path), page.pixels())


def test_webgpu_that_is_not_there_is_said_and_done_without(page):
    page.run("document.getElementById('webgpu').click()")
    page.wait("return document.getElementById('facts').textContent.includes('Not WebGPU')")
    page.wait()
    assert page.run("return document.getElementById('canvas').dataset.engine") == "wasm"
    assert not page.run("return document.getElementById('webgpu').checked")
    assert_shows(page, periodic="none")


@pytest.fixture(scope="module")
def browser_with_webgpu(tmp_path_factory, host):
    with browsing(tmp_path_factory.mktemp("none"), SOFTWARE_WEBGPU) as browser:
        browser.open(f"{host}/index.html")
        if not browser.run("return navigator.gpu?.requestAdapter().then(Boolean)"):
            pytest.skip("this browser has no WebGPU in software")
        yield browser


def test_webgpu_makes_the_same_picture(browser_with_webgpu, host):
    browser_with_webgpu.open(f"{host}/index.html#seed=7&top=-1000&left=250000", 250, 250)
    browser_with_webgpu.wait()
    browser_with_webgpu.run("document.getElementById('webgpu').click()")
    made_by = "return document.getElementById('facts').textContent.includes('Made byWebGPU')"
    browser_with_webgpu.wait(made_by)
    browser_with_webgpu.wait()
    view = {"height": 250, "width": 250, "seed": 7, "top": -1000, "left": 250000}
    assert_shows(browser_with_webgpu, periodic="none", **view)


def test_webgpu_that_computes_something_else_is_not_used(browser_with_webgpu, site, tmp_path):
    shutil.copytree(site, tmp_path / "site")
    path = tmp_path / "site" / "settings.json"
    settings = json.loads(path.read_text())
    # As if the device were off: the tile of another seed.
    settings["probe"]["seed"] += 1
    path.write_text(json.dumps(settings))
    with hosted(tmp_path / "site") as (address, _):
        browser_with_webgpu.open(f"{address}/index.html", 250, 250)
        browser_with_webgpu.wait()
        browser_with_webgpu.run("document.getElementById('webgpu').click()")
        facts = "return document.getElementById('facts').textContent"
        browser_with_webgpu.wait(f"{facts}.includes('Not WebGPU')")
        browser_with_webgpu.wait()
        assert "levels off" in browser_with_webgpu.text("facts")
    assert_shows(browser_with_webgpu, height=250, width=250, periodic="none")


def test_keys_move_and_zoom_and_all_controls_have_names(page):
    for key, place in {
        "ArrowRight": "seed=0&top=0&left=64",
        "ArrowUp": "seed=0&top=-64&left=64",
        "-": "seed=0&top=-314&left=-236&zoom=1/2",
        "Home": "seed=0&top=0&left=0&zoom=1/2",
        "+": "seed=0&top=250&left=300",
    }.items():
        page.run(
            """
            const event = new KeyboardEvent("keydown", { key: arguments[0], cancelable: true });
            document.getElementById("canvas").dispatchEvent(event);
            """,
            key,
        )
        page.wait("return location.hash === `#${arguments[0]}`", place)
    said = "Seed 0, top 250, left 300."
    page.wait("return document.getElementById('place').textContent.startsWith(arguments[0])", said)
    page.run("document.querySelectorAll('details').forEach((each) => (each.open = true))")
    page.driver.execute_cdp_cmd("Accessibility.enable", {})
    tree = page.driver.execute_cdp_cmd("Accessibility.getFullAXTree", {})["nodes"]
    roles = {"textbox", "spinbutton", "button", "radio", "slider", "checkbox", "combobox"}
    named = {"application", *roles}
    found = [node for node in tree if node.get("role", {}).get("value") in named]
    assert len(found) >= 12
    assert all(node["name"]["value"] for node in found)


def test_hands_drag_pinch_and_turn_the_wheel(page):
    def act(kind, script, place):
        page.run(
            f"""
            const canvas = document.getElementById("canvas");
            canvas.setPointerCapture = () => {{}};
            const act = (name, values) =>
              canvas.dispatchEvent(new {kind}(name, {{ cancelable: true, ...values }}));
            {script}
            """
        )
        page.wait("return location.hash === `#${arguments[0]}`", f"seed=0&{place}")

    act(
        "PointerEvent",
        """
        act("pointerdown", { clientY: 100, clientX: 300, pointerId: 1, buttons: 1 });
        act("pointermove", { clientY: 130, clientX: 310, pointerId: 1, buttons: 1 });
        act("pointermove", { clientY: 150, clientX: 290, pointerId: 1, buttons: 1 });
        act("pointerup", { clientY: 150, clientX: 290, pointerId: 1 });
        act("pointermove", { clientY: 10, clientX: 20, pointerId: 1 });
        """,
        "top=-50&left=10",
    )
    act(
        "PointerEvent",
        """
        act("pointerdown", { clientY: 100, clientX: 100, pointerId: 1, buttons: 1 });
        act("pointerdown", { clientY: 300, clientX: 100, pointerId: 2, buttons: 1 });
        act("pointermove", { clientY: 160, clientX: 100, pointerId: 1, buttons: 1 });
        act("pointermove", { clientY: 240, clientX: 100, pointerId: 2, buttons: 1 });
        for (const pointerId of [1, 2]) act("pointerup", { pointerId });
        """,
        # The middle, at (200, 100) in the end, stays where it is.
        "top=-250&left=-90&zoom=1/2",
    )
    act("WheelEvent", 'act("wheel", { deltaY: 30, deltaX: -5 });', "top=-190&left=-100&zoom=1/2")
    zoom = 'act("wheel", { deltaY: -100, ctrlKey: true, clientY: 0, clientX: 0 });'
    act("WheelEvent", zoom, "top=-190&left=-100")


@pytest.mark.parametrize("width", [320, 390, 1280])
@pytest.mark.parametrize("scheme", ["dark", "light"])
def test_nothing_is_wider_than_a_phone(width, scheme, browser, host):
    features = [{"name": "prefers-color-scheme", "value": scheme}]
    browser.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})
    browser.open(f"{host}/index.html", 640, width)
    browser.wait()
    for node in ("panel", "form"):
        browser.run(
            f"document.querySelectorAll('#{node} details, #{node}').forEach(e => e.open = true)"
        )
    wider = """
    return [...document.querySelectorAll("aside, aside *")]
      .filter(each => each.scrollWidth > each.clientWidth + 1 && each.clientWidth > 1)
      .map(each => each.id || each.outerHTML.slice(0, 80));
    """
    assert browser.run(wider) == []
    ink = browser.run("return getComputedStyle(document.body).color")
    assert ink == {"dark": "rgb(236, 236, 232)", "light": "rgb(28, 28, 27)"}[scheme]
    browser.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})


def test_panning_keeps_frames_while_tiles_are_made(page):
    """With generous bounds: a machine of tests is busy."""
    times = page.run(
        """
        return new Promise((done) => {
          const canvas = document.getElementById("canvas");
          const times = [];
          const step = (time) => {
            times.push(time);
            const wheel = { deltaY: 7, deltaX: 11, cancelable: true };
            canvas.dispatchEvent(new WheelEvent("wheel", wheel));
            if (times.length > 100) done(times);
            else requestAnimationFrame(step);
          };
          requestAnimationFrame(step);
        });
        """
    )
    assert np.median(np.diff(times)) < 100
    page.wait()


def test_the_settings_say_what_is_shown(site, page):
    settings = json.loads((site / "settings.json").read_text())
    facts = page.text("facts")
    assert settings["description"]["fingerprint"] in facts
    assert f"{settings['weights']} weights" in facts
    assert "WebAssembly" in facts
