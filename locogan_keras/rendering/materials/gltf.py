"""A plane of a material as glTF 2.0: what any viewer shows, textures beside it, nothing else."""

import base64
import json
from urllib.parse import quote

import numpy as np

# glTF's numbers: of types, of what a buffer is for, of filters and of wrapping.
_FLOAT, _UNSIGNED_SHORT = 5126, 5123
_VERTICES, _INDICES = 34962, 34963
_LINEAR, _MIPMAPPED, _REPEAT = 9729, 9987, 10497


def gltf(name, size, files, generator):
    """The text of a `.gltf` file.

    Args:
        name: Of the material.
        size: (height, width) of its maps; the plane's longer side is 1.
        files: Names of files beside it by what they are: `color` or `rgba`, and if there are any
            `normal`, `orm`, `roughness`, `ambient_occlusion`. Roughness alone is of a material
            that is no metal.
        generator: What made it.
    """
    buffer, views, accessors, attributes = _plane(*(length / max(size) for length in size))
    images = []

    def texture(file):
        if file not in images:
            images.append(file)
        return {"index": images.index(file)}

    surface = {"baseColorTexture": texture(files.get("rgba", files["color"]))}
    rough = files.get("orm", files.get("roughness"))
    surface["metallicFactor"] = 1 if "orm" in files else 0
    if rough:
        surface["metallicRoughnessTexture"] = texture(rough)
    material = {"name": name, "pbrMetallicRoughness": surface}
    if "normal" in files:
        material["normalTexture"] = texture(files["normal"])
    if shade := files.get("orm", files.get("ambient_occlusion")):
        material["occlusionTexture"] = texture(shade)
    if "rgba" in files:
        material |= {"alphaMode": "MASK", "doubleSided": True}
    primitive = {"attributes": attributes, "indices": len(accessors) - 1, "material": 0}
    document = {
        "asset": {"version": "2.0", "generator": generator},
        "scene": 0,
        "scenes": [{"nodes": [0]}],
        "nodes": [{"name": name, "mesh": 0}],
        "meshes": [{"name": name, "primitives": [primitive]}],
        "materials": [material],
        "textures": [{"sampler": 0, "source": index} for index in range(len(images))],
        "images": [{"uri": quote(file)} for file in images],
        "samplers": [
            {
                "magFilter": _LINEAR,
                "minFilter": _MIPMAPPED,
                "wrapS": _REPEAT,
                "wrapT": _REPEAT,
            }
        ],
        "accessors": accessors,
        "bufferViews": views,
        "buffers": [buffer],
    }
    return json.dumps(document, indent=2) + "\n"


def _plane(height, width):
    """An upright rectangle with its centre at 0 that looks along z.

    Returns:
        The buffer, its views, the accessors, of which the indices' is the last, and the
        attributes.
    """
    y, x = height / 2, width / 2
    vertices = {
        "POSITION": [(-x, y, 0), (-x, -y, 0), (x, -y, 0), (x, y, 0)],
        "NORMAL": 4 * [(0, 0, 1)],
        # Along the picture's rows; normal x tangent is up, as the normal maps' y.
        "TANGENT": 4 * [(1, 0, 0, 1)],
        "TEXCOORD_0": [(0, 0), (0, 1), (1, 1), (1, 0)],
    }
    arrays = [np.array(each, "<f4") for each in vertices.values()]
    arrays.append(np.array([0, 1, 2, 0, 2, 3], "<u2"))
    views, accessors, done = [], [], 0
    for array in arrays:
        is_indices = array.ndim == 1
        target = _INDICES if is_indices else _VERTICES
        views.append({"buffer": 0, "byteOffset": done, "byteLength": array.nbytes})
        views[-1]["target"] = target
        accessors.append(
            {
                "bufferView": len(accessors),
                "componentType": _UNSIGNED_SHORT if is_indices else _FLOAT,
                "count": len(array),
                "type": "SCALAR" if is_indices else f"VEC{array.shape[1]}",
            }
        )
        done += array.nbytes
    accessors[0] |= {"min": arrays[0].min(axis=0).tolist(), "max": arrays[0].max(axis=0).tolist()}
    content = base64.b64encode(b"".join(array.tobytes() for array in arrays)).decode("ascii")
    uri = f"data:application/octet-stream;base64,{content}"
    attributes = {attribute: number for number, attribute in enumerate(vertices)}
    return {"byteLength": done, "uri": uri}, views, accessors, attributes
