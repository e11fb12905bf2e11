"""Pictures from sources, and crops of them."""
