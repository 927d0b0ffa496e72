package builtin

import "github.com/ldcorn/ldcorn/engine/plan"

// matcherWords are the words that make matchers.
func matcherWords() []Word {
	word := func(kind plan.MatcherKind, doc string, args ...Argument) Word {
		return Word{Name: string(kind), Returns: matcherType, Doc: doc, Arguments: args}
	}
	some := func(name, typ, rule, doc, example string, aka ...string) Argument {
		return Argument{Name: name, Type: typ, Required: true, Variadic: true, Rule: rule, Doc: doc, Example: example, aka: aka}
	}
	return []Word{
		word(plan.MatchPath, "Matches one path, or some, and nothing below.",
			some("paths", "str", `each begins with "/"`, "The paths, decoded.", `"/health"`, "path")),
		word(plan.MatchPrefix, "Matches a path and all that is below it; \"/ml\" does not match \"/mlx\".",
			some("prefixes", "str", `each begins with "/"`, "The first segments of the path, decoded.", `"/api"`, "prefix", "path", "paths")),
		word(plan.MatchGlob, "Matches the path by a glob: * stays in a segment, ** does not, a final /* takes all below.",
			Argument{Name: "pattern", Type: "str", Required: true, Doc: "The glob.", Example: `"/files/**.png"`, aka: []string{"glob", "path"}}),
		word(plan.MatchRegex, "Matches a path in which a regular expression is found; ^ and $ are its start and end.",
			Argument{Name: "pattern", Type: "str", Required: true, Rule: "RE2", Doc: "The regular expression.", Example: `r"^/v[12]/"`, aka: []string{"regex", "expr", "re"}}),
		word(plan.MatchHost, "Matches the host that the client asked for, without its port.",
			some("hosts", "str", `"*.example.com" is all below example.com, at any depth`, "The names or addresses, in upper or lower case.", `"example.com"`, "host", "name")),
		word(plan.MatchMethod, "Matches the method of the request.",
			some("methods", "str", "in upper case; GET does not include HEAD", "The methods.", `"GET"`, "method")),
		word(plan.MatchHeader, "Matches requests with a header of which one line passes; without a test, requests with the header.",
			testArguments("header", `"X-Tenant"`, "in upper or lower case")...),
		word(plan.MatchCookie, "Matches requests whose first cookie of a name passes; without a test, requests with the cookie.",
			testArguments("cookie", `"beta"`, "upper and lower case are not the same")...),
		word(plan.MatchQuery, "Matches requests whose first query parameter of a name passes; without a test, requests with the parameter.",
			testArguments("query parameter", `"version"`, "decoded; upper and lower case are not the same")...),
		word(plan.MatchClientIP, "Matches the address of the client, from behind trusted proxies as they tell it.",
			some("networks", "str", `networks such as "10.0.0.0/8", or single addresses`, "Where the client must be.", `"10.0.0.0/8"`, "cidr", "network", "ip")),
		word(plan.MatchWebsocket, "Matches handshakes of websockets."),
		word(plan.MatchPercent, "Matches a share of all clients, each always or never: a smaller share by the same key is part of a larger one.",
			Argument{Name: "share", Type: "float", Required: true, Unit: "percent", Rule: "from 0 to 100, fractions too", Doc: "How many of 100 clients.", Example: "5", aka: []string{"percent", "percentage", "p", "weight"}},
			Argument{Name: "by", Type: "key", Keyword: true, Required: true, Rule: keyForms, Doc: "What a client is known by. A request without it does not match.", Example: `by=by_cookie("uid")`, aka: []string{"key", "sticky"}},
			Argument{Name: "salt", Type: "str", Keyword: true, Default: `""`, Doc: "Another one is another choice of clients.", aka: []string{"seed", "name"}}),
		word(plan.MatchAll, "Matches what every one of the matchers matches; the same as &.",
			some("matchers", "matcher", "", "At least one.", `method("GET"), path("/x")`, "all")),
		word(plan.MatchAny, "Matches what one of the matchers matches; the same as |.",
			some("matchers", "matcher", "", "At least one.", `path("/x"), prefix("/y")`, "any")),
		word(plan.MatchNot, "Matches what the matcher does not match; the same as ~.",
			Argument{Name: "matcher", Type: "matcher", Required: true, Doc: "What is not to match.", Example: "websocket()"}),
	}
}

// testArguments are those of header, cookie and query.
func testArguments(what, example, rule string) []Argument {
	const one = "at most one of value, glob, regex"
	return []Argument{
		{Name: "name", Type: "str", Required: true, Rule: rule, Doc: "The " + what + ".", Example: example, aka: []string{"key", "header", "cookie", "query", "param"}},
		{Name: "value", Type: "str | None", Default: "None", Rule: one, Doc: "What its value must be.", aka: []string{"equals", "eq", "is", "exact"}},
		{Name: "glob", Type: "str | None", Keyword: true, Default: "None", Rule: one + "; * takes any characters", Doc: "A glob for its value.", aka: []string{"pattern"}},
		{Name: "regex", Type: "str | None", Keyword: true, Default: "None", Rule: one + "; found anywhere in it", Doc: "A regular expression (RE2) for its value.", aka: []string{"re", "match", "matches"}},
	}
}
