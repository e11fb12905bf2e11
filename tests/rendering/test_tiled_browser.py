"""A Deep Zoom, opened by OpenSeadragon in a real browser."""

import tarfile
from pathlib import Path

import numpy as np
import pytest
from support.browser import browsing, hosted, needs_browser
from support.tiled import mean_levels, picture_of, small_engine, whole, written

# Where `.ci/run` leaves it.
VIEWER = Path(__file__).parents[2] / ".cache" / "openseadragon-6.1.1.tgz"
SCRIPT = "package/build/openseadragon/openseadragon.min.js"
# In a window of as many pixels as the level that is to be seen, that is what is seen.
PAGE = """<!doctype html>
<title>a.dzi</title>
<style>
  html, body { margin: 0; }
  #viewer { width: %dpx; height: %dpx; }
</style>
<div id="viewer"></div>
<canvas id="canvas" hidden></canvas>
<p id="failure"></p>
<script src="openseadragon.js"></script>
<script>
  const viewer = OpenSeadragon({
    id: "viewer", tileSources: "a.dzi", drawer: "canvas", showNavigationControl: false,
    imageSmoothingEnabled: false, minPixelRatio: 1,
    visibilityRatio: 1, animationTime: 0, blendTime: 0,
  });
  viewer.addHandler("open-failed", (event) => {
    document.getElementById("failure").textContent = event.message;
  });
</script>
"""
_DRAWN = """
const item = viewer.world.getItemAt(0);
if (!item || !item.getFullyLoaded()) return false;
viewer.forceRedraw();
const drawn = viewer.drawer.canvas, canvas = document.getElementById("canvas");
[canvas.width, canvas.height] = [drawn.width, drawn.height];
canvas.getContext("2d").drawImage(drawn, 0, 0);
return true;
"""


def _near(level):
    """Each pixel and those above, left and both: the viewer stretches tiles without overlap.

    By one pixel, so that no seams are seen where it scales them.
    """
    shifted = [np.roll(level, shift, (0, 1)) for shift in ((0, 0), (1, 0), (0, 1), (1, 1))]
    return np.stack(shifted).astype(int)


@pytest.mark.slow
@needs_browser
@pytest.mark.skipif(not VIEWER.exists(), reason=f"{VIEWER.name} is not in .cache: see .ci/run")
@pytest.mark.parametrize("quality", [None, 95])
def test_openseadragon_shows_each_level(tmp_path, quality):
    picture = picture_of(small_engine(), height=256, width=320)
    site = tmp_path / "site"
    site.mkdir()
    written(site / "a.dzi", picture, quality=quality)
    with tarfile.open(VIEWER) as package:
        (site / "openseadragon.js").write_bytes(package.extractfile(SCRIPT).read())
    with hosted(site) as (address, asked), browsing(tmp_path) as browser:
        for level, mean in enumerate(mean_levels(whole(picture))[:3]):
            height, width = mean.shape[:2]
            (site / "index.html").write_text(PAGE % (width, height))
            browser.open(f"{address}/index.html", 500, 600)
            browser.wait(_DRAWN)
            shown = browser.pixels()
            assert shown.shape == mean.shape
            differences = np.abs(shown.astype(int) - _near(mean)).max(axis=-1)
            if quality is not None:
                assert differences.min(axis=0).mean() < 6
                continue
            assert not differences.min(axis=0).any()
            # What is stretched begins at the tile's corner.
            tiles = differences[0].reshape(height // 16, 16, width // 16, 16)
            assert not tiles[:, :8, :, :8].any()
            assert any(f"/a_files/{9 - level}/" in path for path in asked)
