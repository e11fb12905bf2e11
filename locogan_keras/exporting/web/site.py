"""The files of a page: a folder for any static host, or one that opens from a disk."""

import base64
import dataclasses
import gzip
import html
import importlib.resources
import json
import re
import zlib

from locogan_keras.exporting.web.runtime import ENGINES, VERSION
from locogan_keras.storage.run import version

# What visitors load first is compressed; a browser unpacks it, whatever the host says of it.
_COMPRESSED = ".wasm"
_IMPORT = re.compile(r'^import \{[^}]*\} from "\./(\w+\.mjs)";\n', re.MULTILINE)
# A page on a host loads what lies beside it, one on a disk nothing at all.
_POLICY = (
    "default-src 'none'; script-src {own} 'unsafe-inline' 'wasm-unsafe-eval' blob:; "
    "style-src {own} 'unsafe-inline'; img-src blob: data:; connect-src {own} blob: data:; "
    "worker-src blob:; base-uri 'none'; form-action 'none'"
)


@dataclasses.dataclass(frozen=True)
class Site:
    """What a page shows.

    Args:
        title: Its title.
        model: The bytes of its `model.onnx`.
        description: The model's text, as `Description.to_json` gives it.
        weights: What its weights are held in, in words.
        probe: What a tile must look like, as JSON's types; see `export.probe`.
        runtime: As of `runtime_files`.
    """

    title: str
    model: bytes
    description: str
    weights: str
    probe: dict
    runtime: dict

    def save(self, folder):
        """The folder's files written, for a static host.

        Args:
            folder: A `Path` of a folder.
        """
        for name, content in {**self._scripts(), **self._data(ENGINES)}.items():
            (folder / name).write_bytes(content)
        for name in ("style.css", "licenses.txt"):
            (folder / name).write_text(_source(name), encoding="utf-8")
        (folder / "index.html").write_text(
            self._page("'self'", '<link rel="stylesheet" href="style.css">', _script("page.js")),
            encoding="utf-8",
        )

    def save_single(self, path):
        """One HTML file written that holds all but WebGPU's runtime, twice the size of the rest.

        Args:
            path: A `Path`.
        """
        scripts = self._scripts()
        page = scripts.pop("page.js").decode()
        held = {**scripts, **self._data({"wasm": ENGINES["wasm"]})}
        held["licenses.txt"] = _source("licenses.txt").encode()
        # In base64, which cannot end the element that it stands in.
        elements = "".join(
            f'<script type="text/plain" id="{name}">{base64.b64encode(content).decode()}</script>\n'
            for name, content in held.items()
        )
        path.write_text(
            self._page(
                "", f"<style>\n{_source('style.css')}</style>", elements + _script("", page)
            ),
            encoding="utf-8",
        )

    def _scripts(self):
        return {f"{name}.js": _bundle(f"{name}.mjs").encode() for name in ("page", "worker")}

    def _data(self, engines):
        files = {name: self.runtime[name] for names in engines.values() for name in names}
        files["model.onnx"] = self.model
        settings = {
            "title": self.title,
            "version": version(),
            "runtime": f"ONNX Runtime {VERSION}",
            "description": json.loads(self.description),
            "weights": self.weights,
            "probe": self.probe,
            "engines": {
                name: dict(zip(("script", "program"), files_, strict=True))
                for name, files_ in engines.items()
            },
            "files": {
                name: {
                    "file": f"{name}.gz" if name.endswith(_COMPRESSED) else name,
                    "bytes": len(content),
                    "crc32": zlib.crc32(content),
                }
                for name, content in files.items()
            },
        }
        data = {"settings.json": json.dumps(settings, indent=1).encode()}
        for name, content in files.items():
            packed = name.endswith(_COMPRESSED)
            # Without a time, so that the same site has the same bytes.
            content = gzip.compress(content, mtime=0) if packed else content
            data[settings["files"][name]["file"]] = content
        return data

    def _page(self, own, style, script):
        # The page's text comes last: nothing in it is taken for a place to fill.
        places = {"title": html.escape(self.title), "policy": _POLICY.format(own=own)}
        text = _source("index.html")
        for place, value in {**places, "style": style, "script": script}.items():
            text = text.replace(f"<!-- {place} -->", value)
        return text


def _bundle(name):
    """A module and those that it imports as one classic script, which opens from a disk too."""
    parts, seen = [], set()

    def add(name):
        if name in seen:
            return
        seen.add(name)
        source = _source(name)
        for imported in _IMPORT.findall(source):
            add(imported)
        parts.append(re.sub("^export ", "", _IMPORT.sub("", source), flags=re.MULTILINE).strip())

    add(name)
    body = "\n\n".join(parts)
    return f'"use strict";\n(() => {{\n{body}\n}})();\n'


def _script(source, text=""):
    return f'<script src="{source}" defer></script>' if source else f"<script>\n{text}</script>"


def _source(name):
    page = importlib.resources.files("locogan_keras.exporting.web") / "page"
    return (page / name).read_text(encoding="utf-8")
