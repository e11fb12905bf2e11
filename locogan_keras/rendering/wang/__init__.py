"""Wang tiles: a set of pictures with coloured edges, of which any that agree fit."""
