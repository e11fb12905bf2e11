"""A material as a MaterialX document: Autodesk's standard surface, which renderers know."""

from xml.etree import ElementTree

# Inputs of the standard surface and their types, by map.
_INPUTS = {
    "color": ("base_color", "color3"),
    "roughness": ("specular_roughness", "float"),
    "metalness": ("metalness", "float"),
}
# Of the height's range, white over black, in the material's own units: a plane is 1 wide.
_DEEP = "0.05"


def materialx(name, files):
    """The text of a `.mtlx` file.

    Ambient occlusion is left out: a renderer that reads MaterialX finds it by itself.

    Args:
        name: Of the material.
        files: `{map: name of a file beside it}`.
    """
    root = ElementTree.Element("materialx", version="1.38", colorspace="lin_rec709")
    # Names of nodes are identifiers.
    name = "".join(each if each.isalnum() and each.isascii() else "_" for each in name)
    graph = ElementTree.SubElement(root, "nodegraph", name=f"maps_{name}")
    surface = _node(root, "standard_surface", f"surface_{name}", "surfaceshader")
    material = _node(root, "surfacematerial", f"material_{name}", "material")
    _input(material, "surfaceshader", "surfaceshader", nodename=f"surface_{name}")
    for each, file in files.items():
        if each in _INPUTS:
            target, kind = _INPUTS[each]
            _image(graph, each, kind, file, "srgb_texture" if each == "color" else None)
            _output(graph, surface, target, kind, each)
    if "opacity" in files:
        _image(graph, "opacity_levels", "float", files["opacity"])
        grey = _node(graph, "convert", "opacity", "color3")
        _input(grey, "in", "float", nodename="opacity_levels")
        _output(graph, surface, "opacity", "color3", "opacity")
    if "normal" in files:
        _image(graph, "vectors", "vector3", files["normal"])
        normal = _node(graph, "normalmap", "normal", "vector3")
        _input(normal, "in", "vector3", nodename="vectors")
        _output(graph, surface, "normal", "vector3", "normal")
    if "height" in files:
        _image(graph, "height", "float", files["height"])
        shader = _node(root, "displacement", f"displacement_{name}", "displacementshader")
        _output(graph, shader, "displacement", "float", "height")
        _input(shader, "scale", "float", value=_DEEP)
        _input(
            material, "displacementshader", "displacementshader", nodename=f"displacement_{name}"
        )
    ElementTree.indent(root)
    return ElementTree.tostring(root, encoding="unicode", xml_declaration=True) + "\n"


def _node(parent, category, name, kind):
    return ElementTree.SubElement(parent, category, name=name, type=kind)


def _input(node, name, kind, **attributes):
    return ElementTree.SubElement(node, "input", name=name, type=kind, **attributes)


def _image(graph, name, kind, file, colorspace=None):
    image = _node(graph, "tiledimage", name, kind)
    space = {"colorspace": colorspace} if colorspace else {}
    _input(image, "file", "filename", value=file, **space)


def _output(graph, shader, target, kind, node):
    """An output of the graph for a node in it, connected to a shader's input."""
    output = f"{target}_output"
    ElementTree.SubElement(graph, "output", name=output, type=kind, nodename=node)
    _input(shader, target, kind, nodegraph=graph.get("name"), output=output)
