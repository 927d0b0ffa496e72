# Says what an interpreter is, in one line on stdout. It also runs on a Python 2,
# so that it can say that it is one. Exits 3 where there is no Uvicorn.
import sys

path = list(sys.path)
if sys.path and sys.path[0] == "":
    del sys.path[0]  # the app's folder, whose modules may have the names of Python's
import os


def say(**facts):
    line = " ".join("%s=%s" % fact for fact in sorted(facts.items()))
    sys.stdout.write("\nldcorn-probe pid=%d python=%d.%d.%d %s\n" % ((os.getpid(),) + tuple(sys.version_info[:3]) + (line,)))
    sys.stdout.flush()


def has_uvicorn():
    try:
        import uvicorn.main
    except ImportError as exc:
        if getattr(exc, "name", None) != "uvicorn":
            raise
        return False
    return True


if sys.version_info < (3, 7):
    say()
    sys.exit(0)
beside = False
if not has_uvicorn():
    sys.path[:] = path
    beside = has_uvicorn()
    if not beside:
        say()
        sys.exit(3)
import uvicorn

say(uvicorn=uvicorn.__version__, beside=int(beside))
