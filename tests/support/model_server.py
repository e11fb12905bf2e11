"""A stand-in for TensorFlow Serving, which is in no package registry.

It speaks the documented wire formats (`api_rest.md`; gRPC with the server's own messages) and runs
an exported SavedModel for real. Details follow the server's sources: error messages, status codes,
which numbers an answer has, and that an answer by columns has a line for each.
"""

import base64
import contextlib
import http.server
import json
import re
import threading
from concurrent import futures

import grpc
import numpy as np
import tensorflow as tf
from google.protobuf import json_format
from tensorflow.core.protobuf.saved_model_pb2 import SavedModel
from tensorflow_serving.apis import (
    get_model_metadata_pb2,
    get_model_status_pb2,
    predict_pb2,
    prediction_service_pb2_grpc,
)

PREDICT = re.compile(r"/v1/models/([^/:]+)(?:/versions/(\d+))?:predict")
STATUS = re.compile(r"/v1/models/([^/:]+)(?:/versions/(\d+))?(/metadata)?")
HTTP_STATUS = {
    grpc.StatusCode.INVALID_ARGUMENT: 400,
    grpc.StatusCode.NOT_FOUND: 404,
    grpc.StatusCode.UNAVAILABLE: 503,
}


class Failure(Exception):
    def __init__(self, code, message):
        super().__init__(message)
        self.code, self.message = code, message


def signatures(folder):
    """The signatures of a SavedModel by name: TensorFlow's `SignatureDef`s."""
    with open(f"{folder}/saved_model.pb", "rb") as file:
        (meta,) = SavedModel.FromString(file.read()).meta_graphs
    return {
        name: signature
        for name, signature in meta.signature_def.items()
        if not name.startswith("__")
    }


class ServedModel:
    """A SavedModel under a name, as version 1.

    Attributes:
        failures: What the next requests meet instead of an answer: `Failure`s, `threading.Event`s
            to keep silent until, and None for nothing.
        requests: (signature, shape of its first input by name) of each prediction.
    """

    def __init__(self, name, folder):
        self.name, self.failures, self.requests = name, [], []
        self._loaded = tf.saved_model.load(str(folder))
        self.signature_def = signatures(folder)

    def check(self, name, version):
        if self.failures:
            failure = self.failures.pop(0)
            if isinstance(failure, Failure):
                raise failure
            if failure is not None:
                failure.wait(600)
                raise Failure(grpc.StatusCode.UNAVAILABLE, "too late")
        if name != self.name or version not in (None, 1):
            which = f"Latest({name})" if version is None else f"Specific({name}, {version})"
            raise Failure(grpc.StatusCode.NOT_FOUND, f"Servable not found for request: {which}")

    def signature(self, name):
        name = name or "serving_default"
        if name not in self.signature_def:
            raise Failure(
                grpc.StatusCode.INVALID_ARGUMENT,
                f'Serving signature name: "{name}" not found in signature def',
            )
        return name, self.signature_def[name]

    def predict(self, signature, inputs):
        """Arrays by name, of arrays by name."""
        self.requests.append((signature, inputs[min(inputs)].shape))
        tensors = {name: tf.constant(array) for name, array in inputs.items()}
        try:
            outputs = self._loaded.signatures[signature](**tensors)
        except (tf.errors.InvalidArgumentError, ValueError) as error:
            raise Failure(grpc.StatusCode.INVALID_ARGUMENT, str(error)) from None
        return {name: output.numpy() for name, output in outputs.items()}

    def status(self):
        response = get_model_status_pb2.GetModelStatusResponse()
        version = response.model_version_status.add(version=1)
        version.state = get_model_status_pb2.ModelVersionStatus.AVAILABLE
        version.status.error_message = ""
        return response

    def metadata(self):
        response = get_model_metadata_pb2.GetModelMetadataResponse()
        response.model_spec.name = self.name
        response.model_spec.version.value = 1
        signatures = get_model_metadata_pb2.SignatureDefMap()
        for name, signature in self.signature_def.items():
            signatures.signature_def[name].CopyFrom(signature)
        response.metadata["signature_def"].Pack(signatures)
        return response

    def predict_json(self, body):
        """The answer's text to a request's, as `api_rest.md` has them."""
        try:
            request = json.loads(body)
        except ValueError as error:
            raise Failure(grpc.StatusCode.INVALID_ARGUMENT, f"JSON Parse error: {error}") from None
        name, signature = self.signature(request.get("signature_name"))
        by_rows = "instances" in request
        if by_rows == ("inputs" in request):
            message = "Missing 'inputs' or 'instances' key, or both"
            raise Failure(grpc.StatusCode.INVALID_ARGUMENT, message)
        columns = request["instances"] if by_rows else request["inputs"]
        if by_rows and isinstance(columns[0], dict):
            if any(set(row) != set(signature.inputs) for row in columns):
                raise Failure(
                    grpc.StatusCode.INVALID_ARGUMENT,
                    "Failed to process element: 0 of 'instances' list. JSON object: keys must be "
                    f"equal to: {','.join(signature.inputs)}",
                )
            columns = {key: [row[key] for row in columns] for key in signature.inputs}
        elif not isinstance(columns, dict):
            # The only input needs no name.
            columns = dict.fromkeys(signature.inputs, columns)
        inputs = {}
        for key, info in signature.inputs.items():
            if key not in columns:
                message = f"Missing named input: {key} in 'inputs' object."
                raise Failure(grpc.StatusCode.INVALID_ARGUMENT, message)
            try:
                inputs[key] = np.array(columns[key], tf.as_dtype(info.dtype).as_numpy_dtype)
            except (ValueError, TypeError, OverflowError) as error:
                raise Failure(grpc.StatusCode.INVALID_ARGUMENT, str(error)) from None
        outputs = {
            key: json_text(value, key.endswith("_bytes"), by_rows)
            for key, value in self.predict(name, inputs).items()
        }
        # The only output needs no name, and each of our signatures has one.
        (text,) = outputs.values()
        return f'{{\n    "{"predictions" if by_rows else "outputs"}": {text}\n}}'


def json_text(array, is_binary, by_rows, depth=1):
    """An array as the server writes it: rows on one line, columns with a line for each number."""
    if array.ndim > 1:
        parts = [json_text(part, is_binary, by_rows, depth + 1) for part in array]
    elif array.dtype == object:
        parts = [
            json.dumps({"b64": base64.b64encode(value).decode()} if is_binary else value.decode())
            for value in array
        ]
    else:
        # The digits that tell a float32 from its neighbours.
        parts = [f"{value:.9g}" for value in array.tolist()]
    if by_rows:
        return f"[{', '.join(parts)}]"
    indent = "\n" + "    " * (depth + 1)
    return f"[{indent}{f',{indent}'.join(parts)}\n{'    ' * depth}]"


class RestHandler(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.answer(PREDICT, lambda match: self.server.model.predict_json(body))

    def do_GET(self):
        def status(match):
            model = self.server.model
            return json_format.MessageToJson(
                model.metadata() if match[3] else model.status(),
                preserving_proto_field_name=True,
                always_print_fields_with_no_presence=True,
            )

        self.answer(STATUS, status)

    def answer(self, pattern, make):
        code = 200
        try:
            match = pattern.fullmatch(self.path)
            if not match:
                message = f"Malformed request: {self.command} {self.path}"
                raise Failure(grpc.StatusCode.INVALID_ARGUMENT, message)
            self.server.model.check(match[1], match[2] and int(match[2]))
            text = make(match)
        except Failure as failure:
            code, text = HTTP_STATUS[failure.code], json.dumps({"error": failure.message})
        with contextlib.suppress(ConnectionError):
            self.send_response(code)
            self.send_header("Content-Type", "application/json")
            self.end_headers()
            self.wfile.write(text.encode())

    def log_message(self, *arguments):
        pass


class PredictionService(prediction_service_pb2_grpc.PredictionServiceServicer):
    def __init__(self, model):
        self.model = model

    def Predict(self, request, context):
        try:
            spec = request.model_spec
            self.model.check(spec.name, spec.version.value if spec.HasField("version") else None)
            name, signature = self.model.signature(spec.signature_name)
            if set(request.inputs) != set(signature.inputs):
                message = f"input size does not match signature: {sorted(signature.inputs)}"
                raise Failure(grpc.StatusCode.INVALID_ARGUMENT, message)
            inputs = {key: tf.make_ndarray(value) for key, value in request.inputs.items()}
            outputs = self.model.predict(name, inputs)
        except Failure as failure:
            context.abort(failure.code, failure.message)
        response = predict_pb2.PredictResponse()
        response.model_spec.name, response.model_spec.signature_name = self.model.name, name
        response.model_spec.version.value = 1
        for key, value in outputs.items():
            tensor = response.outputs[key]
            tensor.CopyFrom(tf.make_tensor_proto(value))
            if value.dtype == np.float32:
                # The server fills the typed field unless it is told otherwise.
                tensor.ClearField("tensor_content")
                tensor.float_val[:] = value.ravel()
        return response


@contextlib.contextmanager
def serving(model):
    """Serves a model on free ports of this machine: gives (REST's port, gRPC's port)."""
    rest = http.server.ThreadingHTTPServer(("127.0.0.1", 0), RestHandler)
    rest.model = model
    thread = threading.Thread(target=rest.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    limits = [("grpc.max_send_message_length", -1), ("grpc.max_receive_message_length", -1)]
    service = grpc.server(futures.ThreadPoolExecutor(4), options=limits)
    prediction_service_pb2_grpc.add_PredictionServiceServicer_to_server(
        PredictionService(model), service
    )
    port = service.add_insecure_port("127.0.0.1:0")
    service.start()
    try:
        yield rest.server_address[1], port
    finally:
        service.stop(grace=None).wait()
        rest.shutdown()
        rest.server_close()
        thread.join()
