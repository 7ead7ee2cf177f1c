# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Reading an HTML page strictly, and what a page of numbers has to hold."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser

VOID = frozenset("area base br col embed hr img input link meta source track wbr".split())


@dataclass
class Node:
    """An element; text is a child."""

    tag: str
    attributes: dict[str, str] = field(default_factory=dict)
    parent: Node | None = None
    children: list[Node | str] = field(default_factory=list)

    def walk(self) -> Iterator[Node]:
        yield self
        for child in self.children:
            if isinstance(child, Node):
                yield from child.walk()

    def find(self, tag: str) -> list[Node]:
        return [node for node in self.walk() if node.tag == tag]

    @property
    def classes(self) -> list[str]:
        return self.attributes.get("class", "").split()

    @property
    def text(self) -> str:
        return "".join(child if isinstance(child, str) else child.text for child in self.children)

    def ancestors(self) -> Iterator[Node]:
        node: Node | None = self
        while node is not None:
            yield node
            node = node.parent


class Reader(HTMLParser):
    """A tree of a page; AssertionError for a tag that is not closed, or closed twice."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.root = Node("")
        self.at = self.root

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = [name for name, _ in attrs]
        assert len(set(names)) == len(names), f"an attribute twice in <{tag}>"
        node = Node(tag, {name: value or "" for name, value in attrs}, self.at)
        self.at.children.append(node)
        if tag not in VOID:
            self.at = node

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.at.tag == tag, f"</{tag}> closes <{self.at.tag}> at {self.getpos()}"
        assert self.at.parent is not None
        self.at = self.at.parent

    def handle_data(self, data: str) -> None:
        self.at.children.append(data)


def read_page(text: str) -> Node:
    reader = Reader()
    reader.feed(text)
    reader.close()
    assert reader.at is reader.root, f"<{reader.at.tag}> is not closed"
    return reader.root


def origin_of(node: Node) -> str:
    """What the nearest element with an origin says, or ""."""
    return next(
        (n.attributes["data-origin"] for n in node.ancestors() if "data-origin" in n.attributes), ""
    )


def shows_tag(node: Node, origin: str) -> bool:
    """Whether a reader sees a tag of this origin at an element, or for a cell at the head of its column."""
    if node.tag == "td":
        row = node.parent
        assert row is not None
        column = [child for child in row.children if isinstance(child, Node)].index(node)
        table = next(n for n in node.ancestors() if n.tag == "table")
        node = table.find("th")[column]
    return any("tag" in n.classes and origin in n.classes and n.text == origin for n in node.walk())


def untagged(page: Node, numbers: set[str], origin: str) -> list[str]:
    """Texts with one of `numbers` that are not under `origin`, or under it without its tag."""
    wrong: list[str] = []
    pattern = re.compile("|".join(map(re.escape, numbers)))
    for node in page.walk():
        texts = [child for child in node.children if isinstance(child, str)]
        for text in [*texts, *node.attributes.values()]:
            if not pattern.search(text):
                continue
            holder = next((n for n in node.ancestors() if "data-origin" in n.attributes), None)
            if (
                holder is None
                or holder.attributes["data-origin"] != origin
                or not shows_tag(holder, origin)
            ):
                wrong.append(text.strip())
    return wrong
