"""Files of pictures: one table of formats, and how each is written."""
