"""Materials as other programs take them: a folder of maps, packs of them, glTF and MaterialX."""
