"""The quality of pictures, by number and by eye."""
