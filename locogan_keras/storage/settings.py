"""The settings of a training run: their names, meanings and ranges."""

import dataclasses
import json
import math

from locogan_keras.canvas.latents import LEVELS
from locogan_keras.canvas.positions import CROP, INJECTIONS, PERIODIC_AXES, UPSAMPLINGS, check_frame

# Pixels between the places of crops: a cell is a whole number of them, and so is every circle.
STRIDES = tuple(2**level for level in range(LEVELS + 1))

# Far more than anybody needs, and little enough to be counted with: of steps, of channels of a
# layer, and of pixels along an edge of a picture to learn from.
_MOST_STEPS = 10**9
_MOST_CHANNELS = 4096
_LONGEST = 2**14

PRECISIONS = ("float32", "mixed_float16", "mixed_bfloat16")


def _setting(default, meaning, choices=None, least=None, most=None, form=None):
    """A field; `form` is of one whose type does not say all: what it must be, and a check."""
    metadata = {"meaning": meaning, "choices": choices, "least": least, "most": most}
    return dataclasses.field(default=default, metadata={**metadata, "form": form})


def _are_whole(value, count, least, most):
    """Whether a value is so many whole numbers within bounds."""
    kinds = [type(each) for each in value] if isinstance(value, tuple) else []
    return kinds == count * [int] and least <= min(value) and max(value) <= most


def _is_size(value):
    """Whether a value is a length or (height, width) that holds a crop."""
    return _are_whole((value,), 1, CROP, _LONGEST) or _are_whole(value, 2, CROP, _LONGEST)


@dataclasses.dataclass(frozen=True)
class ModelSettings:
    """The networks; see `build_generator`."""

    width: int = _setting(32, "channels of the narrowest layers", least=1, most=_MOST_CHANNELS)
    encoding: str = _setting("linear", "of positions", choices=tuple(PERIODIC_AXES))
    inject: str = _setting("every_layer", "where positions go", choices=INJECTIONS)
    global_channels: int = _setting(16, "of the master plan", least=0, most=_MOST_CHANNELS)
    local_channels: int = _setting(2, "of the local plan", least=1, most=_MOST_CHANNELS)
    frame: tuple[int, int] | str = _setting(
        "picture",
        "[height, width] in pixels of a pattern's frame; or the whole picture",
        form=(
            f'[HEIGHT, WIDTH], at most {_LONGEST}, or "picture"',
            lambda value: value == "picture" or _are_whole(value, 2, -math.inf, _LONGEST),
        ),
    )
    upsampling: str = _setting("free", "of the generator's features", choices=UPSAMPLINGS)
    fine_channels: tuple[int, int, int] = _setting(
        (0, 0, 0),
        "noise maps at 2, 4 and 8 times the cells' resolution, of local channels",
        form=(
            f"three whole numbers, 0 to {_MOST_CHANNELS}",
            lambda value: _are_whole(value, 3, 0, _MOST_CHANNELS),
        ),
    )
    line_channels: tuple[int, int] = _setting(
        (0, 0),
        "local channels with one value for a row of cells, and for a column",
        form=(
            f"two whole numbers, 0 to {_MOST_CHANNELS}",
            lambda value: _are_whole(value, 2, 0, _MOST_CHANNELS),
        ),
    )
    wide_levels: int = _setting(
        0, "how many of the generator's levels begin with a 3 x 3 convolution", least=0, most=LEVELS
    )


@dataclasses.dataclass(frozen=True)
class DataSettings:
    """The reading of the source."""

    image_size: tuple[int, int] | int = _setting(
        128,
        "the shorter edge is scaled down to this; or every picture to [height, width]",
        form=(f"a whole number or [HEIGHT, WIDTH], {CROP} to {_LONGEST}", _is_size),
    )
    # Measured on one panorama (width 8, 2,000 steps of batch 8, two seeds): with 1, patches came
    # nearer the photo's than with 16: sliced distance 6.0 and 5.9 against 8.9 and 8.3, at the size
    # trained at and stretched. With 16 there are only 80 different crops of it.
    stride: int = _setting(
        1,
        "pixels between the possible places of crops: 1 is the paper's wording, 16 keeps the phase "
        "of the latent grid",
        choices=STRIDES,
    )
    true_phase: bool = _setting(
        False, "whether a pattern's crops keep their places in a frame that is the photo's lattice"
    )
    alpha: str = _setting(
        "drop",
        "what becomes of transparency: drop it, over white, or keep it, for cut-outs",
        choices=("drop", "keep"),
    )
    # More than half damaged is more likely a wrong SOURCE than a bad one.
    max_rejected: float = _setting(
        0.5, "share of the pictures that may be damaged or too small", least=0.0, most=1.0
    )
    # Pillow's own limit; cameras have passed it.
    max_pixels: int = _setting(
        89_478_485,
        "of a picture that is read: some files unpack to far more than they are",
        least=CROP**2,
        most=2**32,
    )


@dataclasses.dataclass(frozen=True)
class TrainingSettings:
    """The training of the networks; see `LocoGAN.compile`."""

    steps: int = _setting(10_000, "generator steps in all", least=1, most=_MOST_STEPS)
    batch_size: int = _setting(16, "crops in a step, on all devices together", least=1, most=2**16)
    loss: str = _setting("bce", "adversarial loss", choices=("bce", "hinge", "relativistic"))
    gradient_penalty: float = _setting(
        0.0, "weight of the discriminator's gradient by reals and by fakes", least=0.0, most=1e6
    )
    feature_weight: float = _setting(
        0.0, "weight of a discriminator of what EfficientNet-Lite0 sees", least=0.0, most=1e6
    )
    spectral_normalization: bool = _setting(True, "whether the discriminator's kernels have norm 1")
    packed: int = _setting(
        1,
        "crops of one place in a pattern that the discriminator judges together",
        least=1,
        most=2**16,
    )
    standardize: bool = _setting(
        False, "whether the discriminator sees images at the pictures' mean and deviation"
    )
    generator_learning_rate: float = _setting(2e-4, "Adam's", least=0.0, most=1.0)
    discriminator_learning_rate: float = _setting(2e-4, "Adam's", least=0.0, most=1.0)
    beta_1: float = _setting(0.5, "Adam's", least=0.0, most=0.9999)
    rate_decay: float = _setting(
        0.0, "last share of the run, in which both rates fall to 0", least=0.0, most=1.0
    )
    discriminator_steps: int = _setting(1, "for each generator step", least=1, most=1000)
    ema_decay: float = _setting(0.999, "of the averaged generator", least=0.0, most=0.999999)
    seed: int = _setting(0, "of weights, crops and latents", least=0, most=2**32 - 1)
    strategy: str = _setting(
        "auto",
        "single, mirrored (all GPUs), multiworker (all of TF_CONFIG), auto (mirrored if it can be)",
        choices=("auto", "single", "mirrored", "multiworker"),
    )
    precision: str = _setting(
        "float32", "of training; what is saved is float32", choices=PRECISIONS
    )
    # The default makes a run the same on any number of devices.
    synchronized_batch_normalization: bool = _setting(
        True, "whether all devices normalise by the statistics of the whole batch"
    )
    deterministic: bool = _setting(
        False, "whether every operation gives the same bits each time, at some cost in speed"
    )
    save_every: int = _setting(
        500, "steps between checkpoints and sample sheets", least=1, most=_MOST_STEPS
    )
    tensorboard: bool = _setting(False, "whether losses and sample sheets are for TensorBoard, too")
    patience: int = _setting(
        0,
        "saves no nearer the photo than those before, after which a run ends; 0 for never",
        least=0,
        most=_MOST_STEPS,
    )
    keep: int = _setting(
        2, "checkpoints of the last saves; the best one stays, too", least=1, most=_MOST_STEPS
    )


@dataclasses.dataclass(frozen=True)
class Settings:
    """All settings of a run, in the sections of its TOML file."""

    model: ModelSettings = ModelSettings()
    data: DataSettings = DataSettings()
    training: TrainingSettings = TrainingSettings()

    def __post_init__(self):
        if self.training.batch_size % self.training.packed:
            raise ValueError(
                "training.batch_size must be a multiple of training.packed. Received: "
                f"training.batch_size={self.training.batch_size}, "
                f"training.packed={self.training.packed}"
            )
        if self.model.frame == "picture":
            if self.training.packed > 1:
                raise ValueError(
                    "training.packed must be 1 with model.frame=picture: a place in a picture has "
                    f"one crop. Received: training.packed={self.training.packed}"
                )
            if self.model.encoding == "none":
                raise ValueError(
                    "model.frame must be [HEIGHT, WIDTH] with model.encoding=none: without "
                    "positions no place is the picture's own. Received: model.frame='picture'"
                )
            return
        check_frame(self.model.frame, self.model.encoding)
        if self.model.encoding == "linear":
            raise ValueError(
                'model.frame must be "picture" with model.encoding=linear: only patterns that '
                f"repeat have a frame of their own. Received: model.frame={list(self.model.frame)}"
            )
        axes = zip(self.model.frame, PERIODIC_AXES[self.model.encoding], strict=True)
        if any(length < CROP and not repeats for length, repeats in axes):
            raise ValueError(
                f"model.frame must be at least one crop, {CROP}, on an axis that does not repeat. "
                f"Received: model.frame={list(self.model.frame)}"
            )

    def to_toml(self):
        """The settings as TOML."""
        lines = []
        for section in dataclasses.fields(self):
            lines += ["", f"[{section.name}]"] if lines else [f"[{section.name}]"]
            values = dataclasses.asdict(getattr(self, section.name))
            lines += [f"{key} = {toml_value(value)}" for key, value in values.items()]
        return "\n".join([*lines, ""])


def toml_value(value):
    """A number, a string or a list of them in TOML.

    JSON's are TOML's, as long as no character is escaped as two halves; bytes of a file's name
    that are not text are replaced.
    """
    text = json.dumps(value, ensure_ascii=False)
    return text.encode("utf-8", "replace").decode("utf-8")
