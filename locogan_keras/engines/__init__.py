"""Engines: `image = engine(latent, positions)`, wherever it runs."""
