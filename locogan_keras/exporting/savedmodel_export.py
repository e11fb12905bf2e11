"""A generator as a SavedModel: three signatures, for TF Serving and whatever else loads one."""

import functools

import tensorflow as tf

from locogan_keras.canvas.description import PICTURE_CHANNELS
from locogan_keras.exporting.graph_rendering import REQUEST, picture


def save_savedmodel(network, description, folder):
    """A SavedModel written to a folder.

    Its signatures:

    - `serving_default`: latent, positions -> image, as in `Generator`.
    - `render`: the integers of `graph_rendering.REQUEST`, int64 `(batch,)` each ->
      image_bytes, `(batch,)` PNG files: grey, RGB or RGBA by the model's image channels; of
      maps, the colour. With other channels there is no such file, and every request fails and says
      so.
    - `describe`: query, int64 `(batch,)` of anything -> model_json, `(batch,)` strings: the
      `Description`.

    Args:
        network: The deployable form.
        description: Its `Description`.
        folder: Where to; made if need be.
    """
    inputs = {
        tensor.name: tf.TensorSpec(tensor.shape, tf.float32, tensor.name)
        for tensor in network.inputs
    }
    scalars = {name: tf.TensorSpec((None,), tf.int64, name) for name in REQUEST}
    text = description.to_json()

    def serve(latent, positions):
        return {"image": network([latent, positions], training=False)}

    def render(**request):
        def encoded(single):
            if description.picture_channels not in PICTURE_CHANNELS:
                reason = (
                    "a PNG file has 1 (grey), 3 (RGB) or 4 (RGBA) channels. Received: images of"
                )
                tf.debugging.Assert(False, [reason, description.picture_channels])
                return tf.constant(b"")
            return tf.io.encode_png(picture(network, description, single))

        # One after the other: memory is bounded by the largest picture, not by the batch.
        return {
            "image_bytes": tf.map_fn(
                encoded, request, fn_output_signature=tf.string, parallel_iterations=1
            )
        }

    def describe(query):
        return {"model_json": tf.fill(tf.shape(query), text)}

    module = tf.Module()
    # Not the network: Keras's variables would be saved as copies that the signatures do not read,
    # which Python's loader repairs and the C++ loader, which TF Serving uses, does not.
    module.weights = [variable.value for variable in network.variables]
    function = functools.partial(tf.function, autograph=False)
    signatures = {
        "serving_default": function(serve).get_concrete_function(**inputs),
        "render": function(render).get_concrete_function(**scalars),
        "describe": function(describe).get_concrete_function(
            query=tf.TensorSpec((None,), tf.int64, "query")
        ),
    }
    tf.saved_model.save(module, folder, signatures=signatures)
