"""A set of Wang tiles, and a map of them, as JSON of the map editor Tiled.

Its "JSON Map Format" (doc.mapeditor.org, versions 1.5 and newer) is what importers of engines read.
A tile's `wangid` has eight places, clockwise from the top edge; every second one is a corner, which
has no colour here (0). Colours count from 1, and are the same ones for edges of both directions.
"""

import numpy as np

_VERSION = "1.10"
# How the editor shows the colours.
_SHOWN = ("#e6194b", "#4363d8", "#3cb44b", "#ffe119")
_TOP, _RIGHT, _BOTTOM, _LEFT = range(0, 8, 2)


def tileset(laying, size, image):
    """A tileset: one picture of all tiles, row by row, and the colours of their edges.

    Args:
        laying: The `Laying` of the picture.
        size: (height, width) of a tile in pixels.
        image: The name of the picture's file.

    Returns:
        A dict.
    """
    rows, columns = laying.across.shape
    colors = 1 + laying.edges.reshape(-1, 4)
    wang_ids = np.zeros((len(colors), 8), int)
    wang_ids[:, [_TOP, _RIGHT, _BOTTOM, _LEFT]] = colors
    return {
        "type": "tileset",
        "version": _VERSION,
        "name": "wang",
        "image": image,
        "imageheight": rows * size[0],
        "imagewidth": columns * size[1],
        "tileheight": size[0],
        "tilewidth": size[1],
        "margin": 0,
        "spacing": 0,
        "columns": columns,
        "tilecount": rows * columns,
        "wangsets": [
            {
                "name": "edges",
                "type": "edge",
                "tile": -1,
                "colors": [
                    {"name": str(number), "color": shown, "probability": 1, "tile": -1}
                    for number, shown in enumerate(_SHOWN[: colors.max()], start=1)
                ],
                "wangtiles": [
                    {"tileid": number, "wangid": wang_id}
                    for number, wang_id in enumerate(wang_ids.tolist())
                ],
            }
        ],
    }


def tile_map(tileset, numbers):
    """A map: tiles side by side, with the tileset in it, as more engines read it than beside it.

    Args:
        tileset: As of `tileset`.
        numbers: Of its tiles, from 0: `(rows, columns)` integers.

    Returns:
        A dict.
    """
    rows, columns = numbers.shape
    of_the_file = ("type", "version")
    embedded = {name: value for name, value in tileset.items() if name not in of_the_file}
    layer = {
        "type": "tilelayer",
        "id": 1,
        "name": "laying",
        "height": rows,
        "width": columns,
        "x": 0,
        "y": 0,
        "opacity": 1,
        "visible": True,
        "data": (1 + numbers).ravel().tolist(),
    }
    return {
        "type": "map",
        "version": _VERSION,
        "orientation": "orthogonal",
        "renderorder": "right-down",
        "infinite": False,
        "height": rows,
        "width": columns,
        "tileheight": tileset["tileheight"],
        "tilewidth": tileset["tilewidth"],
        "nextlayerid": 2,
        "nextobjectid": 1,
        "tilesets": [{"firstgid": 1, **embedded}],
        "layers": [layer],
    }
