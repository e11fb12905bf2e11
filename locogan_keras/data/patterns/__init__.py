"""What kind of pattern a photo is: its lattice, its lines, the recipe for it."""
