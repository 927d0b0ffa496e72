package traceback

import (
	"regexp"
	"strings"
)

// A class says whose code a frame is.
type class uint8

const (
	own       class = iota // the app's
	library                // an installed package
	framework              // Python itself, and what runs the app
)

// installed matches the part of a path that ends at the folder of packages, and
// standard the one that ends at the folder of Python's own modules.
var (
	installed = regexp.MustCompile(`^.*[/\\](?:site|dist)-packages[/\\]`)
	standard  = regexp.MustCompile(`^.*[/\\](?:python|pypy)3?(?:\.?\d+)?t?(?:\.zip)?[/\\]`)
)

// frameworks are the packages that run an app: their frames say nothing about
// why the app failed.
const frameworks = " uvicorn click starlette fastapi anyio uvloop asgiref h11 httptools websockets wsproto quart hypercorn litestar django flask "

// classOf returns the class of a file.
func classOf(path string) class {
	switch {
	case strings.HasPrefix(path, "<frozen "):
		return framework
	case installed.MatchString(path):
		if strings.Contains(frameworks, " "+packageOf(path)+" ") {
			return framework
		}
		return library
	case standard.MatchString(path) && !strings.HasPrefix(path, "<"):
		return framework
	}
	return own
}

// packageOf returns the package, or the outermost module, that a file belongs
// to. It returns "" if the path does not say.
func packageOf(path string) string {
	if inner, is := strings.CutPrefix(path, "<frozen "); is { // <frozen importlib._bootstrap>
		name, _, _ := strings.Cut(strings.TrimSuffix(inner, ">"), ".")
		return name
	}
	rest := path
	for _, folder := range []*regexp.Regexp{installed, standard} {
		if at := folder.FindString(path); at != "" {
			rest = path[len(at):]
			break
		}
	}
	if rest == path {
		return ""
	}
	name, _, _ := strings.Cut(strings.ReplaceAll(rest, `\`, "/"), "/")
	return strings.TrimSuffix(name, ".py")
}
