"""Finds the handler that spec.handler names."""

import importlib
import os

from _ampoule.trace import trace_of


class LoadFailure(Exception):
    def __init__(self, code, what, why, fix):
        super().__init__(what)
        self.parts = {"code": code, "what": what, "why": why, "fix": fix}


def load_handler(folder, name):
    """The handler and the module's init_context, which may be None. Raises LoadFailure."""
    module_name, function = _parts_of(folder, name)
    module = _import(module_name)
    handler = getattr(module, function, None)
    if not callable(handler):
        names = [each for each, value in vars(module).items() if callable(value) and not each.startswith("_")]
        raise LoadFailure(
            "AMP_HANDLER_MISSING",
            f"{getattr(module, '__file__', module_name)} does not have a function {function}",
            f"it has {', '.join(names) or 'none'}",
            f'Define it as "def {function}(context, event):", or correct spec.handler.',
        )
    init_context = getattr(module, "init_context", None)
    return handler, init_context if callable(init_context) else None


def _parts_of(folder, name):
    """`module.sub:function`, `module` or `:function`; the only file of the folder, else main, where no module is named."""
    module, _, function = (name or "").partition(":")
    if module.endswith(".py"):
        module = module[:-3]
    return module.replace("/", ".") or _only_module(folder), function or "handler"


def _only_module(folder):
    try:
        names = [name[:-3] for name in os.listdir(folder) if name.endswith(".py")]
    except OSError:
        names = []
    return names[0] if len(names) == 1 else "main"


def _import(name):
    try:
        return importlib.import_module(name)
    except BaseException as error:
        # Also SystemExit, which a module may raise while it is read.
        raise LoadFailure(
            "AMP_HANDLER_LOAD",
            f"Module {name} cannot be loaded",
            trace_of(error),
            "Correct the code of the function or its requirements, then deploy it again.",
        ) from error
