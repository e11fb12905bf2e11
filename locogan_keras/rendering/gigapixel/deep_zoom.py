"""Deep Zoom: `NAME.dzi`, a page of XML, and `NAME_files/LEVEL/COLUMN_ROW.png` or `.jpg`.

Its level 0 is 1 x 1, and its last the picture. Tiles do not overlap. PNG unless a quality is asked
for, as of WebP.
"""

import io

from locogan_keras.rendering.files.png import begin_png
from locogan_keras.rendering.files.whole import as_image
from locogan_keras.rendering.gigapixel.store import FolderStore, as_text

_PAGE = """<?xml version="1.0" encoding="UTF-8"?>
<!-- locogan {facts} -->
<Image xmlns="http://schemas.microsoft.com/deepzoom/2008" Format="{kind}" Overlap="0" \
TileSize="{tile}">
  <Size Height="{height}" Width="{width}"/>
</Image>
"""


class DeepZoom(FolderStore):
    """A `Store` in the format of Deep Zoom."""

    def __init__(self, out, plan, pixels, facts, aside):
        super().__init__(out, plan, pixels, facts, aside)
        if pixels.channels == 4 and pixels.quality is not None:
            raise ValueError(
                "quality of a Deep Zoom is of JPEGs, which have no opacity. "
                f"Received: quality={pixels.quality}"
            )
        self._kind = "png" if pixels.quality is None else "jpg"
        self._tiles = self.out.with_name(f"{self.out.stem}_files")

    def paths(self):
        """As of `Store`."""
        return [self.out, self._tiles]

    def keys(self, unit):
        """As of `Store`."""
        for window in self.plan.windows(unit):
            folder = self._tiles / str(self.plan.levels - 1 - window.level)
            for (row, column), _ in self.plan.tiles(window):
                yield folder / f"{column}_{row}.{self._kind}"

    def encoded(self, unit, levels):
        """As of `Store`."""
        for window, level in zip(self.plan.windows(unit), levels, strict=True):
            for _, inside in self.plan.tiles(window):
                yield self._encoded(level[inside])

    def headers(self):
        """As of `Store`: the page of XML."""
        height, width = self.plan.size
        # Two hyphens would end a comment.
        facts = as_text(self.facts).replace("--", "-\\u002d")
        tile = self.plan.chunk
        page = _PAGE.format(facts=facts, kind=self._kind, tile=tile, height=height, width=width)
        return {self.out: page.encode()}

    def _encoded(self, tile):
        file = io.BytesIO()
        if self._kind == "jpg":
            as_image(tile).save(file, "JPEG", quality=self.pixels.quality, subsampling=0)
        else:
            with begin_png(file, tile.shape[:2], self.pixels) as write:
                write(tile)
        return file.getvalue()
