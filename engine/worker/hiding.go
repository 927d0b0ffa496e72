package worker

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// HidingModule looks for one reason why a worker did not start: a file in the
// app's folder with the name of a module of Python or Uvicorn. Python looks in
// the app's folder first, and so does everything that is imported once the
// folder is on the path. HidingModule returns "" if the worker's stderr names
// no such file.
func (s *Spec) HidingModule(stderr []string) string {
	text := strings.Join(stderr, "\n")
	dirs := []string{s.AppFolder()}
	if dir := s.Folder(); dir != dirs[0] {
		dirs = append(dirs, dir)
	}
	for _, dir := range dirs {
		entries, err := os.ReadDir(dir)
		if err != nil {
			continue
		}
		for _, e := range entries {
			name, isFile := strings.CutSuffix(e.Name(), ".py")
			path := filepath.Join(dir, e.Name())
			if !isFile {
				path = filepath.Join(path, "__init__.py")
			}
			if !knownModule(name) || !strings.Contains(text, "'"+name+"'") && !strings.Contains(text, path) {
				continue
			}
			if _, err := os.Stat(path); err == nil {
				return fmt.Sprintf("%s has the same name as a module of %s and may hide it: rename it", path, owner(name))
			}
		}
	}
	return ""
}

func owner(name string) string {
	if strings.Contains(uvicornModules, " "+name+" ") {
		return "Uvicorn or a framework"
	}
	return "Python"
}

func knownModule(name string) bool {
	word := " " + name + " "
	return name != "" && !strings.Contains(name, " ") && (strings.Contains(pythonModules, word) || strings.Contains(uvicornModules, word))
}

// uvicornModules are the modules that Uvicorn imports, and frameworks after
// which users often name a file.
const uvicornModules = " uvicorn click h11 httptools uvloop websockets wsproto dotenv yaml anyio asgiref fastapi starlette django flask typing_extensions "

// pythonModules are the importable modules of Python 3.8 to 3.13, except for
// some that no server needs.
const pythonModules = " abc aifc argparse array ast asynchat asyncio asyncore atexit audioop base64 bdb binascii binhex " +
	" bisect builtins bz2 cProfile calendar cgi cgitb chunk cmath cmd code codecs codeop collections " +
	" colorsys compileall concurrent configparser contextlib contextvars copy copyreg crypt csv " +
	" ctypes curses dataclasses datetime dbm decimal difflib dis distutils doctest dummy_threading " +
	" email encodings ensurepip enum errno faulthandler fcntl filecmp fileinput fnmatch formatter " +
	" fractions ftplib functools gc genericpath getopt getpass gettext glob graphlib grp gzip hashlib " +
	" heapq hmac html http imaplib imghdr imp importlib inspect io ipaddress itertools json keyword " +
	" linecache locale logging lzma mailbox mailcap marshal math mimetypes mmap modulefinder msilib " +
	" msvcrt multiprocessing netrc nis nntplib nt ntpath nturl2path numbers opcode operator optparse " +
	" os ossaudiodev pathlib pdb pickle pickletools pipes pkgutil platform plistlib poplib posix " +
	" posixpath pprint profile pstats pty pwd py_compile pyclbr pydoc pydoc_data pyexpat queue quopri " +
	" random re readline reprlib resource rlcompleter runpy sched secrets select selectors shelve " +
	" shlex shutil signal site smtpd smtplib sndhdr socket socketserver spwd sqlite3 sre_compile " +
	" sre_constants sre_parse ssl stat statistics string stringprep struct subprocess sunau symbol " +
	" symtable sys sysconfig syslog tabnanny tarfile telnetlib tempfile termios textwrap threading " +
	" time timeit tkinter token tokenize tomllib trace traceback tracemalloc tty turtle types typing " +
	" unicodedata unittest urllib uu uuid venv warnings wave weakref webbrowser winreg winsound " +
	" wsgiref xdrlib xml xmlrpc zipapp zipfile zipimport zlib zoneinfo "
