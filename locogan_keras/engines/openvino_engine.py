"""The engine that runs an exported `.onnx` file in OpenVINO, without TensorFlow or Keras."""

import contextlib
import io
import queue
import sys

from locogan_keras.engines.onnx_files import read_onnx
from locogan_keras.engines.threads import divided
from locogan_keras.storage.failures import in_one_line

# OpenVINO's converter, which is imported with it and not used here, tells its makers of its use.
# Where this is not to be had, it has a stub that tells nobody.
_TELEMETRY = "openvino_telemetry"
if _TELEMETRY in sys.modules:
    import openvino
else:
    sys.modules[_TELEMETRY] = None
    try:
        import openvino
    finally:
        del sys.modules[_TELEMETRY]

# By name, OpenVINO's own.
PRECISIONS = {"float32": openvino.Type.f32, "bfloat16": openvino.Type.bf16}
_PRECISION = "INFERENCE_PRECISION_HINT"
_POSITIONS = "positions"
# Threads go where there is room, for there may be other processes. Nothing is kept on the disk.
_SETTINGS = {"ENABLE_CPU_PINNING": False, "CACHE_DIR": ""}


class OpenVinoEngine:
    """An engine that runs an exported `.onnx` file in OpenVINO, on the processor.

    What is made of positions alone is computed in float32, whatever the precision is: of 8 bits
    they are some pixels apart, and other ones in the next repeat, so that tiles would not fit. The
    network's layers take them, as cosines and sines or as they are, when that is done.

    Args:
        path: The file.
        precision: `"float32"` or `"bfloat16"`, of the network's layers.

    Attributes:
        at_once: As of `OnnxEngine`.
        precision: As above.

    Call arguments:
        latent, positions: As in `Generator`, NumPy float32.

    Returns:
        image, NumPy float32 in [-1, 1]. Inputs of other shapes raise `ValueError`.

    Raises:
        ValueError: As of `OnnxEngine`; or if the processor does not compute in that precision.
    """

    def __init__(self, path, precision="float32"):
        self._path, self.precision = path, precision
        content, self.description = read_onnx(path)
        with in_one_line(path), _last_words():
            core = openvino.Core()
            placing, network = _split(_read(content))
            self.at_once, _ = divided()
            settings = {**_SETTINGS, "NUM_STREAMS": self.at_once}
            models = [
                core.compile_model(model, "CPU", {**settings, _PRECISION: PRECISIONS[each]})
                for model, each in ((placing, "float32"), (network, precision))
                if model
            ]
            # A request makes one image at a time.
            self._requests = queue.SimpleQueue()
            for _ in range(self.at_once):
                self._requests.put([model.create_infer_request() for model in models])
        if models[-1].get_property(_PRECISION) != PRECISIONS[precision]:
            raise ValueError(
                f"precision must be float32 on this processor. Received: precision={precision}"
            )

    def __call__(self, latent, positions):
        self.description.check_inputs(latent, positions)
        with in_one_line(self._path, "does not run"), _last_words(), self._request() as requests:
            *placing, network = requests
            places = [each for request in placing for each in request.infer([positions]).values()]
            return network.infer([latent, *places])["image"]

    @contextlib.contextmanager
    def _request(self):
        """The requests of one image, when there are some that nobody has."""
        requests = self._requests.get()
        try:
            yield requests
        finally:
            self._requests.put(requests)


def _read(content):
    """The `openvino.Model` of an ONNX file's bytes, read as what they were checked as.

    What is asked for by bytes alone may be read as another format, in which they may say something
    else.
    """
    frontend = openvino.frontend.FrontEndManager().load_by_framework("onnx")
    return frontend.convert(frontend.load(io.BytesIO(content)))


@contextlib.contextmanager
def _last_words():
    """A block in which an error is its reason alone: OpenVINO says where in its sources, too."""
    try:
        yield
    except Exception as error:  # noqa: BLE001 - its converters have kinds of their own
        lines = [line for line in str(error).splitlines() if line.strip() and "src/" not in line]
        raise RuntimeError(lines[-1].strip() if lines else "it cannot be converted") from None


def _split(model):
    """A graph as two: what is made of positions alone, and what is made of that and the latent.

    Args:
        model: An `openvino.Model`, which is not to be used any more.

    Returns:
        `(placing, network)`. The one takes positions, and is None if they do not matter; the other
        takes the latent and what the one gives.
    """
    # The graph's inputs that each node depends on; and what leaves those of positions alone.
    depends, leaving = {}, {}
    for node in model.get_ordered_ops():
        sources = [each.get_source_output() for each in node.inputs()]
        depends[node.name] = set().union(*(depends[each.get_node().name] for each in sources))
        if node.get_type_name() == "Parameter":
            depends[node.name] = {_POSITIONS} if _POSITIONS in node.output(0).names else {"latent"}
        if depends[node.name] == {_POSITIONS}:
            continue
        for target, source in zip(node.inputs(), sources, strict=True):
            if depends[source.get_node().name] == {_POSITIONS}:
                key = (source.get_node().name, source.get_index())
                leaving.setdefault(key, (source, []))[1].append(target)
    taken = []
    for source, targets in leaving.values():
        # The bounds of an axis that are reckoned there are too large to be an input's.
        shape = [each.get_length() if each.is_static else -1 for each in source.partial_shape]
        taken.append(openvino.op.Parameter(source.element_type, openvino.PartialShape(shape)))
        for target in targets:
            target.replace_source_output(taken[-1].output(0))
    given = {is_place: [] for is_place in (False, True)}
    for parameter in model.get_parameters():
        given[depends[parameter.name] == {_POSITIONS}].append(parameter)
    network = openvino.Model(model.get_results(), [*given[False], *taken], "network")
    if not leaving:
        return None, network
    return openvino.Model([each for each, _ in leaving.values()], given[True], "placing"), network
