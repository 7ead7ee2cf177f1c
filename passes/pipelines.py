# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Pipeline text, as in `builtin.module(lic-fuse{subpixel=true}, func.func(canonicalize, cse))`.

MLIR's own parser cannot name a pass written in Python, so the text is parsed here into a flat list of
steps: ours, and upstream ones that keep their text and the ops that they are nested in.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from licc.passes.registry import LOADED, PASSES, OptionError, Pass, known_passes, make_pass

MODULE = "builtin.module"

# Names that stand for several of our passes, for pipelines and for `licc-opt --NAME`.
PIPELINES: Mapping[str, tuple[str, ...]] = {
    "lic-quantize-pipeline": ("lic-calibrate", "lic-assign-precision"),
    "lic-to-hls-pipeline": ("lic-fuse", "lic-tile", "lic-pose", "lic-schedule", "lic-to-hls"),
}


class PipelineError(OptionError):
    """Pipeline text that cannot be read; the message ends with the column."""


@dataclass(frozen=True)
class UpstreamPass:
    """A pass of MLIR itself.

    Attributes:
        name: its flag.
        options: the text between its braces, or "".
        anchors: the ops that it is nested in, outermost (`builtin.module`) first.
    """

    name: str
    options: str = ""
    anchors: tuple[str, ...] = (MODULE,)

    @property
    def text(self) -> str:
        """A whole pipeline with this pass alone, for `PassManager.parse`."""
        inner = f"{self.name}{{{self.options}}}" if self.options else self.name
        for anchor in reversed(self.anchors):
            inner = f"{anchor}({inner})"
        return inner


Step = Pass | UpstreamPass


def parse_pipeline(text: str) -> tuple[Step, ...]:
    """The steps of a pipeline text that is wrapped in `builtin.module(...)`.

    Raises:
        OptionError: the text is malformed, or names an unknown pass or option of ours.
    """
    roots = _Parser(text).parse()
    if len(roots) != 1 or roots[0].children is None or roots[0].name != MODULE:
        raise PipelineError(
            f"expected the pipeline to be wrapped as '{MODULE}(...)', but got '{text}'"
        )
    return tuple(_flatten(roots[0].children, (MODULE,)))


def parse_flag(name: str, options: str) -> tuple[Step, ...]:
    """The steps of one flag `--NAME` or `--NAME=OPTIONS`."""
    return tuple(_flatten([_Node(name, options)], (MODULE,)))


def parse_options(text: str) -> dict[str, str]:
    """The options in `a=1 b='two words' c`, as text by name; a name alone has the value ""."""
    scanner = _Parser(text)
    return dict(scanner.options())


@dataclass
class _Node:
    """`name{options}` (children is None) or `name(children)`."""

    name: str
    options: str = ""
    children: list[_Node] | None = field(default=None)


def _flatten(nodes: list[_Node], anchors: tuple[str, ...]) -> Iterator[Step]:
    for node in nodes:
        if node.children is not None:
            yield from _flatten(node.children, (*anchors, node.name))
        elif node.name in PASSES or node.name in PIPELINES or node.name in LOADED:
            yield from _ours(node, anchors)
        elif node.name.startswith("lic-"):
            raise OptionError(f"unknown pass '{node.name}'; licc has {', '.join(known_passes())}")
        else:
            yield UpstreamPass(node.name, node.options, anchors)


def _ours(node: _Node, anchors: tuple[str, ...]) -> Iterator[Pass]:
    if anchors != (MODULE,):
        raise OptionError(
            f"pass '{node.name}' runs on the top-level '{MODULE}', but was put in '{anchors[-1]}'"
        )
    options = parse_options(node.options)
    if node.name not in PIPELINES:
        yield make_pass(node.name, options)
        return
    if options:
        raise OptionError(f"pipeline '{node.name}' takes no options, but got '{node.options}'")
    for name in PIPELINES[node.name]:
        yield make_pass(name, {})


_OPENING = {"(": ")", "{": "}", "[": "]", "<": ">"}


class _Parser:
    """A cursor over pipeline text."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0

    def parse(self) -> list[_Node]:
        nodes = self._list()
        self._skip_space()
        if self._at != len(self._text):
            raise self._error("expected ',' or the end")
        return nodes

    def _list(self) -> list[_Node]:
        nodes = [self._node()]
        while self._take(","):
            nodes.append(self._node())
        return nodes

    def _node(self) -> _Node:
        self._skip_space()
        start = self._at
        while self._peek() and (self._peek().isalnum() or self._peek() in "-_."):
            self._at += 1
        name = self._text[start : self._at]
        if not name:
            raise self._error("expected a pass or an op name")
        if self._take("("):
            children = [] if self._take(")") else self._list()
            if children and not self._take(")"):
                raise self._error("expected ',' or ')'")
            return _Node(name, children=children)
        self._skip_space()
        if self._peek() == "{":
            return _Node(name, self._balanced()[1:-1].strip())
        return _Node(name)

    def options(self) -> Iterator[tuple[str, str]]:
        """The `name=value` and `name` items separated by spaces."""
        while True:
            self._skip_space()
            if not self._peek():
                return
            start = self._at
            while self._peek() and self._peek() != "=" and not self._peek().isspace():
                self._at += 1
            name = self._text[start : self._at]
            if not name:
                raise self._error("expected an option name")
            value = ""
            if self._peek() == "=":
                self._at += 1
                value = self._value()
            yield name, value

    def _value(self) -> str:
        if self._peek() == "{":
            return self._balanced()[1:-1].strip()
        if self._peek() in ("'", '"') and self._peek():
            return self._quoted()[1:-1]
        start = self._at
        while self._peek() and not self._peek().isspace():
            self._at += 1
        return self._text[start : self._at]

    def _balanced(self) -> str:
        """The text from the opening bracket here to the one that closes it."""
        start, open_ = self._at, list[str]()
        while self._peek():
            char = self._peek()
            if char in ("'", '"'):
                self._quoted()
                continue
            self._at += 1
            if char in _OPENING:
                open_.append(_OPENING[char])
            elif char == open_[-1]:
                open_.pop()
                if not open_:
                    return self._text[start : self._at]
        self._at = start
        raise self._error(f"expected a matching '{_OPENING[self._text[start]]}'")

    def _quoted(self) -> str:
        start = self._at
        end = self._text.find(self._text[start], start + 1)
        if end < 0:
            raise self._error("expected a closing quote")
        self._at = end + 1
        return self._text[start : self._at]

    def _peek(self) -> str:
        return self._text[self._at : self._at + 1]

    def _take(self, char: str) -> bool:
        self._skip_space()
        if self._peek() != char:
            return False
        self._at += 1
        return True

    def _skip_space(self) -> None:
        while self._peek().isspace():
            self._at += 1

    def _error(self, message: str) -> PipelineError:
        return PipelineError(f"pipeline: {message} at column {self._at + 1} of '{self._text}'")
