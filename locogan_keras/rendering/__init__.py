"""Pictures of views: edits, tiles and formats."""
