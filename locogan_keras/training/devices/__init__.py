"""Training on several devices and machines, as one device would do it."""
