"""Presets in packages that are as good as installed."""

import shutil


def package(site, name, presets, module=None):
    """A package that brings presets, made in a folder of packages.

    Args:
        site: The folder, which is to be on `sys.path`.
        name: The package's name, and its module's.
        presets: Folders of presets by the names that they get.
        module: What its entry point says instead of its module.
    """
    (site / name).mkdir(parents=True)
    (site / name / "__init__.py").write_text("raise AssertionError('is only to be looked at')\n")
    about = site / f"{name}-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
    entry = f"[locogan_keras.presets]\n{name} = {module or name}\n"
    (about / "entry_points.txt").write_text(entry)
    for each, folder in presets.items():
        shutil.copytree(folder, site / name / each)
