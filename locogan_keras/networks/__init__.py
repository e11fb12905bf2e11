"""The layers, the generator and the discriminator, their losses and optimizers."""
