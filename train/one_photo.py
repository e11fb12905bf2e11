"""One photo and `fit`: a generator of a texture that repeats in x and y.

    python train/one_photo.py PHOTO OUT.keras

`locogan train` does more: checkpoints, samples, a better use of the photo. This is what there is to
change when the data, the callbacks or the training step are to be one's own.
"""

import argparse
import sys

import keras
import tensorflow as tf

import locogan_keras


def train(photo, out, width=32, steps=1000):
    picture = tf.io.decode_image(tf.io.read_file(photo), channels=3, expand_animations=False)
    picture = tf.cast(picture, tf.float32) / 127.5 - 1
    crops = tf.data.Dataset.from_tensors(picture).repeat()
    crops = crops.map(lambda whole: tf.image.random_crop(whole, (64, 64, 3)))
    # A crop is a third of a frame of 192 x 192 pixels; on a torus it may lie anywhere.
    windows = tf.data.Dataset.random().map(
        lambda _: tf.concat([tf.random.uniform([2]), [1 / 3, 1 / 3]], 0)
    )
    model = locogan_keras.LocoGAN(
        locogan_keras.build_generator(width=width, encoding="torus", frame=(192, 192)),
        locogan_keras.build_discriminator(width=width, encoding="torus"),
    )
    model.compile(loss="hinge", ema_decay=0.99)
    model.fit(
        tf.data.Dataset.zip(crops, windows).batch(8),
        steps_per_epoch=steps,
        shuffle=False,
        callbacks=[keras.callbacks.CSVLogger(f"{out}.csv")],
    )
    # Averaged weights, and 40 batches that give them batch statistics of their own.
    model.refresh_average_statistics(next(iter(windows.batch(16).batch(40))), size=64)
    model.ema_generator.save(out)


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("photo", metavar="PHOTO", help="at least 64 x 64 pixels")
    parser.add_argument("out", metavar="OUT.keras", help="losses go to OUT.keras.csv")
    parser.add_argument("--width", type=int, default=32, help="of both networks (default: 32)")
    parser.add_argument("--steps", type=int, default=1000, help="(default: 1000)")
    options = parser.parse_args(arguments)
    train(options.photo, options.out, options.width, options.steps)
    return 0


if __name__ == "__main__":
    sys.exit(main())
