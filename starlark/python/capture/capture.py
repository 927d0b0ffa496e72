# Runs a Python configuration with a stand-in for the module ldcorn.config, and
# writes the resulting objects as JSON to descriptor 3. Before that, it asks there for
# the values of words that ldcorn knows, which it reads from descriptor 4.
#
#   python3 -c SCRIPT file words cpus
#
# words are those of the language, with the arguments of LdConfig and WorkerGroup, as JSON. What the
# configuration prints goes to stdout and stderr, and is never part of the result.
import sys

if sys.version_info < (3, 7):  # the rest must still be syntax for it
    sys.exit("ldcorn needs Python 3.7 or later to run a configuration; this is Python " + sys.version.split()[0])

# After -c, the current folder comes first in sys.path, and a token.py in it would
# hide a module of Python itself.
sys.path[:] = [p for p in sys.path if p]

import ast
import copy
import dataclasses
import datetime
import decimal
import enum
import hashlib
import importlib.util
import inspect
import json
import logging
import numbers
import os
import re
import sysconfig
import threading
import traceback
import types
import typing

try:
    import resource
except ImportError:
    resource = None

result, answers = os.dup(3), os.fdopen(os.dup(4), "rb")  # which no child inherits
os.close(3)
os.close(4)
getpid, own_pid, exit_now = os.getpid, os.getpid(), os._exit

STDLIB = tuple(os.path.join(sysconfig.get_path(p), "") for p in ("stdlib", "platstdlib"))
PACKAGES = ("/site-packages/", "/dist-packages/")


def is_stdlib(filename):
    return filename.startswith("<frozen") or filename.startswith(STDLIB) and not any(p in filename for p in PACKAGES)


# The modules through which a file reads the environment.
THROUGH = ("os.py", "_collections_abc.py", "posixpath.py", "pathlib.py", "collections/__init__.py", "<frozen os>",
           "<frozen _collections_abc>", "<frozen posixpath>")


def asked_by_user():
    """Whether the code that asks for something is not a module of Python itself."""
    frame = sys._getframe(2)
    while frame is not None:
        name = frame.f_code.co_filename
        if name != "<string>" and not name.endswith(THROUGH):
            return not is_stdlib(name)
        frame = frame.f_back
    return False


def place_of_user():
    """The instruction of the file, or of a package, that asks for something."""
    frame = sys._getframe(2)
    while frame is not None and (frame.f_code.co_filename == "<string>" or frame.f_code.co_filename.endswith(THROUGH)):
        frame = frame.f_back
    return frame and (id(frame), frame.f_lasti)


class Seen:
    """What the file has asked for."""

    read = {}  # environment variables as they were at the start, with None for one that was not set
    every = False  # it went through all variables
    walking = None  # the variable that a walk through all has come to
    walked = None  # the place of the code that walks, which dict() asks from for each variable
    cpus = False
    opened = []  # paths
    touched = set()  # the same, of everything that is not installed
    # It has the value of a variable, or has used another program or the network, which
    # is unknown before Python 3.8.
    reached = not hasattr(sys, "addaudithook")
    put = {}  # variables that are set, in bytes

    @staticmethod
    def note(key, secret=False):
        if key not in Seen.read:
            value = at_start.get(os.fsencode(key))
            Seen.read[key] = None if value is None else os.fsdecode(value)
        if not secret and Seen.read[key] is not None:
            Seen.reached = True


class Recording(os._Environ):
    """os.environ that records which variables are read."""

    def __getitem__(self, key):
        if key == Seen.walking or not asked_by_user():
            return super().__getitem__(key)
        if isinstance(key, str) and Seen.walked != place_of_user():
            Seen.note(key)
        return super().__getitem__(key)

    def __iter__(self):
        user = asked_by_user()
        if user:
            Seen.walked = place_of_user()
        for key in list(super().__iter__()):
            if user:
                Seen.every, Seen.walking = True, key
            yield key
        if user:
            Seen.walking = None

    def copy(self):
        if asked_by_user():
            Seen.every = True
        return {os.fsdecode(k): os.fsdecode(v) for k, v in self._data.items()}


# The objects of the stand-in: id -> (object, the names of its arguments, its place).
# The object stays here, so that no other one gets its id.
made = {}


def remember(cls, args, kwargs):
    obj = object.__new__(cls)
    names = [f.name for f in dataclasses.fields(cls)]
    given = set(names[: len(args)]) | set(kwargs)
    if len(given) >= len(names):  # dataclasses.replace and its like give all
        given = set()
    made[id(obj)] = (obj, given, place_of_call())
    return obj


def place_of_call():
    """Where the configuration makes an object: line, column (from 0, in bytes)."""
    frame = sys._getframe(3)
    while frame is not None and frame.f_code.co_filename != path:
        frame = frame.f_back
    if frame is None:
        return None
    if hasattr(frame.f_code, "co_positions"):
        for i, (line, _, col, _) in enumerate(frame.f_code.co_positions()):
            if i == frame.f_lasti // 2 and line is not None:
                return [line, -1 if col is None else col]
    return [frame.f_lineno, -1]


# The annotations of the arguments that the Python version has.
TYPES = {
    "name": str, "app": str, "instances": int, "max_req_per_worker": int, "routes": typing.List[str],
    "reload_on_sighup": bool, "uvicorn_log_level": str, "max_restarts_on_crash": int,
    "restart_backoff_on_crash": float, "bind": str,
}
COUNTS = ("instances", "max_req_per_worker", "max_restarts_on_crash")
FROM_ZERO = ("max_req_per_worker", "max_restarts_on_crash", "restart_backoff_on_crash")
MOST = 1000000  # stands for infinity


def make_class(word, types_of):
    fields = []
    for a in word["arguments"]:
        kind = types_of.get(a["name"], typing.Any)
        options = {"kw_only": True} if a["keyword"] and sys.version_info >= (3, 10) else {}
        if a["name"] == "workers":
            field = dataclasses.field(default_factory=list)
        elif a["required"]:
            field = dataclasses.field()
        else:
            default = default_of(a)
            if isinstance(default, (list, dict)):
                field = dataclasses.field(default_factory=lambda default=default: copy.copy(default), **options)
            else:
                field = dataclasses.field(default=default, **options)
        fields.append((a["name"], kind, field))
    namespace = {"__new__": lambda cls, *args, **kwargs: remember(cls, args, kwargs)}
    cls = dataclasses.make_dataclass(word["name"], fields, namespace=namespace)
    cls.__new__.__signature__ = inspect.signature(cls.__init__)
    return cls


def default_of(argument):
    try:
        return ast.literal_eval(argument["default"])
    except (SyntaxError, ValueError):
        return None


def is_default(value, argument):
    default = [] if argument["name"] == "workers" else default_of(argument)
    if argument["required"] or argument["name"] == "workers":
        return False
    try:
        return type(value) is type(default) and bool(value == default)
    except Exception:
        return False


class Refused(Exception):
    """What ldcorn says of a use of its words. It names the mistake itself."""


def refuse(message):
    def method(self, *_):
        raise TypeError(message % self.__class__._named(self))

    return method


class Word:
    """The result of another word of ldcorn, such as a matcher or by_cookie."""

    def __init__(self, name, args, kwargs):
        self._word, self._args, self._kwargs = name, args, kwargs

    def _named(self):
        return "%s(…)" % self._word

    def __and__(self, other):
        return Word("all_of", (self, other), {})

    def __or__(self, other):
        return Word("any_of", (self, other), {})

    def __invert__(self):
        return Word("not_", (self,), {})

    def __bool__(self):
        raise TypeError("join matchers with &, | and ~, not with and, or and not")

    # Its value is not known before ldcorn has read it.
    __repr__ = _named
    __hash__ = object.__hash__
    __eq__ = __ne__ = __lt__ = __le__ = __gt__ = __ge__ = refuse("%s cannot be compared: it is only for ldcorn")
    __str__ = refuse("%s has no text: it is only for ldcorn")
    __len__ = __iter__ = __getitem__ = refuse("%s has no parts: it is only for ldcorn")

    def __format__(self, _):
        return str(self)


class Secret:
    """The value of secret() or secret_file(), which can only be joined with texts."""

    __slots__ = ("_text", "_literal")

    def __init__(self, text, literal=False):
        self._text, self._literal = text, literal  # data of a file, in which {index} means nothing

    def _named(self):
        return "a secret"

    def __add__(self, other):
        return self.join(self, other)

    def __radd__(self, other):
        return self.join(other, self)

    @staticmethod
    def join(*parts):
        texts = [p._text if isinstance(p, Secret) else p for p in parts]
        if not all(isinstance(t, str) for t in texts):
            return NotImplemented
        data = [isinstance(p, Secret) and p._literal for p in parts]
        return Secret("".join(texts), any(data) and all(d or "{" not in t for d, t in zip(data, texts)))

    def __bool__(self):
        return self._text != ""

    def __eq__(self, other):
        return self._text == other._text if isinstance(other, Secret) else NotImplemented

    __hash__ = None

    def __repr__(self):
        return MARK

    def __copy__(self):
        return self

    def __deepcopy__(self, _):
        return self

    __reduce_ex__ = __reduce__ = refuse("%s cannot be pickled")


Secret.__name__ = Secret.__qualname__ = "secret"
MARK = "(secret)"  # what a secret shows in place of its value

missing = object()
asking = threading.Lock()


class Answers:
    """What ldcorn has answered, except secrets, which configurations may show."""

    texts = set()


def word_asked(name):
    """A word whose value ldcorn knows."""
    return lambda *args, **kwargs: ask(name, args, kwargs)


def ask(name, args, kwargs):
    default = kwargs.get("default", args[1] if len(args) > 1 else missing)
    args, kwargs = list(args), dict(kwargs)
    known = missing
    if default is not missing:
        try:
            known = plain(default, "")
        except Unwritable as exc:
            if not name.startswith("read_"):
                raise Refused("the default of %s%s" % (name, str(exc)[len("config"):]))
            known = "the default of %d" % id(default)
        if "default" in kwargs:
            kwargs["default"] = known
        else:
            args[1] = known
    try:
        args = [known if i == 1 else plain(v, "an argument of " + name) for i, v in enumerate(args)]
        kwargs = [[k, v if k == "default" else plain(v, "an argument of " + name)] for k, v in kwargs.items()]
    except Unwritable as exc:
        raise Refused(str(exc))
    if name.partition(".")[0] in ("env", "secret") and args and isinstance(args[0], str):
        Seen.note(args[0], name == "secret")
    if name not in ("arg", "secret", "env") and "." not in name and args and isinstance(args[0], str):
        Seen.opened.append(os.path.join(os.path.dirname(path), args[0][2:] if args[0].startswith("//") else args[0]))
    answer = tell({"word": name, "args": args, "kwargs": kwargs, "at": place_of_call(), "env": changed()})
    if "error" in answer:
        raise Refused(answer["error"])
    value = answer["value"]
    if not name.startswith(("env", "secret")):
        Answers.texts.update(known_texts(value))
    return default if known is not missing and value == known else real(value)


def tell(question):
    if getpid() != own_pid:
        raise Refused("%s works only in the process that runs the configuration" % question["word"])
    with asking:
        data = memoryview(b"ask " + json.dumps(question).encode() + b"\n")
        while data:
            data = data[os.write(result, data):]
        line = answers.readline()
    if not line:
        raise Refused("ldcorn has ended")
    return json.loads(line.decode())


def changed():
    """The variables that the file has changed, with None for one that it has removed."""
    now, out = os.environ._data, {}
    for key in set(at_start) | set(now):
        value = now.get(key)
        if value != at_start.get(key):
            try:
                out[key.decode()] = None if value is None else value.decode()
            except UnicodeDecodeError:
                pass  # workers do not get it either
    return out


def real(value):
    """The value that plain has written."""
    if isinstance(value, list):
        return [real(v) for v in value]
    if not isinstance(value, dict):
        return value
    if "int" in value:
        return int(value["int"])
    if "float" in value:
        return float(value["float"])
    if "secret" in value:
        return Secret(value["secret"], value.get("literal", False))
    return {real(k): real(v) for k, v in value["dict"]}


def known_texts(value):
    """The texts and numbers in what plain writes that are not secrets."""
    if isinstance(value, str):
        return {value}
    if isinstance(value, list):
        return set().union(*map(known_texts, value))
    if isinstance(value, dict):
        if "int" in value:
            return {value["int"]}
        return set().union(*(known_texts(part) for pair in value.get("dict", []) for part in pair))
    return set()


def other_words():
    """The words of ldcorn that a file in the language can use without an import."""
    out = {"cpu_count": os.cpu_count}
    for name in words:
        if name not in out and name not in ("LdConfig", "WorkerGroup"):
            out[name] = word_asked(name) if words[name]["asked"] else word_function(name)
    for name in [n for n in out if "." in n]:
        of, attribute = name.split(".")
        setattr(out[of], attribute, out.pop(name))
    return out


def word_function(name):
    return lambda *args, **kwargs: Word(name, args, kwargs)


class Unwritable(Exception):
    def __init__(self, text, place=None):
        super().__init__(text)
        self.place = place


def plain(value, place):
    if isinstance(value, enum.Enum):
        return plain(value.value, place)
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, Secret):
        return {"secret": plain(value._text, place), "literal": value._literal}
    if isinstance(value, Word):
        kwargs = [[k, plain(v, place)] for k, v in value._kwargs.items()]
        return {"call": value._word, "args": [plain(v, place) for v in value._args], "kwargs": kwargs}
    if isinstance(value, str):
        value = str.__str__(value)  # of a subclass too
        try:
            value.encode()
        except UnicodeEncodeError:
            raise Unwritable("%s is not UTF-8 text" % (place or "config"))
        return value
    if isinstance(value, numbers.Integral):
        return {"int": str(int(value))}
    if isinstance(value, (numbers.Real, decimal.Decimal)):
        return {"float": repr(float(value))}
    if isinstance(value, datetime.timedelta):
        return {"float": repr(value.total_seconds())}
    if isinstance(value, os.PathLike):
        return plain(os.fspath(value), place)
    if isinstance(value, (LdConfig, WorkerGroup)):
        return plain_object(value, place)
    if isinstance(value, (list, tuple)):
        return [plain(v, "%s[%d]" % (place, i)) for i, v in enumerate(value)]
    if isinstance(value, (set, frozenset)):
        return [plain(v, place) for v in sorted(value)]
    if isinstance(value, dict):
        return {"dict": [[plain(k, place), plain(v, "%s[%r]" % (place, k))] for k, v in value.items()]}
    if type(value).__module__ == "numpy" and hasattr(value, "item"):
        return plain(value.item(), place)
    kind = type(value).__name__
    raise Unwritable("%s is a %s, which has no literal" % (place or "config", kind))


def plain_object(obj, place):
    word = words["LdConfig" if isinstance(obj, LdConfig) else "WorkerGroup"]
    _, given, at = made.get(id(obj), (obj, set(), None))
    kwargs = []
    for a in word["arguments"]:
        name = a["name"]
        value = getattr(obj, name, default_of(a))
        if value is None and word["name"] == "WorkerGroup":
            value = inherited(name)
        if is_default(value, a) and name not in given:
            continue
        where = "%s.%s" % (place, name) if place else name
        if name == "router" and callable(value):
            raise Unwritable("router= is a Python function, but requests cannot wait for Python", at)
        try:
            kwargs.append([name, plain(adjusted(name, value), where)])
        except Unwritable as exc:
            exc.place = exc.place or at
            raise
    known = {a["name"] for a in word["arguments"]}
    for name in getattr(obj, "__dict__", {}):
        if name not in known and not name.startswith("_"):
            lost.append([word["name"], name, at])
    return {"call": word["name"], "at": at, "kwargs": kwargs}


def process():
    """What workers of the Python version have from the process that loads the file."""
    try:
        folder = os.getcwd()
    except OSError:  # it has been removed
        folder = None
    mask = os.umask(0)
    os.umask(mask)
    limits = {}
    if resource is not None:
        limits = {name: resource.getrlimit(getattr(resource, name)) for name in dir(resource) if name.startswith("RLIMIT_")}
    return {"cwd": folder, "python": sys.executable, "umask": mask, "nice": os.nice(0), "limits": limits}


def inherited(name):
    """The value of an argument that the file has given to all workers by changing its process."""
    if name not in ("cwd", "python"):
        return None
    now = process()[name]
    return now if now != at_start_process[name] else None


def lost_of_process():
    now = process()
    for name, function in (("umask", "os.umask"), ("nice", "os.nice"), ("limits", "resource.setrlimit")):
        if now[name] != at_start_process[name]:
            lost.append(["process", function, None])


def adjusted(name, value):
    """The value with the meaning that it has in the Python version, which checks few types."""
    if name in COUNTS:
        if isinstance(value, bool):
            value = int(value)
        elif isinstance(value, float) and value == float("inf"):
            value = MOST
        elif isinstance(value, float) and value.is_integer():
            value = int(value)
    if name in FROM_ZERO and isinstance(value, (int, float)):
        value = max(value, 0)
    if name == "reload_on_sighup" and (value is None or isinstance(value, int)):
        value = bool(value)
    return value


def texts_of(value):
    """The texts in what plain returns, without numbers."""
    if isinstance(value, str):
        yield value
        return
    parts = value if isinstance(value, list) else []
    if isinstance(value, dict):
        parts = [value["secret"]] if "secret" in value else value.get("args", []) + [v for _, v in value.get("kwargs", [])]
        parts = parts + [part for pair in value.get("dict", []) for part in pair]
    for part in parts:
        for text in texts_of(part):
            yield text


def is_telling(value):
    """Whether a value is hardly the same as another one by chance, as a small number or a flag is."""
    return len(value) > 3 and not (value.isdigit() and len(value) < 6) and value.lower() not in ("true", "false", "none", "null")


def is_in(value, texts):
    """Whether a variable that the file has read is, or is a part of, one of the texts."""
    return is_telling(value) and any(value in text for text in texts)


def is_of_walk(value, texts):
    """The same of a variable that the file has only gone past. Most of them it does not use."""
    return is_telling(value) and (value in texts or len(value) > 7 and value[0] != "/" and is_in(value, texts))


def hide(config, values, shown):
    """Mark the values of env= that were read, and if there are texts that may be shown, all
    that are not among these."""
    for name, value in config["kwargs"]:
        if name == "workers" and isinstance(value, list):
            for group in value:
                if isinstance(group, dict) and group.get("call"):
                    hide_group(group, values, shown)


def hide_group(group, values, shown):
    for name, value in group["kwargs"]:
        if name == "env" and isinstance(value, dict) and "dict" in value:
            for pair in value["dict"]:
                text = pair[1]
                if isinstance(text, str) and MARK not in text and is_hidden(text, values, shown):
                    pair[1] = {"secret": text}


def is_hidden(text, values, shown):
    """Whether a value of env= is a secret: one that was read, or that may have been made of one."""
    return any(v == text or is_in(v, [text]) for v in values if v) or shown is not None and len(text) > 3 and text not in shown


def is_from_outside():
    """Whether the file has read anything besides code."""
    if Seen.reached or Seen.every:
        return True
    code = {os.path.normpath(f) for f in code_files()}
    return any(os.path.normpath(f) not in code for f in Seen.touched)


def code_files():
    """The files of the configuration and of the modules beside it."""
    files = [path]
    for module in list(sys.modules.values()):
        name = getattr(module, "__file__", None)
        if isinstance(name, str) and name.endswith(".py") and not is_installed(name):
            files.append(name)
    return files


def is_installed(name):
    inside = (sys.prefix + "/", sys.base_prefix + "/")
    return name.endswith(".pyc") or is_stdlib(name) or name.startswith(inside) or any(p in name for p in PACKAGES)


def shown_texts():
    """The texts and numbers that the code has as literals, or that ldcorn may show."""
    out = set(Answers.texts)
    for name in code_files():
        try:
            with open(name, "rb") as f:
                tree = ast.parse(f.read())
        except (OSError, SyntaxError, ValueError, RecursionError):
            continue
        for node in ast.walk(tree):
            value = getattr(node, "value", getattr(node, "s", getattr(node, "n", None)))  # s and n before Python 3.8
            if isinstance(value, (str, int)):
                out.add(str(value))
    return out


def validate_config(config):
    """The function of the Python version. ldcorn checks the result itself."""


def install():
    package = types.ModuleType("ldcorn")
    try:  # the other modules of the Python version, if it is installed
        package.__path__ = list(importlib.util.find_spec("ldcorn").submodule_search_locations)
    except (AttributeError, ImportError, TypeError, ValueError):
        package.__path__ = []
    module, log = types.ModuleType("ldcorn.config"), types.ModuleType("ldcorn.log")
    package.config, package.log = module, log
    log.logger = logging.getLogger("ldcorn")
    log.logger.setLevel(logging.INFO)
    for cls in (LdConfig, WorkerGroup):
        cls.__module__, cls.__qualname__ = "ldcorn.config", cls.__name__
        setattr(module, cls.__name__, cls)
        setattr(package, cls.__name__, cls)
    module.dataclass, module.field, module.List, module.re = dataclasses.dataclass, dataclasses.field, typing.List, re
    module.validate_config = validate_config
    sys.modules.update({"ldcorn": package, "ldcorn.config": module, "ldcorn.log": log})

    # The count of ldcorn, which respects the limit of a container.
    def counted(*_):
        if asked_by_user():
            Seen.cpus = True
        return cpus

    os.cpu_count = counted
    if hasattr(os, "process_cpu_count"):
        os.process_cpu_count = counted
    if hasattr(os, "sched_getaffinity"):
        os.sched_getaffinity = lambda pid: set(range(counted()))
    os.environ.__class__ = Recording
    put, unset = os.putenv, os.unsetenv

    def putenv(key, value):
        put(key, value)
        Seen.put[os.fsencode(key)] = os.fsencode(value)

    def unsetenv(key):
        unset(key)
        Seen.put.pop(os.fsencode(key), None)

    os.putenv, os.unsetenv = putenv, unsetenv  # which os.environ calls too
    if hasattr(sys, "addaudithook"):  # Python 3.8
        sys.addaudithook(opened)


REACHING = ("subprocess.Popen", "os.system", "os.exec", "os.spawn", "os.posix_spawn", "os.fork", "os.forkpty", "socket.connect", "socket.getaddrinfo",
            "ctypes.dlopen", "mmap.__new__")


def opened(event, args):
    if event in REACHING:
        Seen.reached = True
    if event == "open" and isinstance(args[0], (str, bytes)):
        name = os.fsdecode(args[0])
        if not is_installed(name) and len(Seen.touched) < 10000:
            Seen.touched.add(os.path.join(os.getcwd(), name))
    if event == "open" and isinstance(args[0], (str, bytes)) and isinstance(args[1], str) and not set(args[1]) & set("wax+"):
        if len(Seen.opened) < 10000:
            Seen.opened.append(os.path.join(os.getcwd(), os.fsdecode(args[0])))


def inputs():
    """The files that were read, with their digests (None for one that is not there)."""
    names = dict.fromkeys(os.path.normpath(p) for p in Seen.opened)
    for module in list(sys.modules.values()):
        name = getattr(module, "__file__", None)
        if isinstance(name, str):
            names[os.path.normpath(name)] = None
    out = []
    for name in names:
        if name == path or name.endswith(".pyc") or name.startswith(("/proc/", "/sys/", "/dev/", sys.prefix + "/", sys.base_prefix + "/")):
            continue
        if is_stdlib(name) or any(p in name for p in PACKAGES) or len(out) == 500:
            continue
        digest = None
        try:
            if os.path.isfile(name) and os.path.getsize(name) <= 64 << 20:
                with open(name, "rb") as f:
                    digest = hashlib.sha256(f.read()).hexdigest()
        except OSError:
            pass
        out.append([name, digest])
    return out


def entries(found):
    """The variables that workers get: the group, the name, the value."""
    for key, value in Seen.put.items():
        yield "", os.fsdecode(key), os.fsdecode(value)
    workers = dict(found["config"]["kwargs"]).get("workers")
    for group in workers if isinstance(workers, list) else []:
        arguments = dict(group["kwargs"]) if isinstance(group, dict) and group.get("call") else {}
        env, of = arguments.get("env"), arguments.get("name")
        for name, value in env.get("dict", []) if isinstance(env, dict) else []:
            value = value.get("secret") if isinstance(value, dict) else value
            if isinstance(name, str) and isinstance(value, str):
                yield of if isinstance(of, str) else "", name, value


def taken(found):
    """The variables of workers whose values are in a file that was read: the group, the name
    and the file. Also the values that come from a file of secrets, and those that come from
    another file."""
    wanted = [(group, name, value.strip()) for group, name, value in entries(found) if is_telling(value.strip())]
    out, secrets, others = {}, [], []
    for file, digest in found["files"] if wanted else []:
        text = "" if digest is None or file.endswith(".py") else content(file)
        base = os.path.basename(file)
        secret = base.startswith(".env") or base.endswith(".env")
        for group, name, value in wanted:
            if value in text:
                out.setdefault((group, name), file)
                (secrets if secret or value == text else others).append(value)
    return [[group, name, file] for (group, name), file in out.items()], secrets, others


def content(file):
    """The text of a file, if it is short."""
    try:
        with open(file, encoding="utf-8", errors="replace") as f:
            text = f.read(1 << 20)
        return text.strip() if len(text) < 1 << 20 else ""
    except OSError:
        return ""


def user_frames(tb):
    while tb is not None and tb.tb_frame.f_code.co_filename == "<string>":
        tb = tb.tb_next
    return tb


def hide_own_frames(stack):
    """Drop the frames of this script, and of os.environ below them."""
    own = False
    kept = []
    for frame in stack:
        own = frame.filename == "<string>" or own and frame.filename.endswith(THROUGH)
        if not own:
            kept.append(frame)
    stack[:] = kept


def headline(exc):
    """The type of an exception and the first line of its message."""
    lines = [line.strip() for line in "".join(traceback.format_exception_only(type(exc), exc)).split("\n") if line.strip()]
    if isinstance(exc, SyntaxError):  # whose place and line come before it
        lines = ["%s: %s" % (type(exc).__name__, exc)]
    if lines[0].endswith(":") and len(lines) > 1:  # the message begins with an empty line
        return lines[0] + " " + lines[1]
    return lines[0]


def failure(exc):
    """What is wrong, and where in the file."""
    if isinstance(exc, SyntaxError) and exc.filename == path:
        return {"kind": "syntax", "text": "%s: %s" % (type(exc).__name__, exc.msg), "at": [exc.lineno or 0, -1]}
    tb = user_frames(exc.__traceback__)
    at = None
    for frame in traceback.extract_tb(tb):
        if frame.filename == path:
            # The column is of Python 3.11 and later.
            at = [frame.lineno, getattr(frame, "colno", None)]
            at[1] = -1 if at[1] is None else at[1]
    shown = traceback.TracebackException(type(exc), exc, tb)
    for part in (shown, shown.__cause__, shown.__context__):
        if part is not None:
            hide_own_frames(part.stack)
    lines = "".join(shown.format()).rstrip().split("\n")
    return {"kind": "exception", "text": str(exc) if isinstance(exc, Refused) else headline(exc), "at": at, "detail": lines}


def execute():
    spec = importlib.util.spec_from_file_location("ldcorn_user_config", path)
    scope = importlib.util.module_from_spec(spec)
    sys.modules["ldcorn_user_config"] = scope
    with open(path, "rb") as f:
        source = f.read()
    install()
    scope.__dict__.update(other_words())
    path_before = list(sys.path)
    try:
        exec(compile(source, path, "exec"), scope.__dict__)
    except BaseException as exc:
        return {"error": failure(exc)}
    Seen.walking = None
    if "config" not in scope.__dict__:
        return {"error": {"kind": "none", "text": "the file does not assign `config`"}}
    config = scope.__dict__["config"]
    if not isinstance(config, LdConfig):
        return {"error": {"kind": "none", "text": "`config` is a %s, not an LdConfig" % type(config).__name__}}
    try:
        found = {"config": plain(config, "")}
    except Unwritable as exc:
        return {"error": {"kind": "unwritable", "text": str(exc), "at": exc.place}}
    except BaseException as exc:
        return {"error": failure(exc)}
    shown = shown_texts() if is_from_outside() else None
    texts = set(texts_of(found["config"]))
    read = Seen.read
    found["written"] = [k for k, v in read.items() if v is not None and is_in(v, texts)]
    found["used"] = [k for k, v in read.items() if v is not None and not is_in(v, texts)]
    passed = {os.fsdecode(k): os.fsdecode(v) for k, v in at_start.items()} if Seen.every else {}
    passed = {k: v for k, v in passed.items() if k not in read and is_of_walk(v, texts)}
    found["written"] += sorted(passed)
    found["unset"] = [k for k, v in read.items() if v is None and not k.startswith("PYTHON")]
    found["every"], found["cpus"] = Seen.every, Seen.cpus
    found["read"] = [[k, None if v is None else hashlib.sha256(os.fsencode(v)).hexdigest()] for k, v in read.items()]
    after = os.environ._data
    found["files"] = inputs()
    found["taken"], secrets, others = taken(found)
    values = [v for v in read.values() if v] + list(passed.values()) + secrets
    values += [os.fsdecode(v) for v in after.values() if Seen.every and v and os.fsdecode(v) in texts]
    hide(found["config"], values, shown and shown.union(others))
    found["set"] = []
    put = dict(Seen.put)
    put.update(after)
    for k, v in put.items():
        if at_start.get(k) != v:
            try:
                found["set"].append([k.decode(), v.decode()])
            except UnicodeDecodeError:
                lost.append(["os.environ", ascii(os.fsdecode(k)), None])
    lost_of_process()
    found["removed"] = [os.fsdecode(k) for k in at_start if k not in after]
    found["path"] = [str(p) for p in sys.path if p not in path_before]
    found["lost"] = lost
    return found


at_start, at_start_process = dict(os.environ._data), process()
path, cpus = sys.argv[1], int(sys.argv[3])
words = {w["name"]: w for w in json.loads(sys.argv[2])}
lost = []
WorkerGroup = make_class(words["WorkerGroup"], TYPES)
LdConfig = make_class(words["LdConfig"], {"bind": str, "workers": typing.List[WorkerGroup]})
sys.argv = ["ldcorn", "-c", path]
sys.path.insert(0, os.path.dirname(path))
sys.path.append(os.getcwd())  # last: it must hide no module
sys.stdout = sys.stderr
answer = execute()
if "error" in answer:
    answer["error"]["files"] = [name for name, _ in inputs()]
if getpid() == own_pid:  # not a child that the file has forked
    data = memoryview(json.dumps(answer).encode())
    while data:
        data = data[os.write(result, data):]
for stream in (sys.stdout, sys.stderr, sys.__stdout__, sys.__stderr__):
    try:
        stream.flush()
    except Exception:
        pass
exit_now(0)
