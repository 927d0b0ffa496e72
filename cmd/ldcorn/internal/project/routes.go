package project

import (
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/ldcorn/ldcorn/starlark/python/pyast"
)

// maxRoutes limits how many routes of a kind an app shows.
const maxRoutes = 8

// routes finds the websockets of an app, and routes that can be slow, in the modules
// that are imported from the same folder.
func (l *look) routes(a *App) {
	for _, m := range l.modules {
		if place := l.place(m); isAside(m) || place.cwd != a.Cwd || place.appDir != a.AppDir {
			continue
		}
		pyast.Walk(m.file, func(n *pyast.Node) bool {
			switch full := len(a.Websockets) >= maxRoutes && len(a.Slow) >= maxRoutes; {
			case full:
				return false
			case n.Kind == pyast.Call:
				m.routeCall(a, n)
			case n.Kind == pyast.Def, n.Kind == pyast.Other:
				for _, d := range n.Kids {
					if d.Kind == pyast.Decorator {
						m.decorated(a, n, d.Kid(0))
					}
				}
			}
			return true
		})
	}
}

// websocketWords are the functions and classes that make a route for websockets.
var websocketWords = []string{"websocket", "websocket_route", "websocket_listener", "websocket_stream", "WebSocketRoute", "WebSocketEndpoint", "add_websocket_route", "add_api_websocket_route", "as_asgi"}

// lastName returns the last part of a dotted expression.
func lastName(n *pyast.Node) string {
	if n.Kind == pyast.Name || n.Kind == pyast.Attr {
		return n.Name
	}
	return ""
}

// routeCall adds the routes that a call makes, as WebSocketRoute("/ws", …) does.
func (m *module) routeCall(a *App, call *pyast.Node) {
	switch name := lastName(call.Kid(0)); {
	case slices.Contains(websocketWords, name) && len(a.Websockets) < maxRoutes:
		text, _ := m.literal(call.Kid(1))
		a.Websockets = append(a.Websockets, Route{Path: text, At: m.at(call.Start)})
	case name == "Route" || name == "add_route" || name == "add_api_route":
		if text, ok := m.literal(call.Kid(1)); ok {
			a.addSlow(Route{Path: text, At: m.at(call.Start)}, "")
		}
	}
}

// routeWords are the decorators that make a route for requests.
var routeWords = []string{"get", "post", "put", "patch", "delete", "route", "api_route"}

// decorated adds the route that a decorator makes of a function.
func (m *module) decorated(a *App, def, decorator *pyast.Node) {
	if decorator.Kind != pyast.Call || !slices.Contains(routeWords, lastName(decorator.Kid(0))) {
		return
	}
	text, ok := m.literal(decorator.Kid(1))
	if named := keyword(decorator, "path"); named != nil {
		text, ok = m.literal(named)
	}
	if !ok {
		return
	}
	prefix, partial := "", decorator.Kid(0).Kind != pyast.Attr
	if on := decorator.Kid(0).Kid(0); on != nil && on.Kind == pyast.Name {
		prefix, partial = m.prefix(on.Name)
	}
	a.addSlow(Route{Path: prefix + text, At: m.at(def.Start), Partial: partial}, m.slowCall(def))
}

// prefix returns the prefix of the routes of a router of the module, and whether
// another one may come before it.
func (m *module) prefix(name string) (string, bool) {
	all := m.values[name]
	if len(all) == 0 {
		return "", true
	}
	made := all[len(all)-1].Kid(-1)
	if made.Kind != pyast.Call {
		return "", true
	}
	text, _ := m.literal(keyword(made, "prefix"))
	return text, strings.HasSuffix(lastName(made.Kid(0)), "Router") || lastName(made.Kid(0)) == "Blueprint"
}

// slowCalls are functions that keep a worker busy, or that block one.
var slowCalls = []string{
	"time.sleep", "subprocess.run", "subprocess.call", "subprocess.check_call", "subprocess.check_output", "os.system",
}

// slowMethods are methods of models of machine learning.
var slowMethods = []string{"predict", "predict_proba", "generate", "transcribe", "fit"}

// slowCall returns the call in a function that can take long, or "".
func (m *module) slowCall(def *pyast.Node) string {
	found := ""
	pyast.Walk(def, func(n *pyast.Node) bool {
		if n.Kind != pyast.Call || found != "" {
			return found == ""
		}
		of := n.Kid(0)
		if reference := m.reference(of); slices.Contains(slowCalls, reference) {
			found = reference
		}
		if of.Kind == pyast.Attr && slices.Contains(slowMethods, of.Name) {
			found = "." + of.Name
		}
		return true
	})
	return found
}

// slowWords are parts of the paths of requests that usually take long.
var slowWords = []string{
	"ml", "predict", "prediction", "predictions", "inference", "infer", "train", "training", "transcribe", "embed", "embeddings",
	"export", "exports", "report", "reports", "render", "convert", "ocr", "heavy", "slow", "batch", "completions",
}

var pathWord = regexp.MustCompile(`[A-Za-z]+`)

// addSlow adds a route if its requests can take long: because its function makes a
// call that can, or by its path.
func (a *App) addSlow(r Route, call string) {
	if i := strings.IndexAny(r.Path, "{<"); i >= 0 {
		r.Path = r.Path[:i]
	}
	if path.Clean("/"+r.Path) == "/" || strings.ContainsAny(r.Path, "*?[") || slices.ContainsFunc(a.Slow, func(o Route) bool { return o.Path == r.Path }) {
		return
	}
	r.Why = call
	if len(a.Slow) >= maxRoutes {
		return
	}
	if call == "" {
		for _, word := range pathWord.FindAllString(r.Path, -1) {
			if slices.Contains(slowWords, strings.ToLower(word)) {
				r.Why = word
			}
		}
	}
	if r.Why != "" && strings.HasPrefix(r.Path, "/") {
		a.Slow = append(a.Slow, r)
	}
}
