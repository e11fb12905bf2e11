"""Pictures of any number of pixels as pyramids of tiles, which go on after whatever ends them."""
