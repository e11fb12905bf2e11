"""What is trained already: generators as presets, and the eyes of a discriminator."""
