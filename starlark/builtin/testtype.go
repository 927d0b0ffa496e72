package builtin

// TestType is the type of what a test is called with: a function whose name
// begins with test_. What it finds wrong it tells, and goes on.
func TestType() Type {
	const request = `as "GET /path?a=b", "GET http://host/path" or "wss://host/path"; a path alone is a GET`
	return Type{
		Name: "Test",
		Doc:  "What a test is called with: a function named test_…, in the configuration or in a file *_test.star beside it. What does not hold is told with its place, and the test goes on.",
		Properties: []Property{
			{"name", "str", "The name of the test.", nil},
		},
		Methods: []Word{
			{Name: "route", Returns: "Outcome", Doc: "What would become of a request, by the router and the routes of the configuration. It must be what the arguments behind the request say.",
				aka: []string{"request", "get", "check", "expect"},
				Arguments: []Argument{
					{Name: "request", Type: "str", Required: true, Rule: request, Doc: "The request.", Example: `"GET /path"`, aka: []string{"req", "url", "path", "line"}},
					{Name: "to", Type: "str | None", Keyword: true, Default: "None", Rule: "the name of a WorkerGroup", Doc: "The group that must take it.", aka: []string{"group", "pool", "goes_to"}},
					{Name: "status", Type: "int | None", Keyword: true, Default: "None", Rule: "404 where no route takes it", Doc: "The status that ldcorn must answer it with, without asking the app.", aka: []string{"code", "status_code"}},
					{Name: "location", Type: "str | None", Keyword: true, Default: "None", Doc: "Where it must be redirected to.", aka: []string{"redirect", "redirects_to", "url_to"}},
					{Name: "headers", Type: "dict[str, str]", Keyword: true, Default: "{}", Doc: "Headers of the request.", aka: []string{"header", "h"}},
					{Name: "cookies", Type: "dict[str, str]", Keyword: true, Default: "{}", Doc: "Cookies of the request.", aka: []string{"cookie"}},
					{Name: "client_ip", Type: "str", Keyword: true, Default: `"127.0.0.1"`, Doc: "The address of the client.", aka: []string{"ip", "remote_addr", "client"}},
				}},
			{Name: "eq", Returns: "bool", Doc: "Two values must be equal.", aka: []string{"equal", "equals", "assert_eq"},
				Arguments: []Argument{
					{Name: "got", Type: "any", Required: true, Doc: "The value that there is.", Example: "got"},
					{Name: "want", Type: "any", Required: true, Doc: "The value that there must be.", Example: "want"},
				}},
			{Name: "true", Returns: "bool", Doc: "A condition must hold.", aka: []string{"ok", "check_true", "assert_true", "is_true"},
				Arguments: []Argument{
					{Name: "condition", Type: "any", Required: true, Doc: "What must count as true.", Example: "condition", aka: []string{"cond", "value"}},
					{Name: "message", Type: "str", Default: `""`, Doc: "What to say if it does not.", aka: []string{"msg", "why"}},
				}},
			{Name: "fail", Returns: "None", Doc: "Tells that something is wrong.", aka: []string{"error", "fatal"},
				Arguments: []Argument{
					{Name: "message", Type: "str", Required: true, Doc: "What is wrong.", Example: `"why"`, aka: []string{"msg", "why"}},
				}},
		},
	}
}

// OutcomeType is the type of what t.route returns.
func OutcomeType() Type {
	return Type{
		Name: "Outcome",
		Doc:  "What would become of a request.",
		Properties: []Property{
			{"group", "str | None", "The group that takes it, or None.", []string{"to", "pool", "name"}},
			{"status", "int | None", "The status that ldcorn answers it with; None where the app does.", []string{"code", "status_code"}},
			{"location", "str | None", "Where it is redirected to, or None.", []string{"redirect", "url"}},
			{"route", "str | None", "The route that takes it, as it is written; None where the router decided, or none does.", []string{"pattern", "rule"}},
		},
	}
}
