"""TensorFlow Serving's gRPC interface, with its own messages (the extra `serving`)."""

import functools
import math

import grpc
import tensorflow as tf
from tensorflow_serving.apis.predict_pb2 import PredictRequest
from tensorflow_serving.apis.prediction_service_pb2_grpc import PredictionServiceStub

from locogan_keras.engines.servers.server_requests import (
    Refused,
    ServerError,
    Unavailable,
    patiently,
)

_OPTIONS = (
    # -1 leaves protobuf's own limit of 2 GiB.
    ("grpc.max_send_message_length", -1),
    # By default a channel waits a second before it knocks again, and fails until then.
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.min_reconnect_backoff_ms", 100),
)
# Bytes that an answer may have: for its text, and for each of its numbers.
_TEXT_BYTES, _NUMBER_BYTES = 2**20, 8


class GrpcServer:
    """A model on a server that speaks gRPC.

    Args:
        url: For messages.
        address: `HOST:PORT`.
        name: The model's.
        timeout: Seconds to wait for an answer.
    """

    def __init__(self, url, address, name, timeout):
        self._url, self._name, self._timeout = url, name, timeout

        @functools.cache
        def stub(most):
            # By default 4 MiB, an image of 591 x 591.
            limit = ("grpc.max_receive_message_length", most)
            return PredictionServiceStub(grpc.insecure_channel(address, (*_OPTIONS, limit)))

        self._stub = stub

    def predict(self, signature, inputs, numbers=0):
        """The output as of `Server`, an array."""
        request = PredictRequest()
        request.model_spec.name = self._name
        request.model_spec.signature_name = signature
        for name, array in inputs.items():
            request.inputs[name].CopyFrom(tf.make_tensor_proto(array))
        stub = self._stub(_TEXT_BYTES + numbers * _NUMBER_BYTES)
        outputs = list(patiently(lambda: self._ask(stub, request)).outputs.values())
        if len(outputs) != 1:
            raise ServerError(self._url, f"answers with {len(outputs)} outputs instead of 1")
        # One value may stand for as many as the shape says.
        shape = [axis.size for axis in outputs[0].tensor_shape.dim]
        if not 0 <= math.prod(shape) <= max(numbers, 1):
            raise ServerError(self._url, f"answers with an output of shape {shape}")
        try:
            return tf.make_ndarray(outputs[0])
        except (TypeError, ValueError, LookupError) as error:
            raise ServerError(self._url, f"answers with no array: {error}") from None

    def _ask(self, stub, request):
        try:
            return stub.Predict(request, timeout=self._timeout)
        except grpc.RpcError as error:
            raise self._failure(error.code(), error.details()) from None

    def _failure(self, code, details):
        if code is grpc.StatusCode.DEADLINE_EXCEEDED:
            return ServerError(self._url, f"does not answer within {self._timeout:g} seconds")
        if code is grpc.StatusCode.UNAVAILABLE:
            return Unavailable(self._url, f"does not answer: {details}")
        return Refused(self._url, f"answers {code.name}: {details}")
