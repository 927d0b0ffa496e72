# Runs a Python configuration with a stand-in for the module ldcorn.config, which
# records the arguments of its calls, and writes the result as JSON.
#
#   python3 -c SCRIPT file result-file cpus
#
# Exits 0 on success, 3 if the file fails (the traceback is on stderr), and 4 if
# the result cannot be written.
import sys

# After -c, the current folder comes first in sys.path, and a token.py in it would
# hide a module of Python itself. main puts it back for the configuration.
sys.path[:] = [p for p in sys.path if p]

import datetime
import decimal
import enum
import json
import os
import pathlib
import traceback
import types

read = {}  # the environment variables that were read, with None for one that is not set


class Recording(os._Environ):
    """os.environ that records which variables are read."""

    def __getitem__(self, key):
        read.setdefault(key, None)
        value = super().__getitem__(key)
        read[key] = value
        return value


class Call:
    """The arguments of a call of LdConfig or WorkerGroup."""

    def __init__(self, *args, **kwargs):
        self.args, self.kwargs = list(args), dict(kwargs)

    def __getattr__(self, name):
        # Configurations can read the arguments back.
        kwargs = self.__dict__.get("kwargs", {})
        if name in kwargs:
            return kwargs[name]
        raise AttributeError(name)


class LdConfig(Call):
    pass


class WorkerGroup(Call):
    pass


class Unwritable(Exception):
    pass


def plain(value, place):
    if isinstance(value, enum.Enum):
        return plain(value.value, place)
    if value is None or isinstance(value, (bool, str)):
        return value
    if isinstance(value, int):
        return {"int": str(int(value))}
    if isinstance(value, (float, decimal.Decimal)):
        return {"float": repr(float(value))}
    if isinstance(value, datetime.timedelta):
        return {"float": repr(value.total_seconds())}
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    if isinstance(value, Call):
        return {
            "call": type(value).__mro__[-3].__name__,  # also for a subclass
            "args": [plain(v, "%s[%d]" % (place, i)) for i, v in enumerate(value.args)],
            "kwargs": [[k, plain(v, "%s.%s" % (place, k) if place else k)] for k, v in value.kwargs.items()],
        }
    if isinstance(value, (list, tuple)):
        return [plain(v, "%s[%d]" % (place, i)) for i, v in enumerate(value)]
    if isinstance(value, (set, frozenset)):
        return [plain(v, place) for v in sorted(value)]
    if isinstance(value, dict):
        return {"dict": [[plain(k, place), plain(v, "%s[%r]" % (place, k))] for k, v in value.items()]}
    raise Unwritable("%s is a %s, which has no literal" % (place or "config", type(value).__name__))


def leaves(value):
    """The texts in what plain returns."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for v in value.values():
            yield from leaves(v)
    elif isinstance(value, list):
        for v in value:
            yield from leaves(v)


def is_in(value, texts):
    """Whether a variable's value is, or is a part of, one of the texts. A short
    value is in many texts by chance."""
    return value in texts or len(value) > 3 and any(value in text for text in texts)


def install(cpus):
    package, module = types.ModuleType("ldcorn"), types.ModuleType("ldcorn.config")
    package.__path__ = []
    package.config = module
    for cls in (LdConfig, WorkerGroup):
        cls.__module__ = "ldcorn.config"
        setattr(module, cls.__name__, cls)
        setattr(package, cls.__name__, cls)
    sys.modules["ldcorn"], sys.modules["ldcorn.config"] = package, module
    # The count of ldcorn, which respects the limit of a container.
    import multiprocessing

    os.cpu_count = multiprocessing.cpu_count = lambda: cpus
    if hasattr(os, "process_cpu_count"):
        os.process_cpu_count = os.cpu_count
    if hasattr(os, "sched_getaffinity"):
        os.sched_getaffinity = lambda pid: set(range(cpus))
    os.environ.__class__ = Recording


def user_frames(tb):
    while tb is not None and tb.tb_frame.f_code.co_filename == "<string>":
        tb = tb.tb_next
    return tb


def main(path, result, cpus):
    install(cpus)
    sys.argv = [path]
    sys.path[:] = [os.path.dirname(path), os.getcwd()] + sys.path
    sys.stdout = sys.stderr
    scope = types.ModuleType("ldconfig")
    scope.__file__ = path
    sys.modules["ldconfig"] = scope
    try:
        with open(path, "rb") as f:
            exec(compile(f.read(), path, "exec"), scope.__dict__)
        config = scope.__dict__["config"]
    except KeyError as exc:
        if exc.args == ("config",) and "config" not in scope.__dict__:
            print("the file does not assign `config`", file=sys.stderr)
        else:
            traceback.print_exception(type(exc), exc, user_frames(exc.__traceback__))
        return 3
    except BaseException as exc:
        traceback.print_exception(type(exc), exc, user_frames(exc.__traceback__))
        return 3
    if not isinstance(config, LdConfig):
        print("`config` is a %s, not an LdConfig" % type(config).__name__, file=sys.stderr)
        return 4
    try:
        found = {"config": plain(config, "")}
        texts = set(leaves(found["config"]))
        found["written"] = [k for k, v in read.items() if v is not None and is_in(v, texts)]
        found["used"] = [k for k, v in read.items() if v is not None and not is_in(v, texts)]
        found["unset"] = [k for k, v in read.items() if v is None and not k.startswith("PYTHON")]  # modules of Python ask for those
        with open(result, "w") as f:
            json.dump(found, f)
    except Unwritable as exc:
        print(exc, file=sys.stderr)
        return 4
    return 0


code = main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
sys.stderr.flush()
os._exit(code)
