package lsp

import (
	"regexp"
	"strings"

	"github.com/ldcorn/ldcorn/engine/api"
	"github.com/ldcorn/ldcorn/engine/decide"
	"github.com/ldcorn/ldcorn/engine/plan"
	"github.com/ldcorn/ldcorn/engine/request"
	"github.com/ldcorn/ldcorn/starlark/config"
)

// These find the texts of a matcher, as its String writes it.
var (
	pathText   = regexp.MustCompile(`\b(?:path|prefix|glob)\("(/[^"]*)"`)
	hostText   = regexp.MustCompile(`\bhost\("([^"]+)"`)
	methodText = regexp.MustCompile(`\bmethod\("([A-Z]+)"`)
	fieldText  = regexp.MustCompile(`\bheader\("([^"]+)"(?:, (?:value=)?"([^"]*)")?`)
	cookieText = regexp.MustCompile(`\bcookie\("([^"]+)"(?:, (?:value=)?"([^"]*)")?`)
	queryText  = regexp.MustCompile(`\bquery\("([^"]+)"(?:, (?:value=)?"([^"]*)")?`)
)

// sample returns a request that a route takes if nothing else does. It guesses one from
// the texts of the matcher, and returns none if the matcher does not take that.
func sample(x *decide.Explainer, r *plan.Route) (q api.Question, ok bool) {
	if path, ok := config.SamplePath(r); ok {
		return api.Question{Line: "GET " + path}, true
	}
	text := r.String()
	method, path, host := "GET", "/", ""
	if m := methodText.FindStringSubmatch(text); m != nil {
		method = m[1]
	}
	if m := pathText.FindStringSubmatch(text); m != nil {
		path = strings.NewReplacer("**", "x", "*", "x", "?", "x").Replace(m[1])
	}
	if m := hostText.FindStringSubmatch(text); m != nil {
		host = "http://" + strings.Replace(m[1], "*", "www", 1)
	}
	if strings.Contains(text, "websocket()") && !strings.Contains(text, "~websocket()") {
		host = strings.Replace(host, "http", "ws", 1)
		if host == "" {
			host = "ws://localhost"
		}
	}
	if m := queryText.FindStringSubmatch(text); m != nil {
		path += "?" + m[1] + "=" + m[2]
	}
	q = api.Question{Line: method + " " + host + path}
	if m := fieldText.FindStringSubmatch(text); m != nil {
		q.Headers = append(q.Headers, api.Header{Name: m[1], Value: m[2]})
	}
	if m := cookieText.FindStringSubmatch(text); m != nil {
		q.Headers = append(q.Headers, api.Header{Name: "Cookie", Value: m[1] + "=" + m[2]})
	}
	var opts request.SampleOptions
	for _, h := range q.Headers {
		opts.Headers = append(opts.Headers, request.Header(h))
	}
	req, err := x.Sample(q.Line, opts)
	return q, err == nil && r.Match(req)
}
