package builtin

// TestType returns the type of the argument of a test, which is a function
// whose name begins with test_. Its methods report what does not hold, and the
// test continues.
func TestType() Type {
	const request = `as "GET /path?a=b", "GET http://host/path" or "wss://host/path"; a plain path means GET`
	return Type{
		Name: "Test",
		Doc:  "The argument of a test, which is a function named test_… in the configuration or in a file *_test.star beside it. A check that fails is reported with its position, and the test continues.",
		Properties: []Property{
			{"name", "str", "The name of the test.", nil},
		},
		Methods: []Word{
			{Name: "route", Returns: "Outcome", Doc: "Decides a request with the router and the routes of the configuration, and checks that the outcome is the one that the arguments after the request describe. A call without `to`, `status`, `static` and `location` is a failure unless the test uses its result.",
				aka: []string{"request", "get", "check", "expect"},
				Arguments: []Argument{
					{Name: "request", Type: "str", Required: true, Rule: request, Doc: "The request.", Example: `"GET /path"`, aka: []string{"req", "url", "path", "line"}},
					{Name: "to", Type: "str | None", Keyword: true, Default: "None", Rule: "the name of a WorkerGroup", Doc: "The group that must take the request.", aka: []string{"group", "pool", "goes_to"}},
					{Name: "status", Type: "int | None", Keyword: true, Default: "None", Rule: "404 if no route takes it", Doc: "The status with which ldcorn must answer, without asking the app.", aka: []string{"code", "status_code"}},
					{Name: "location", Type: "str | None", Keyword: true, Default: "None", Doc: "The URL that the client must be redirected to.", aka: []string{"redirect", "redirects_to", "url_to"}},
					{Name: "headers", Type: "dict[str, str]", Keyword: true, Default: "{}", Doc: "Headers of the request.", aka: []string{"header", "h"}},
					{Name: "cookies", Type: "dict[str, str]", Keyword: true, Default: "{}", Doc: "Cookies of the request.", aka: []string{"cookie"}},
					{Name: "client_ip", Type: "str", Keyword: true, Default: `"127.0.0.1"`, Doc: "The address of the client.", aka: []string{"ip", "remote_addr", "client"}},
					{Name: "static", Type: "str | None", Keyword: true, Default: "None", Rule: "the prefix of a static", Doc: "The static that is first asked for a file. Whether there is one does not matter.", aka: []string{"file", "served_by", "folder"}},
					{Name: "client_cert", Type: "dict[str, str | list[str]] | None", Keyword: true, Default: "None", Rule: "with `subject`, `san` and `fingerprint` as in client_cert, each of which can be omitted",
						Doc: "The certificate that the client has shown on a listener with `client_ca`, for client_cert and the router; None means none. With it, a plain path means https.", Example: `{"subject": "CN=me", "san": ["DNS:me.example"]}`,
						aka: []string{"cert", "certificate", "ssl_client_cert"}},
				}},
			{Name: "plan", Returns: "Plan", Doc: "Evaluates the configuration with other variables and arguments, and returns the plan. It costs as many steps of the test as the evaluation takes.",
				aka: []string{"evaluate", "config", "with_env"},
				Arguments: []Argument{
					{Name: "env", Type: "dict[str, str | None]", Keyword: true, Default: "{}", Doc: "Variables in place of those of the environment; None means that one is not set.", aka: []string{"environ", "variables"}},
					{Name: "args", Type: "dict[str, any]", Keyword: true, Default: "{}", Doc: "Values of arguments, in place of those of --set.", aka: []string{"set", "arguments"}},
				}},
			{Name: "eq", Returns: "bool", Doc: "Checks that two values are equal.", aka: []string{"equal", "equals", "assert_eq"},
				Arguments: []Argument{
					{Name: "got", Type: "any", Required: true, Doc: "The actual value.", Example: "got"},
					{Name: "want", Type: "any", Required: true, Doc: "The expected value.", Example: "want"},
				}},
			{Name: "true", Returns: "bool", Doc: "Checks that a condition holds.", aka: []string{"ok", "check_true", "assert_true", "is_true"},
				Arguments: []Argument{
					{Name: "condition", Type: "any", Required: true, Doc: "The value that must count as true.", Example: "condition", aka: []string{"cond", "value"}},
					{Name: "message", Type: "str", Default: `""`, Doc: "The message if it does not.", aka: []string{"msg", "why"}},
				}},
			{Name: "fail", Returns: "None", Doc: "Reports a failure.", aka: []string{"error", "fatal"},
				Arguments: []Argument{
					{Name: "message", Type: "str", Required: true, Doc: "The message.", Example: `"why"`, aka: []string{"msg", "why"}},
				}},
		},
	}
}

// OutcomeType returns the type of the result of t.route.
func OutcomeType() Type {
	return Type{
		Name: "Outcome",
		Doc:  "The outcome of a request.",
		Properties: []Property{
			{"group", "str | None", "The group that takes the request, or None.", []string{"to", "pool", "name"}},
			{"status", "int | None", "The status with which ldcorn answers, or None if the app answers.", []string{"code", "status_code"}},
			{"static", "str | None", "The prefix of the static that is first asked for a file, or None. Without `fallthrough`, the other properties are None or empty; with it, they are what a request gets for which there is no file.", []string{"file", "folder"}},
			{"location", "str | None", "The URL that the client is redirected to, or None.", []string{"redirect", "url"}},
			{"route", "str | None", "The route that takes the request, as it is written; None if the router decided or no route takes it.", []string{"pattern", "rule"}},
			{"priority", "int | None", "The priority of the request while it waits for a process; None without a group.", []string{"prio"}},
			{"request_buffer", "int | None", "How many bytes of the body are taken in before a process is asked for; None without a group.", []string{"request_buffering"}},
			{"response_buffer", "int | None", "How many bytes of the answer are kept for a client that reads slowly; None without a group.", []string{"response_buffering"}},
			{"key", "str | None", "What chooses the process: the `key` of to, or what the request has for the group's `sticky` key; None if there is neither.", []string{"sticky"}},
			{"fair", "str | None", "The key that takes turns in the queue: the `fair` of to, or what the request has for the group's `fair` key; None if there is neither.", []string{"fair_key", "tenant"}},
			{"limits", "list[str]", "The limits that the group shares, as they are written.", []string{"limit"}},
			{"rate_limits", "list[str]", "The rate limits that count the request, as they are written.", []string{"rate_limit"}},
		},
	}
}
