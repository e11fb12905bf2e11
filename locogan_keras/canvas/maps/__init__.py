"""What the channels of an image are, where they are not those of one opaque picture."""
