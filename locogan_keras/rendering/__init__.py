"""From views to pictures: edits, tiles and formats."""
