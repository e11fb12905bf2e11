"""A trained network of others, and the discriminator that looks through it."""
