"""Pictures in, crops out."""
