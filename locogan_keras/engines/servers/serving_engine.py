"""The engine that asks TensorFlow Serving, over REST or gRPC."""

import math
import re

import numpy as np

from locogan_keras.canvas.description import Description
from locogan_keras.engines.servers.server_requests import Refused, ServerError

# Seconds. The kit's servers give up after as long.
TIMEOUT = 60.0
_HOST = r"(?P<host>[^/@?#\s:\[\]]+|\[[0-9a-fA-F:]+\])(:(?P<port>\d{1,5}))?"
_NAME = r"(?P<name>[A-Za-z0-9._~-]+)"
_REST = re.compile(rf"https?://{_HOST}/v1/models/{_NAME}/?")
_GRPC = re.compile(rf"grpc://(?P<address>{_HOST})/{_NAME}/?")


def connect(url, timeout=TIMEOUT):
    """The engine for a model on a server.

    Args:
        url: `http://HOST:PORT/v1/models/NAME`, the same with `https`, or `grpc://HOST:PORT/NAME`.
        timeout: Seconds to wait for an answer, all of it.

    Returns:
        A `ServingEngine`.

    Raises:
        ValueError: If the URL is neither, or gRPC's package is not installed.
        ServerError: If the server does not answer, or serves something else.
    """
    rest, grpc = _REST.fullmatch(url), _GRPC.fullmatch(url)
    match = rest or grpc
    if not match or not 0 < int(match["port"] or 80) < 65536 or (grpc and not match["port"]):
        raise ValueError(
            "MODEL must be http://HOST:PORT/v1/models/NAME or grpc://HOST:PORT/NAME. "
            f"Received: MODEL {url}"
        )
    if rest:
        from locogan_keras.engines.servers.serving_rest import RestServer

        return ServingEngine(url, RestServer(url, timeout))
    try:
        from locogan_keras.engines.servers.serving_grpc import GrpcServer
    except ModuleNotFoundError as error:
        raise ValueError(
            f"MODEL {url} needs {error.name}, which is not installed: "
            "pip install tensorflow-serving-api"
        ) from None
    return ServingEngine(url, GrpcServer(url, grpc["address"], grpc["name"], timeout))


class ServingEngine:
    """An engine that runs a served model's `serving_default` signature.

    Args:
        url: The model's, for messages.
        server: A `Server`.

    Call arguments:
        latent, positions: As in `Generator`, NumPy float32.

    Returns:
        image, NumPy float32 in [-1, 1].

    Raises:
        ServerError: If the server does not answer, or not with what was asked for.
    """

    def __init__(self, url, server):
        self._url, self._server = url, server
        try:
            answer = server.predict("describe", {"query": np.zeros(1, np.int64)})
        except Refused as error:
            raise ServerError(
                url, f"does not describe itself as a LocoGAN generator: it {error.reason}"
            ) from None
        try:
            self.description = Description.from_json(answer[0])
        except (LookupError, TypeError, ValueError) as error:
            raise ServerError(url, f"is {error}") from None

    def __call__(self, latent, positions):
        batch, rows, columns, _ = latent.shape
        description = self.description
        size = [description.cell * (cells - 2 * description.border) for cells in (rows, columns)]
        expected = (batch, *size, description.image_channels)
        inputs = {"latent": latent, "positions": positions}
        answer = self._server.predict("serving_default", inputs, max(0, math.prod(expected)))
        try:
            # Too large for float32 is infinite, and seen where images are.
            with np.errstate(over="ignore"):
                image = np.asarray(answer, np.float32)
        except (TypeError, ValueError, OverflowError) as error:
            raise ServerError(self._url, f"answers with no image: {error}") from None
        if image.shape != expected:
            raise ServerError(
                self._url, f"answers with an image of shape {image.shape} instead of {expected}"
            )
        return image
