"""YAML that remembers on which line each key stands, and refuses a key given twice."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

Path_ = tuple[str | int, ...]
MAX_DEPTH = 40
_EXACT: Any = yaml.SafeLoader
_FAST: Any = getattr(yaml, "CSafeLoader", _EXACT)
_PLAIN = ("tag:yaml.org,2002:map", "tag:yaml.org,2002:seq")
_OPENING = (
    yaml.BlockMappingStartToken,
    yaml.BlockSequenceStartToken,
    yaml.FlowMappingStartToken,
    yaml.FlowSequenceStartToken,
)
_CLOSING = (yaml.BlockEndToken, yaml.FlowMappingEndToken, yaml.FlowSequenceEndToken)


@dataclass(frozen=True)
class Lined:
    """Plain data, and the line (from 1) of every path in it."""

    data: Any
    lines: Mapping[Path_, int]

    def line(self, path: Path_) -> int:
        """The line of a path, or of its nearest ancestor that stands in the file."""
        wanted = tuple(path)
        while wanted and wanted not in self.lines:
            wanted = wanted[:-1]
        return self.lines.get(wanted, 1)


class YamlProblem(ValueError):
    """Text that is not usable YAML: `line` says where."""

    def __init__(self, line: int, message: str) -> None:
        super().__init__(message)
        self.line = line


def load(text: str) -> Lined:
    """Parse safely. Raises YamlProblem for bad syntax, an alias, a duplicate key, an impossible value.

    The parser in C is ten times faster; what it refuses is read again by the one in Python, whose words and lines for
    what is wrong are better, and the same everywhere.
    """
    if _FAST is not _EXACT:
        try:
            return _load(text, _FAST)
        except (YamlProblem, yaml.YAMLError, UnicodeError):
            pass
    return _load(text, _EXACT)


def _load(text: str, kind: Any) -> Lined:
    try:
        loader = kind(text)
    except yaml.reader.ReaderError as error:
        line = text[: error.position].count("\n") + 1
        raise YamlProblem(line, f"a character that YAML does not allow (code {error.character})") from error
    try:
        _look_over(text, kind)
        node = loader.get_single_node()
        lines: dict[Path_, int] = {}
        data = _build(loader, node, (), lines) if node is not None else {}
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise YamlProblem(mark.line + 1 if mark else 1, str(error.problem or "not YAML")) from error
    except RecursionError as error:
        raise YamlProblem(1, "nested too deeply") from error
    finally:
        loader.dispose()
    return Lined(data, lines)


def load_file(path: Path) -> Lined:
    """As `load`, from a UTF-8 file."""
    return load(path.read_text(encoding="utf-8"))


def _look_over(text: str, kind: Any) -> None:
    """Refuse what must not reach the parser: it goes one call deeper with each level, and in C that ends the process."""
    depth = 0
    for token in yaml.scan(text, Loader=kind):
        if isinstance(token, _OPENING):
            depth += 1
            if depth > 2 * MAX_DEPTH:
                raise YamlProblem(token.start_mark.line + 1, "nested too deeply")
        elif isinstance(token, _CLOSING):
            depth -= 1
        # An alias can hold itself or multiply without end, and a reader of the file cannot see the value where it counts.
        elif isinstance(token, (yaml.AliasToken, yaml.AnchorToken)):
            raise YamlProblem(token.start_mark.line + 1, "anchors and aliases are not used here: write the value out")


def _build(loader: yaml.SafeLoader, node: yaml.Node, path: Path_, lines: dict[Path_, int]) -> Any:
    lines.setdefault(path, node.start_mark.line + 1)
    if len(path) > MAX_DEPTH:
        raise YamlProblem(node.start_mark.line + 1, "nested too deeply")
    if not isinstance(node, yaml.ScalarNode) and node.tag not in _PLAIN:
        raise YamlProblem(node.start_mark.line + 1, f"could not determine a constructor for the tag {node.tag!r}")
    if isinstance(node, yaml.MappingNode):
        result: dict[Any, Any] = {}
        for key_node, value_node in node.value:
            line = key_node.start_mark.line + 1
            if not isinstance(key_node, yaml.ScalarNode):
                raise YamlProblem(line, "a key is a single word")
            # The text as written: a key such as `on` or `2026-11-01` is a name, not a boolean or a date.
            key = str(key_node.value)
            if key in result:
                raise YamlProblem(line, f"“{key}” is given twice")
            lines[(*path, key)] = line
            result[key] = _build(loader, value_node, (*path, key), lines)
        return result
    if isinstance(node, yaml.SequenceNode):
        return [_build(loader, child, (*path, i), lines) for i, child in enumerate(node.value)]
    try:
        return loader.construct_object(node, deep=True)
    except ValueError as error:  # a date such as 2026-13-45 looks like one and is none
        raise YamlProblem(node.start_mark.line + 1, f"“{node.value}”: {error}") from error
