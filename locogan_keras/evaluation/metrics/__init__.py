"""What is measured of pictures, one idea a file."""
