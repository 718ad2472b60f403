"""A tenant's logo, made ready for the PDF kit: what it draws wrongly is rewritten, what it cannot draw is refused."""

from __future__ import annotations

import re
from functools import lru_cache
from xml.etree import ElementTree

from core.tenancy import svg

_NAMESPACE = "http://www.w3.org/2000/svg"
# The kit leaves these out without a word: a logo without its picture is worse than the name in letters.
_NOT_DRAWN = frozenset(
    {"mask", "filter", "pattern", "symbol", "style", "textPath", "switch", "marker", "foreignObject"}
)


@lru_cache(maxsize=64)
def prepared(drawing: str) -> tuple[bytes, float] | None:
    """(drawing, width by height) as the kit draws it; None where it holds what cannot be drawn faithfully."""
    if not drawing or svg.problems(drawing):
        return None
    # Looked at above: no document type, no entities, nothing from outside.
    root = ElementTree.fromstring(drawing)  # noqa: S314
    shape = _shape(root)
    if shape is None:
        return None
    ElementTree.register_namespace("", _NAMESPACE)
    for parent in root.iter():
        for child in list(parent):
            name = child.tag.rpartition("}")[2]
            if name in _NOT_DRAWN:
                return None
            if name in ("title", "desc", "metadata"):
                parent.remove(child)
    for element in root.iter():
        for key, value in list(element.attrib.items()):
            if key == "id" or "#" in value:
                element.attrib[key] = _plain(value) if key == "id" or key.endswith("href") else _inside(value)
    _clip_each(root)
    return ElementTree.tostring(root), shape


def _shape(root: ElementTree.Element) -> float | None:
    box = [float(n) for n in re.findall(r"-?\d+(?:\.\d+)?", root.get("viewBox", ""))]
    return box[2] / box[3] if len(box) == 4 and box[2] > 0 and box[3] > 0 else None


def _plain(value: str) -> str:
    return value.replace("-", "_")


def _inside(value: str) -> str:
    """`url(#a-b)` as `url(#a_b)`: the kit knows ids of letters, digits and underscores only."""
    return re.sub(r"url\(#[^)]*\)", lambda found: _plain(found.group(0)), value)


def _clip_each(element: ElementTree.Element) -> None:
    """The kit forgets the clip of a group: each child without a place of its own carries it instead."""
    clip = element.get("clip-path") if element.tag.rpartition("}")[2] == "g" else None
    for child in element:
        if clip and not child.get("clip-path") and not child.get("transform"):
            child.set("clip-path", clip)
        _clip_each(child)
