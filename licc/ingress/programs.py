# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Reading `torch.export` programs (`.pt2`) without torch.export.load.

torch.export.load unpickles sample inputs and odd constants and evaluates symbolic sizes, so a file could
run code. What a static program needs is plain: a graph of aten calls in JSON and raw bytes of weights. This
module reads those two and nothing else, and builds a module of the same calls, which is then
traced at the size that is asked for: the size at which the program was exported does not bind.
"""

from __future__ import annotations

import json
import re
import zipfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import prod
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from licc.errors import UserError
from licc.ingress.architectures import TRANSFORMS
from licc.ingress.checkpoint import DIVERGED
from licc.ingress.networks import Function, Network, Size, padded_size, select
from licc.ingress.sizes import check_input_size

NODE_MARK = "#"
"""Separates a layer's path from the number of a call in it; module names may hold it."""

REMEDY = "export it again with torch.export.save and static shapes"
JSON_LIMIT = 64 << 20
LATENT_STRIDE = 16

# torch._export.serde.schema.ScalarType of dense float tensors, and how their bytes are read.
FLOAT_TYPES: Mapping[int, torch.dtype] = {
    6: torch.float16,
    7: torch.float32,
    8: torch.float64,
    13: torch.bfloat16,
}

CALLS = frozenset(
    (
        "abs.default",
        "add.Scalar",
        "add.Tensor",
        "alias.default",
        "clone.default",
        "contiguous.default",
        "conv2d.default",
        "conv_transpose2d.input",
        "convolution.default",
        "detach.default",
        "div.Scalar",
        "div.Tensor",
        "leaky_relu.default",
        "max.other",
        "maximum.default",
        "mul.Scalar",
        "mul.Tensor",
        "pixel_shuffle.default",
        "pow.Tensor_Scalar",
        "reciprocal.default",
        "relu.default",
        "reshape.default",
        "round.default",
        "rsqrt.default",
        "sqrt.default",
        "square.default",
        "sub.Scalar",
        "sub.Tensor",
        "view.default",
    )
)
"""The aten calls a program may make. Those that write in place are read as their pure forms."""

LAYERS = "convolutions, GDN, ReLU, LeakyReLU, abs, round, PixelShuffle"

ROLES = {
    "g_a": ("image", "latent"),
    "h_a": ("latent", "latent"),
    "h_s": ("symbols", "scales"),
    "g_s": ("symbols", "image"),
}


@dataclass(frozen=True)
class Call:
    """One node of the graph: `result = aten.<target>(*arguments)`; names of tensors are `Name`s."""

    target: str
    path: str
    result: str
    arguments: tuple[Any, ...]
    options: Mapping[str, Any]


@dataclass(frozen=True)
class Name:
    """A value of the graph by its name."""

    text: str


@dataclass(frozen=True)
class Program:
    """A program as its file states it."""

    path: Path
    transform: str
    calls: Sequence[Call]
    input: str
    output: str
    channels: int
    tensors: Mapping[str, Tensor]
    targets: Mapping[str, str]


class _Archive:
    """The entries of a `.pt2` file that licc reads, as JSON or raw bytes."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.zip = zipfile.ZipFile(path)
        self.names = {name.partition("/")[2]: name for name in self.zip.namelist()}

    def json(self, name: str) -> Any:
        if name not in self.names:
            raise UserError(f"{self.path}: not a torch.export program: no {name}; {REMEDY}")
        if self.zip.getinfo(self.names[name]).file_size > JSON_LIMIT:
            raise UserError(f"{self.path}: not a torch.export program: {name} is too large")
        return json.loads(self.zip.read(self.names[name]))

    def bytes(self, name: str) -> bytes:
        return self.zip.read(self.names[name])

    def text(self, name: str) -> str | None:
        return self.bytes(name).decode() if name in self.names else None


def _integer(value: Mapping[str, Any], path: Path) -> int:
    """A static size; symbolic ones are expressions that torch would evaluate."""
    if "as_int" not in value:
        raise UserError(f"{path}: a program with dynamic shapes is not supported; {REMEDY}")
    return int(value["as_int"])


def _tensor(archive: _Archive, key: str, folder: str, payload: Mapping[str, Any]) -> Tensor:
    """Return a weight from its raw bytes."""
    meta = payload.get("tensor_meta")
    if payload.get("use_pickle") or meta is None:
        raise UserError(f"{archive.path}: {key}: a pickled tensor is not supported; {REMEDY}")
    dtype = FLOAT_TYPES.get(meta["dtype"])
    if dtype is None:
        raise UserError(f"{archive.path}: {key}: expected floating-point weights")
    sizes, strides = (
        [_integer(v, archive.path) for v in meta[name]] for name in ("sizes", "strides")
    )
    offset = _integer(meta["storage_offset"], archive.path)
    data = bytearray(archive.bytes(f"data/{folder}/{payload['path_name']}"))
    if not prod(sizes):
        return torch.zeros(sizes)
    last = offset + sum((n - 1) * s for n, s in zip(sizes, strides, strict=True))
    flat = torch.frombuffer(data, dtype=dtype)
    if min(strides, default=0) < 0 or last >= flat.numel():
        raise UserError(
            f"{archive.path}: {key}: expected {_x(sizes)} weights, but the file has fewer"
        )
    return flat.as_strided(sizes, strides, offset).to(torch.float32).contiguous()


def _tensors(archive: _Archive) -> dict[str, Tensor]:
    """Return parameters, buffers and constants by their names in the model."""
    tensors: dict[str, Tensor] = {}
    for folder, name in (("weights", "model_weights"), ("constants", "model_constants")):
        config = archive.json(f"data/{folder}/{name}_config.json")["config"]
        for key, payload in config.items():
            tensor = _tensor(archive, key, folder, payload)
            if not bool(torch.isfinite(tensor).all()):
                kind = "NaN" if bool(torch.isnan(tensor).any()) else "infinite values"
                raise UserError(f"{archive.path}: {key}: {kind} in the weights; {DIVERGED}")
            tensors[key] = tensor
    return tensors


def _x(shape: Sequence[int]) -> str:
    return "x".join(map(str, shape))


def _layer_path(node: Mapping[str, Any], transform: str) -> str:
    """Return the path of the layer that a node is from: `g_a.1`."""
    stack = node.get("metadata", {}).get("nn_module_stack", "")
    # `key,path,type;key,path,type`, outermost first.
    paths = [entry.split(",")[1] for entry in stack.split(";") if entry.count(",") >= 2]
    path = re.sub(r"@\d+$", "", paths[-1]) if paths else ""
    if path.split(".")[0] == transform:
        return path
    return f"{transform}.{path or node.get('name') or 'forward'}"


def _argument(value: Mapping[str, Any], path: Path) -> Any:
    """Return an argument of a call: a number, a list of numbers, None or the `Name` of a tensor."""
    (kind, content), *_ = value.items()
    if kind == "as_tensor":
        return Name(content["name"])
    if kind == "as_none":
        return None
    if kind in ("as_int", "as_float", "as_bool"):
        return content
    if kind in ("as_ints", "as_floats", "as_bools"):
        return list(content)
    if kind == "as_sym_ints":
        return [_integer(v, path) for v in content]
    if kind == "as_sym_int":
        return _integer(content, path)
    if kind in ("as_memory_format", "as_scalar_type", "as_layout", "as_device"):
        return None  # of clone and contiguous, where it changes no number
    raise UserError(f"{path}: an argument of kind {kind} is not supported; {REMEDY}")


def _call(node: Mapping[str, Any], transform: str, path: Path) -> Call:
    layer = _layer_path(node, transform)
    target = str(node["target"])
    plain = re.sub(r"^torch\.ops\.aten\.(\w+?)_?\.", r"\1.", target)
    if plain not in CALLS:
        shown = re.sub(r"^torch\.ops\.(\w+\.\w+)\..*", r"\1", target)
        raise UserError(f"{path}: {layer} ({shown}): unsupported layer; licc compiles {LAYERS}")
    outputs = node["outputs"]
    if len(outputs) != 1 or "as_tensor" not in outputs[0]:
        raise UserError(f"{path}: {layer} ({plain}): expected one tensor as its result")
    positional: list[Any] = []
    options: dict[str, Any] = {}
    for item in node["inputs"]:
        value = _argument(item["arg"], path)
        if item.get("kind") == 2:
            if item["name"] != "memory_format":
                options[item["name"]] = value
        else:
            positional.append(value)
    result = outputs[0]["as_tensor"]["name"]
    return Call(plain, layer, result, tuple(positional), options)


def _specs(signature: Mapping[str, Any], path: Path) -> tuple[dict[str, str], list[str], list[str]]:
    """Return parameters (graph name -> name in the model), user inputs and user outputs."""
    targets: dict[str, str] = {}
    inputs: list[str] = []
    outputs: list[str] = []
    for spec in signature["input_specs"]:
        (kind, content), *_ = spec.items()
        if kind == "user_input":
            inputs.append(content["arg"].get("as_tensor", {}).get("name", ""))
        elif kind in ("parameter", "buffer", "tensor_constant"):
            key = next(v for k, v in content.items() if k.endswith("_name"))
            targets[content["arg"]["name"]] = key
        else:
            raise UserError(f"{path}: an input of kind {kind} is not supported; {REMEDY}")
    for spec in signature["output_specs"]:
        (kind, content), *_ = spec.items()
        if kind != "user_output":
            raise UserError(
                f"{path}: a program that changes its own state is not supported ({kind})"
            )
        outputs.append(content["arg"].get("as_tensor", {}).get("name", ""))
    if len(inputs) != 1 or len(outputs) != 1:
        raise UserError(
            f"{path}: expected a program of one tensor in and one out, but got "
            f"{len(inputs)} in and {len(outputs)} out; export each transform (model.g_a) alone"
        )
    return targets, inputs, outputs


def transform_name(path: Path, stated: str | None, transforms: Sequence[str] | None) -> str:
    """Return which transform a program is: as asked for, as its file says, or by the file's name."""
    known = ", ".join(TRANSFORMS)
    if transforms and len(transforms) > 1:
        raise UserError(
            f"{path}: a .pt2 program is one transform, but {len(transforms)} are asked for"
        )
    endings = [name for name in TRANSFORMS if re.search(rf"(^|[^a-z]){name}$", path.stem)]
    names = [*(transforms or ()), *([stated.strip()] if stated else ()), *endings]
    if not names or names[0] not in TRANSFORMS:
        raise UserError(
            f"{path}: which transform is it? name one with --transforms ({known}) "
            "or in the file's name (g_a.pt2)"
        )
    return names[0]


def read_program(path: Path, transforms: Sequence[str] | None = None) -> Program:
    """Read the program `path`, as data only.

    Raises:
        UserError: the file is no program of torch.export.save, or holds a call that licc does not know.
    """
    try:
        archive = _Archive(path)
        transform = transform_name(path, archive.text("extra/transform"), transforms)
        model = archive.json("models/model.json")
        graph = model["graph_module"]["graph"]
        targets, inputs, outputs = _specs(model["graph_module"]["signature"], path)
        calls = [_call(node, transform, path) for node in graph["nodes"]]
        sizes = [_integer(v, path) for v in graph["tensor_values"][inputs[0]]["sizes"]]
        if len(sizes) != 4:
            raise UserError(f"{path}: expected an input of rank 4 (NCHW), but got {_x(sizes)}")
        tensors = _tensors(archive)
    except (KeyError, ValueError, TypeError, IndexError, zipfile.BadZipFile) as error:
        raise UserError(f"{path}: not a torch.export program: {error!r}; {REMEDY}") from error
    return Program(path, transform, calls, inputs[0], outputs[0], sizes[1], tensors, targets)


class _Node(nn.Module):
    """One call, a module of its own so that the trace knows its path."""

    def __init__(self, call: Call) -> None:
        super().__init__()
        self.call = call
        name, overload = call.target.split(".")
        self.function: Callable[..., Tensor] = getattr(getattr(torch.ops.aten, name), overload)

    def forward(self, values: Mapping[str, Tensor]) -> Tensor:
        """Apply the call to the `values` so far."""

        def value(argument: Any) -> Any:
            return values[argument.text] if isinstance(argument, Name) else argument

        options = {k: value(v) for k, v in self.call.options.items()}
        return self.function(*map(value, self.call.arguments), **options)


class ProgramModule(nn.Module):
    """A program as a module: parameters under their own names, a submodule for each call."""

    def __init__(self, program: Program) -> None:
        super().__init__()
        self.program = program
        self.paths: list[str] = []
        for graph_name, key in program.targets.items():
            self.register_buffer(f"{NODE_MARK}{graph_name}", program.tensors[key])
        for i, call in enumerate(program.calls):
            path = f"{call.path}.{NODE_MARK}{i}"
            self._add(path, _Node(call))
            self.paths.append(path)

    def _add(self, path: str, node: nn.Module) -> None:
        *folders, leaf = path.split(".")
        parent: nn.Module = self
        for folder in folders:
            if folder not in dict(parent.named_children()):
                parent.add_module(folder, nn.Module())
            parent = parent.get_submodule(folder)
        parent.add_module(leaf, node)

    def forward(self, x: Tensor) -> Tensor:
        """Run the calls in their order."""
        values = {name: self.get_buffer(f"{NODE_MARK}{name}") for name in self.program.targets}
        values[self.program.input] = x
        for path, call in zip(self.paths, self.program.calls, strict=True):
            values[call.result] = self.get_submodule(path)(values)
        return values[self.program.output]


def _shrinking(call: Call) -> Fraction:
    """By how much a call shrinks the rows of an image; below 1 where it makes more of them."""
    name = call.target.partition(".")[0]
    if name == "pixel_shuffle":
        return Fraction(1, int(call.arguments[1]))
    if not name.startswith("conv"):
        return Fraction(1)
    arguments = [*call.arguments, *[None] * 7]
    given = call.options.get("stride", arguments[3]) or 1
    stride = max(given) if isinstance(given, list) else given
    transposed = name == "conv_transpose2d" or (name == "convolution" and arguments[6])
    return Fraction(1, int(stride)) if transposed else Fraction(int(stride))


def _factor(program: Program) -> int:
    """By how much the program shrinks an image, or makes it larger.

    Followed along the values that depend on the input: both sides of a residual block shrink an image once.
    """
    shrunk = {program.input: Fraction(1)}
    for call in program.calls:
        names = [a.text for a in call.arguments if isinstance(a, Name) and a.text in shrunk]
        if names:
            shrunk[call.result] = shrunk[names[0]] * _shrinking(call)
    total = shrunk.get(program.output, Fraction(1))
    return int(max(total, 1 / total))


def program_network(path: Path, input_hw: Size, transforms: Sequence[str] | None = None) -> Network:
    """Return the one transform of the program `path` for images of `input_hw`.

    g_a and g_s run at the size of the image and of its latent. What the other file does is not known: h_a and
    h_s take a latent of 16 times fewer rows and columns, as all of CompressAI's models have it, and
    h_s as many fewer of them as it adds again.
    """
    check_input_size(input_hw)
    program = read_program(path, transforms)
    name = select([program.transform], None, str(path))[0]
    factor = _factor(program)
    total = factor if name in ("g_a", "g_s") else LATENT_STRIDE
    padded = padded_size(input_hw, total)
    y = (padded[0] // total, padded[1] // total)
    z = (-(-y[0] // factor), -(-y[1] // factor))
    size = {"g_a": padded, "g_s": y, "h_a": y, "h_s": z}[name]
    takes, gives = ROLES[name]
    if program.calls and program.calls[-1].target == "round.default":
        gives = "symbols"
    module = ProgramModule(program).eval()
    return Network(
        "exported",
        input_hw,
        padded,
        [Function(name, module, program.channels, size, (takes, gives))],
    )
