package project

import "strings"

// A kind is what a server needs to know about a value.
type kind int

const (
	unknown kind = iota
	asgi         // Uvicorn serves it
	wsgi         // it needs an adapter
)

// A value is what an expression makes, as far as a server is concerned.
type value struct {
	kind      kind
	framework string   // such as "FastAPI"
	inner     []string // the names of variables that hold the app that it wraps
	sticky    string   // what the app keeps in the memory of a process; see sessions
}

// frameworks are the functions and classes that make apps, by the package that they
// come from and their own name. Packages often define a class deeper than they
// offer it.
var frameworks = map[string]value{
	"fastapi FastAPI":                  {kind: asgi, framework: "FastAPI"},
	"starlette Starlette":              {kind: asgi, framework: "Starlette"},
	"litestar Litestar":                {kind: asgi, framework: "Litestar"},
	"starlite Starlite":                {kind: asgi, framework: "Starlite"},
	"quart Quart":                      {kind: asgi, framework: "Quart"},
	"django get_asgi_application":      {kind: asgi, framework: "Django"},
	"channels ProtocolTypeRouter":      {kind: asgi, framework: "Django Channels"},
	"channels get_default_application": {kind: asgi, framework: "Django Channels"},
	"sanic Sanic":                      {kind: asgi, framework: "Sanic"},
	"blacksheep Application":           {kind: asgi, framework: "BlackSheep"},
	"esmerald Esmerald":                {kind: asgi, framework: "Esmerald"},
	"falcon asgi.App":                  {kind: asgi, framework: "Falcon"},
	"connexion AsyncApp":               {kind: asgi, framework: "Connexion"},
	"connexion FlaskApp":               {kind: asgi, framework: "Connexion"},
	"socketio ASGIApp":                 {kind: asgi, framework: "Socket.IO", sticky: "socketio"},
	"engineio ASGIApp":                 {kind: asgi, framework: "Engine.IO", sticky: "socketio"},
	"strawberry GraphQL":               {kind: asgi, framework: "Strawberry"},
	"ariadne asgi.GraphQL":             {kind: asgi, framework: "Ariadne"},

	"flask Flask":                 {kind: wsgi, framework: "Flask"},
	"apiflask APIFlask":           {kind: wsgi, framework: "APIFlask"},
	"flask_openapi3 OpenAPI":      {kind: wsgi, framework: "Flask"},
	"dash Dash":                   {kind: wsgi, framework: "Dash"},
	"bottle Bottle":               {kind: wsgi, framework: "Bottle"},
	"falcon App":                  {kind: wsgi, framework: "Falcon"},
	"falcon API":                  {kind: wsgi, framework: "Falcon"},
	"django get_wsgi_application": {kind: wsgi, framework: "Django"},
}

// methods are methods of objects that are no apps, but make one.
var methods = map[string]value{
	"streamable_http_app": {kind: asgi, framework: "MCP", sticky: "mcp"},
	"http_app":            {kind: asgi, framework: "MCP", sticky: "mcp"},
	"sse_app":             {kind: asgi, framework: "MCP"},
}

// frameworkOf returns what a call of a reference makes.
func frameworkOf(reference string) value {
	pkg, rest, found := strings.Cut(reference, ".")
	if !found {
		return value{}
	}
	if v, known := frameworks[pkg+" "+rest]; known {
		return v
	}
	return frameworks[pkg+" "+rest[strings.LastIndexByte(rest, '.')+1:]]
}

// adapters make an ASGI app of a WSGI app.
var adapters = []string{"WSGIMiddleware", "WsgiToAsgi", "WsgiToAsgiInstance"}

// wraps reports whether a call of a reference makes an app of the app among its
// arguments.
func wraps(reference string) bool {
	name := reference[strings.LastIndexByte(reference, '.')+1:]
	switch name {
	case "ASGIApp", "ProtocolTypeRouter", "mount_gradio_app", "WsgiToAsgi":
		return true
	}
	return strings.HasSuffix(name, "Middleware")
}
