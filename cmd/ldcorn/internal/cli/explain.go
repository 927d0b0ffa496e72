package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"github.com/ldcorn/ldcorn/cmd/ldcorn/internal/terminal"
	"github.com/ldcorn/ldcorn/engine/api"
	"github.com/ldcorn/ldcorn/engine/plan"
	"github.com/ldcorn/ldcorn/engine/request"
	"github.com/ldcorn/ldcorn/starlark/config"
	"github.com/ldcorn/ldcorn/starlark/tests"
)

// explainFlags are the flags of ldcorn explain.
type explainFlags struct {
	*masterOptions
	envFlags
	set      setFlags
	python   pythonFlags
	headers  []string
	cookies  []string
	clientIP string
	cert     string
	listener string
	live     bool
	format   outputFormat
}

// newExplainCommand returns the command that says which rule takes a request.
func newExplainCommand(opts *rootOptions) *cobra.Command {
	f := &explainFlags{masterOptions: &masterOptions{rootOptions: opts}}
	cmd := &cobra.Command{
		Use:         "explain 'METHOD TARGET'",
		Annotations: traits(evaluates),
		Short:       "Show which rule takes a request, and why the others do not",
		Long: `Show which rule takes a request, and why the others do not. No request is sent.

explain evaluates the configuration and asks its router. With --live it asks the running
master, about the configuration that is in effect there, and says which worker has the
session of the request. Write the request as
"GET /path?a=b", "GET http://host/path" or "wss://host/path"; a path alone is a GET.`,
		Example: `  ldcorn explain 'GET /ml-pipeline/x'
  ldcorn explain 'GET http://example.com/' -H 'X-Tenant: acme' --cookie beta=1
  ldcorn explain '/' --client-ip 10.0.0.1 --live
  ldcorn explain '/' --client-cert 'subject=CN=me,O=Example,san=DNS:me.example'
  ldcorn explain '/' --listener 0.0.0.0:80
  ldcorn explain '/' --json`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error { return f.run(cmd, args[0]) },
	}
	f.masterOptions.addFlags(cmd)
	flags := cmd.Flags()
	flags.StringArrayVarP(&f.headers, "header", "H", nil, "a header of the request, as `'NAME: VALUE'` (repeatable)")
	flags.StringArrayVar(&f.cookies, "cookie", nil, "a cookie of the request, as `NAME=VALUE` (repeatable)")
	flags.StringVar(&f.clientIP, "client-ip", "", "the `ADDRESS` of the client (default 127.0.0.1)")
	flags.StringVar(&f.cert, "client-cert", "", "the certificate that the client has shown to a listener with client_ca, as `'subject=DN,san=NAME,fingerprint=HEX'`, or a part of that (a path alone is then https)")
	flags.StringVar(&f.listener, "listener", "", "the `ADDRESS` that the request comes to, as in bind (default the first one that does not redirect to https)")
	flags.BoolVar(&f.live, "live", false, "ask the running master")
	f.format.addTo(cmd, "print the explanation as JSON")
	f.envFlags.addFlags(flags)
	f.set.addFlags(flags)
	f.python.addFlags(flags)
	return cmd
}

func (f *explainFlags) run(cmd *cobra.Command, line string) error {
	q, err := f.question(line)
	if err != nil {
		return err
	}
	var e *api.Explanation
	if f.live {
		if len(f.env)+len(f.envFiles) > 0 {
			return usageError("explain: --env and --env-file are for an evaluation here, not for --live")
		}
		if len(f.set.given) > 0 {
			return usageError("explain: --set is for an evaluation here, not for --live")
		}
		if name := f.python.given(cmd); name != "" {
			return usageError("explain: %s is for an evaluation here, not for --live", name)
		}
		e, err = f.ask(cmd, q)
	} else {
		if f.socket != "" {
			return usageError("explain: --control is for --live")
		}
		e, err = f.evaluate(cmd.Context(), q, cmd.ErrOrStderr())
	}
	if err != nil {
		return err
	}
	if f.format.isJSON() {
		return api.Write(cmd.OutOrStdout(), e)
	}
	var text bytes.Buffer
	if path, err := f.configPath(nil); err == nil {
		writePython(&text, shownPath(path), e.Python)
	}
	_ = writeExplanation(&text, e) // memory never fails
	out := cmd.OutOrStdout()
	_, err = io.WriteString(out, terminal.Wrap(text.String(), f.color.Look(out).Width))
	return err
}

// question reads the request from the command line.
func (f *explainFlags) question(line string) (api.Question, error) {
	q := api.Question{Line: line, Headers: []api.Header{}, ClientIP: f.clientIP, Listener: f.listener}
	if err := request.CheckLine(line); err != nil {
		return q, &exitError{exitUsage, err}
	}
	for _, h := range f.headers {
		name, value, ok := strings.Cut(h, ":")
		if !ok || name == "" {
			return q, usageError("-H %q: want 'NAME: VALUE'", h)
		}
		q.Headers = append(q.Headers, api.Header{Name: name, Value: strings.TrimSpace(value)})
	}
	for _, c := range f.cookies {
		if name, _, ok := strings.Cut(c, "="); !ok || name == "" {
			return q, usageError("--cookie %q: want NAME=VALUE", c)
		}
	}
	if len(f.cookies) > 0 {
		q.Headers = append(q.Headers, api.Header{Name: "Cookie", Value: strings.Join(f.cookies, "; ")})
	}
	if _, err := plan.ParseBind(f.listener); f.listener != "" && err != nil {
		return q, usageError("--listener: %v", err)
	}
	if _, err := netip.ParseAddr(f.clientIP); f.clientIP != "" && err != nil {
		return q, usageError("--client-ip %q: want an address", f.clientIP)
	}
	if f.cert == "" {
		return q, nil
	}
	cert, err := readCert(f.cert)
	q.ClientCert = cert
	return q, err
}

// evaluate evaluates the configuration in this process, and explains the request by
// it.
func (f *explainFlags) evaluate(ctx context.Context, q api.Question, stderr io.Writer) (*api.Explanation, error) {
	path, err := f.configPath(nil)
	if err != nil {
		return nil, err
	}
	res, opts, err := f.evaluateHere(ctx, path, &f.envFlags, &f.set, &f.python, stderr)
	if err != nil {
		return nil, err
	}
	defer f.cell.Watch("asking the router of", shownPath(path), config.DefaultTimeout)()
	return tests.NewExplainer(testOptions(res, opts)).Answer(q)
}

// ask asks the running master.
func (f *explainFlags) ask(cmd *cobra.Command, q api.Question) (*api.Explanation, error) {
	ctx, client, done, err := f.connect(cmd)
	if err != nil {
		return nil, err
	}
	defer done()
	e, err := client.Explain(ctx, q)
	if errors.Is(err, context.Canceled) {
		return nil, errors.New("given up waiting")
	}
	return e, err
}

// writeExplanation prints an explanation for people.
func writeExplanation(w io.Writer, e *api.Explanation) error {
	asked := e.Request
	if !strings.Contains(strings.TrimSpace(asked), " ") {
		asked = "GET " + asked
	}
	fmt.Fprintf(w, "%s\n\n", asked)
	if e.Refused != "" {
		_, err := fmt.Fprintf(w, "is refused with %d: %s\n", e.Status, e.Refused)
		return err
	}
	if r := e.Router; r != nil {
		fmt.Fprintf(w, "  router %s at %s %s\n", r.Name, r.At, routerSaid(r))
	}
	for _, s := range e.Statics {
		then := "404"
		if s.Fallthrough {
			then = "it goes on"
		}
		if s.Unserved != "" {
			fmt.Fprintf(w, "  static %q at %s has no file for this path: %s; so %s\n", s.Prefix, s.At, s.Unserved, then)
			continue
		}
		fmt.Fprintf(w, "  static %q at %s asks for %s; without it, %s\n", s.Prefix, s.At, s.File, then)
	}
	t := terminal.NewTable(w)
	for i, rule := range e.Rules {
		verdict := "takes it"
		if !rule.Matched {
			verdict = "no, " + strings.TrimPrefix(rule.Why, rule.Route+": ")
		}
		fmt.Fprintf(t, "  %d\t%s\t%s\t%s\n", i+1, rule.Route, rule.Group, verdict)
	}
	if err := t.Flush(); err != nil {
		return err
	}
	if e.Router != nil || len(e.Statics)+len(e.Rules) > 0 {
		fmt.Fprintln(w)
	}
	fmt.Fprintln(w, conclusion(e))
	if len(e.Redirecting) > 0 {
		fmt.Fprintf(w, "(%s would redirect it to https)\n", strings.Join(e.Redirecting, ", "))
	}
	return writeSettings(w, e.Settings)
}

// maxAligned is the width of the longest value that makes a column wider. Longer ones
// reach into the next column, so that one of them does not fold every row.
const maxAligned = 26

// writeSettings prints the settings of a request, and where each comes from.
func writeSettings(w io.Writer, settings []api.ExplainedSetting) error {
	name, value := 0, 0
	for _, s := range settings {
		name = max(name, utf8.RuneCountInString(s.Name))
		if n := utf8.RuneCountInString(s.Value); n <= maxAligned {
			value = max(value, n)
		}
	}
	var b strings.Builder
	for _, s := range settings {
		fmt.Fprintf(&b, "  %s  %s  %s\n", terminal.Pad(s.Name, name), terminal.Pad(s.Value, value), origin(s))
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// origin says where a setting comes from, and what the request has for its key.
func origin(s api.ExplainedSetting) string {
	out := map[string]string{"default": "by default", "LdConfig": "of LdConfig", "rule": "of the rule", "to": "of to(…) in the router"}[s.From]
	if out == "" {
		out = "of the " + s.From
	}
	if s.At != "" {
		out += " at " + s.At
	}
	lacks := strings.Contains(s.Value, "by_cookie(") || strings.Contains(s.Value, "by_header(")
	switch {
	case s.Key != "":
		out += fmt.Sprintf(", key %q", s.Key)
	case lacks:
		out += ", which the request lacks"
	}
	switch {
	case s.Worker != nil:
		out += fmt.Sprintf(": goes to worker %d", *s.Worker)
	case s.Homeless:
		out += ": no worker has it"
	}
	return out
}

func routerSaid(r *api.ExplainedRouter) string {
	switch {
	case r.Error != "" && r.Decided:
		return "fails: " + r.Error
	case r.Error != "":
		return "fails, and the routes decide: " + r.Error
	case r.Decided:
		return "decides"
	}
	return "leaves it to the routes"
}

// conclusion says what becomes of the request.
func conclusion(e *api.Explanation) string {
	by := ""
	if n := len(e.Rules); n > 0 && e.Rules[n-1].Matched {
		by = ", by " + e.Rules[n-1].Route
		if at := e.Rules[n-1].At; at != "" {
			by += " at " + at
		}
	}
	last := len(e.Statics) - 1
	served := slices.ContainsFunc(e.Statics, func(s api.ExplainedStatic) bool { return s.Unserved == "" })
	switch {
	case e.Probe != "":
		return fmt.Sprintf("is answered by ldcorn itself with %d: it is for %s", e.Status, e.Probe)
	case last >= 0 && !served && !e.Statics[last].Fallthrough:
		return "is answered by ldcorn with 404"
	case last >= 0 && !e.Statics[last].Fallthrough:
		return "is answered by ldcorn with a file, or 404"
	case served && e.Group != "":
		return "is answered by ldcorn with a file; without one, goes to " + e.Group + by
	case served:
		return "is answered by ldcorn with a file; without one, no rule takes it: 404"
	case e.Group != "":
		return "goes to " + e.Group + by
	case e.Location != "" && (e.Router == nil || !e.Router.Decided):
		return fmt.Sprintf("is answered with %d and redirected to %s, by redirect_https of the listener %s", e.Status, e.Location, e.Listener)
	case e.Location != "":
		return fmt.Sprintf("is answered with %d and redirected to %s", e.Status, e.Location)
	case e.Router != nil && e.Router.Decided:
		return fmt.Sprintf("is answered with %d", e.Status)
	}
	return "no rule takes it: it is answered with 404"
}
