# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The transforms of a checkpoint in other frameworks: what host.py runs beside licc.

Every network is the same torch module, written out once as ONNX. Transposed convolutions have two forms:
as they are, and as sub-pixel convolutions (stride 1, then pixels are shuffled), which is the only form in which
ONNX Runtime has an integer kernel for them. INT8 is post-training quantization of the convolutions; those inside
a GDN stay in float, as does the rest of it. Activations are NCHW, one frame, float32 in and out.
"""

from __future__ import annotations

import copy
import logging
import os
import warnings
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from licc.ingress.checkpoint import read_checkpoint
from licc.ingress.modules import AddPerChannel, Gdn
from licc.ingress.networks import build_network

Floats = npt.NDArray[np.float32]
Size = tuple[int, int]
OPSET = 17
GDN_MARK = "gdn_norm"  # in the names of the convolutions that stay in float


@dataclass(frozen=True)
class Runner:
    """A transform that is ready for frames of one size: `run(prepare(x))` for x of 1xCxHxW.

    Attributes:
        prepare: brings x into the peer's own layout, which is not timed.
        run: gives the result as 1xCxHxW.
    """

    prepare: Callable[[Floats], Any]
    run: Callable[[Any], Floats]


@dataclass(frozen=True)
class Student:
    """The transforms of a checkpoint, by name, as torch modules that take 1xCxHxW."""

    path: Path
    transforms: Mapping[str, nn.Module]


def read_student(path: Path) -> Student:
    """The network of a checkpoint, for images of any size."""
    network = build_network(read_checkpoint(path), (512, 768), None)
    modules = {f.name: f.module for f in network.functions}
    return Student(path, modules)


@torch.inference_mode()
def inputs_of(student: Student, image: Floats) -> dict[str, Floats]:
    """What each transform reads on the way of an image, 1x3xHxW in 0..1, through the float codec."""
    run = student.transforms
    found: dict[str, Any] = {"g_a": torch.from_numpy(image)}
    y = run["g_a"](found["g_a"])
    found["g_s"] = torch.round(y)
    if "h_a" in run:
        found["h_a"] = y
        found["h_s"] = run["h_a"](y)
    return {name: value.numpy() for name, value in found.items()}


# --------------------------------------------------------------------------------------------------
# ONNX
# --------------------------------------------------------------------------------------------------
@dataclass
class _Graph:
    """Nodes and constants of an ONNX graph while it is written."""

    subpixel: bool
    nodes: list[Any] = field(default_factory=list)
    constants: dict[str, Floats] = field(default_factory=dict)
    last: str = "x"

    def add(self, kind: str, name: str, *inputs: str, **attributes: Any) -> str:
        from onnx import helper

        self.nodes.append(helper.make_node(kind, list(inputs), [name], name=name, **attributes))
        self.last = name
        return name

    def constant(self, name: str, value: torch.Tensor) -> str:
        self.constants[name] = np.ascontiguousarray(value.detach().float().numpy())
        return name


def export(module: nn.Module, path: Path, channels: int, subpixel: bool) -> Path:
    """Write a transform as ONNX with free height and width."""
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    graph = _Graph(subpixel)
    for index, layer in enumerate(next(module.children()).children()):
        _export_layer(graph, layer, f"layer{index}")
    graph.add("Identity", "result", graph.last)
    given = helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, channels, "h", "w"])
    result = helper.make_tensor_value_info("result", TensorProto.FLOAT, [1, None, None, None])
    constants = [numpy_helper.from_array(v, k) for k, v in graph.constants.items()]
    made = helper.make_model(
        helper.make_graph(graph.nodes, path.stem, [given], [result], constants),
        opset_imports=[helper.make_opsetid("", OPSET)],
        ir_version=8,
    )
    onnx.checker.check_model(made)
    onnx.save(made, path)
    return path


def _export_layer(graph: _Graph, layer: nn.Module, name: str) -> None:
    if isinstance(layer, nn.Conv2d):
        _convolution(graph, name, layer.weight, layer.bias, layer.stride[0], layer.padding)
    elif isinstance(layer, nn.ConvTranspose2d):
        _transposed(graph, name, layer)
    elif isinstance(layer, Gdn):
        _gdn(graph, name, layer)
    elif isinstance(layer, AddPerChannel):
        values = graph.constant(f"{name}_values", layer.get_buffer("values"))
        graph.add("Add", name, graph.last, values)
    else:
        kinds = {"ReLU": "Relu", "Abs": "Abs", "Round": "Round"}
        graph.add(kinds[type(layer).__name__], name, graph.last)


def _convolution(
    graph: _Graph, name: str, weight: Any, bias: Any, stride: int, padding: Sequence[Any]
) -> None:
    """A convolution; `padding` is one for both sides of rows and columns, or top, left, bottom, right."""
    pads = list(padding) * 2 if len(padding) == 2 else list(padding)
    inputs = [graph.last, graph.constant(f"{name}_weight", weight)]
    if bias is not None:
        inputs.append(graph.constant(f"{name}_bias", bias))
    graph.add("Conv", name, *inputs, strides=[stride] * 2, pads=pads)


def _transposed(graph: _Graph, name: str, layer: nn.ConvTranspose2d) -> None:
    stride, padding = layer.stride[0], int(layer.padding[0])
    if not graph.subpixel:
        inputs = [graph.last, graph.constant(f"{name}_weight", layer.weight)]
        if layer.bias is not None:
            inputs.append(graph.constant(f"{name}_bias", layer.bias))
        graph.add(
            "ConvTranspose",
            name,
            *inputs,
            strides=[stride] * 2,
            pads=[padding] * 4,
            output_padding=[layer.output_padding[0]] * 2,
        )
        return
    weight, pads = subpixel_weight(layer.weight, stride, padding)
    bias = None if layer.bias is None else layer.bias.repeat_interleave(stride**2)
    _convolution(graph, f"{name}_phases", weight, bias, 1, pads)
    graph.add("DepthToSpace", name, graph.last, blocksize=stride, mode="CRD")


def subpixel_weight(
    weight: torch.Tensor, stride: int, padding: int
) -> tuple[torch.Tensor, list[int]]:
    """The stride-1 convolution that gives the phases of a transposed one, and its padding.

    Row `stride * q + phase` of the result reads row `q - d` through tap `stride * d + padding + phase`.
    The output is as large as input times stride: with the kernel and output padding of CompressAI's deconv.

    Returns:
        [out * stride^2, in, taps, taps], and top, left, bottom, right.
    """
    inputs, outputs, kernel, _ = weight.shape
    before = (padding + stride - 1) // stride  # the most rows ahead of q that some phase reads
    ahead = -((-(kernel - 1 - padding)) // stride)
    taps = before + ahead + 1
    made = torch.zeros(outputs, stride, stride, inputs, taps, taps)
    for (row, i), (column, j) in _pairs(_phase_taps(kernel, stride, padding, ahead)):
        (phase_y, tap_y), (phase_x, tap_x) = row, column
        made[:, phase_y, phase_x, :, tap_y, tap_x] = weight[:, :, i, j].T
    return made.reshape(outputs * stride**2, inputs, taps, taps), [ahead, ahead, before, before]


def _pairs(taps: Mapping[tuple[int, int], int]) -> list[tuple[Any, Any]]:
    return [(row, column) for row in taps.items() for column in taps.items()]


def _phase_taps(kernel: int, stride: int, padding: int, ahead: int) -> dict[tuple[int, int], int]:
    """The kernel's tap by (phase, tap of the sub-pixel convolution)."""
    found: dict[tuple[int, int], int] = {}
    for tap in range(kernel):
        for phase in range(stride):
            back, rest = divmod(tap - padding - phase, stride)  # reads row q - back
            if rest == 0:
                found[phase, ahead - back] = tap
    return found


def _gdn(graph: _Graph, name: str, layer: Gdn) -> None:
    x = graph.last
    gdn1 = layer.form == "gdn1"
    power = (
        graph.add("Abs", f"{name}_power", x) if gdn1 else graph.add("Mul", f"{name}_power", x, x)
    )
    gamma = graph.constant(f"{name}_gamma", layer.folded("gamma")[:, :, None, None])
    beta = graph.constant(f"{name}_beta", layer.folded("beta"))
    norm = graph.add("Conv", f"{name}_{GDN_MARK}", power, gamma, beta)
    root = norm if gdn1 else graph.add("Sqrt", f"{name}_root", norm)
    graph.add("Mul" if layer.inverse else "Div", name, x, root)


def fixed(path: Path, size: Size) -> bytes:
    """The model with its input's height and width set."""
    import onnx

    model = onnx.load(path)
    dims = model.graph.input[0].type.tensor_type.shape.dim
    for dim, extent in zip(dims[2:], size, strict=True):
        dim.dim_value = extent
    return model.SerializeToString()


# --------------------------------------------------------------------------------------------------
# torch
# --------------------------------------------------------------------------------------------------
def torch_runner(module: nn.Module, channels_last: bool) -> Runner:
    """torch float32, eager."""
    layout = torch.channels_last if channels_last else torch.contiguous_format
    network: Any = module
    network = network.to(memory_format=layout)

    def run(x: torch.Tensor) -> Floats:
        with torch.inference_mode():
            return network(x).numpy()

    return Runner(lambda x: torch.from_numpy(x).contiguous(memory_format=layout), run)


# --------------------------------------------------------------------------------------------------
# ONNX Runtime
# --------------------------------------------------------------------------------------------------
def onnxruntime_runner(model: Path, shape: Sequence[int], threads: int) -> Runner:
    """ONNX Runtime on the processor."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(
        fixed(model, (shape[2], shape[3])), options, providers=["CPUExecutionProvider"]
    )
    return Runner(np.ascontiguousarray, lambda x: np.asarray(session.run(None, {"x": x})[0]))


def quantize_onnxruntime(
    model: Path, out: Path, samples: Sequence[Floats], reduce_range: bool
) -> Path:
    """Static quantization, QDQ: u8 activations, i8 weights a channel; 7-bit weights with `reduce_range`."""
    from onnxruntime import quantization
    from onnxruntime.quantization.shape_inference import quant_pre_process

    class Reader(quantization.CalibrationDataReader):
        def __init__(self) -> None:
            self.left = iter(samples)

        def get_next(self) -> Any:
            x = next(self.left, None)
            return None if x is None else {"x": x}

    import onnx

    prepared = out.with_suffix(".pre.onnx")
    quant_pre_process(str(model), str(prepared), skip_symbolic_shape=True)
    names = [node.name for node in onnx.load(prepared).graph.node if GDN_MARK in node.name]
    with _quiet():
        quantization.quantize_static(
            str(prepared),
            str(out),
            Reader(),
            quant_format=quantization.QuantFormat.QDQ,
            op_types_to_quantize=["Conv", "ConvTranspose"],
            per_channel=True,
            reduce_range=reduce_range,
            activation_type=quantization.QuantType.QUInt8,
            weight_type=quantization.QuantType.QInt8,
            nodes_to_exclude=names,
        )
    prepared.unlink()
    return out


# --------------------------------------------------------------------------------------------------
# OpenVINO
# --------------------------------------------------------------------------------------------------
def openvino_runner(model: Path, shape: Sequence[int], threads: int) -> Runner:
    """OpenVINO on the processor, for latency."""
    import openvino

    core = openvino.Core()
    read = core.read_model(str(model))
    read.reshape(list(shape))
    compiled = core.compile_model(
        read,
        "CPU",
        {
            "INFERENCE_NUM_THREADS": threads,
            "PERFORMANCE_HINT": "LATENCY",
            "NUM_STREAMS": 1,
            "INFERENCE_PRECISION_HINT": "f32",
        },
    )
    request = compiled.create_infer_request()

    def run(x: Any) -> Floats:
        request.set_input_tensor(x)
        request.infer()
        return request.get_output_tensor(0).data

    return Runner(lambda x: openvino.Tensor(np.ascontiguousarray(x), shared_memory=True), run)


def quantize_openvino(
    model: Path, out: Path, samples: Sequence[Floats], reduce_range: bool
) -> Path:
    """NNCF's post-training quantization; GDN stays in float.

    By itself NNCF keeps the weights of the first layer within 7 bits, with `reduce_range` of all of them.
    """
    import nncf
    import openvino

    read = openvino.Core().read_model(str(model))
    fix = nncf.OverflowFix.ENABLE if reduce_range else nncf.OverflowFix.FIRST_LAYER
    inside = [op.get_friendly_name() for op in read.get_ops() if _in_gdn(op.get_friendly_name())]
    with _quiet():
        made = nncf.quantize(
            read,
            nncf.Dataset(list(samples)),
            subset_size=len(samples),
            preset=nncf.QuantizationPreset.MIXED,
            advanced_parameters=nncf.AdvancedQuantizationParameters(overflow_fix=fix),
            ignored_scope=nncf.IgnoredScope(names=inside, validate=False),
        )
    openvino.save_model(made, out, compress_to_fp16=False)
    return out


def _in_gdn(name: str) -> bool:
    return any(mark in name for mark in (GDN_MARK, "_power", "_root"))


@contextmanager
def _quiet() -> Generator[None]:
    """What peers say on standard output and in logs while they quantize is not shown."""
    level = logging.root.manager.disable
    logging.disable(logging.WARNING)
    held, nowhere = os.dup(1), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        os.dup2(held, 1)
        os.close(held)
        os.close(nowhere)
        logging.disable(level)


# --------------------------------------------------------------------------------------------------
# All of them
# --------------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Form:
    """A way to run a transform.

    Attributes:
        family: what it is compared as; of each family the fastest form counts.
        name: layout of tensors, or form of transposed convolutions.
        load: makes it.
    """

    family: str
    name: str
    load: Callable[[], Runner]


TORCH = "torch float32"
ORT = "ONNX Runtime"
OPENVINO = "OpenVINO"
SEVEN = "INT8, weights of 7 bits"
FAMILIES = (
    TORCH,
    f"{ORT} float32",
    f"{ORT} INT8",
    f"{ORT} {SEVEN}",
    f"{OPENVINO} float32",
    f"{OPENVINO} INT8",
    f"{OPENVINO} {SEVEN}",
)
"""INT8 saturates where the processor has no dot product of bytes (VNNI): 7 bits of weight do not."""


def forms(
    student: Student,
    transform: str,
    shape: Sequence[int],
    folder: Path,
    samples: Sequence[Floats],
    threads: int,
) -> list[Form]:
    """Every way to run a transform on an input of `shape`.

    Args:
        student: whose transform.
        transform: its name.
        shape: 1, channels, height and width of the input.
        folder: models are written here where they are missing.
        samples: what INT8 is calibrated with, of any size.
        threads: of each.
    """
    module = student.transforms[transform]
    made = [
        Form(TORCH, "NCHW", lambda: torch_runner(module, channels_last=False)),
        Form(TORCH, "NHWC", lambda: torch_runner(copy.deepcopy(module), channels_last=True)),
    ]
    transposed = any(isinstance(layer, nn.ConvTranspose2d) for layer in module.modules())
    for subpixel in (False, True) if transposed else (False,):
        form = "sub-pixel" if subpixel else "as it is"
        plain = folder / f"{transform}{'_subpixel' if subpixel else ''}.onnx"
        once(plain, lambda out, s=subpixel: export(module, out, shape[1], s))
        made.append(Form(f"{ORT} float32", form, _load(onnxruntime_runner, plain, shape, threads)))
        made.append(
            Form(f"{OPENVINO} float32", form, _load(openvino_runner, plain, shape, threads))
        )
        for seven in (False, True):
            kind = SEVEN if seven else "INT8"
            bits = "_7" if seven else "_8"
            qdq = plain.with_stem(f"{plain.stem}{bits}")
            once(qdq, lambda out, p=plain, s=seven: quantize_onnxruntime(p, out, samples, s))
            made.append(Form(f"{ORT} {kind}", form, _load(onnxruntime_runner, qdq, shape, threads)))
            ir = qdq.with_suffix(".xml")
            once(ir, lambda out, p=plain, s=seven: quantize_openvino(p, out, samples, s))
            made.append(
                Form(f"{OPENVINO} {kind}", form, _load(openvino_runner, ir, shape, threads))
            )
    return made


def _load(
    make: Callable[[Path, Sequence[int], int], Runner],
    model: Path,
    shape: Sequence[int],
    threads: int,
) -> Callable[[], Runner]:
    return lambda: make(model, shape, threads)


def once(path: Path, make: Callable[[Path], object]) -> None:
    """Let `make` write `path` where it is missing, whole or not at all."""
    if path.exists():
        return
    part = path.with_stem(f"{path.stem}.part")
    make(part)
    if part.with_suffix(".bin").exists():  # an .xml has its constants beside it, and comes last
        part.with_suffix(".bin").rename(path.with_suffix(".bin"))
    part.rename(path)
