"""Libraries that only some requests need, imported when first used: a process that starts does not wait for them."""

from __future__ import annotations

import importlib
from types import ModuleType
from typing import Any


class _Lazy(ModuleType):
    """Stands for a module and imports it at the first look at one of its names; setting a name sets the module's."""

    def __getattr__(self, name: str) -> Any:
        return getattr(importlib.import_module(self.__name__), name)

    def __setattr__(self, name: str, value: Any) -> None:
        setattr(importlib.import_module(self.__name__), name, value)

    def __delattr__(self, name: str) -> None:
        delattr(importlib.import_module(self.__name__), name)


def lazy(name: str) -> Any:
    """A stand-in for the module of this name. For type checking, import the module itself beside it:

    `if TYPE_CHECKING: import webauthn` and `else: webauthn = lazy("webauthn")`. Not for base classes and decorators,
    which a module needs while it is itself imported.
    """
    return _Lazy(name)
