package plan_test

import (
	"net/netip"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ldcorn/ldcorn/engine/api"
	"github.com/ldcorn/ldcorn/engine/plan"
)

// listening returns a plan with listeners, after a change of the plan.
func listening(t *testing.T, change func(*plan.Plan), listeners ...plan.Listener) *plan.Plan {
	t.Helper()
	p := plan.NewPlan()
	if change != nil {
		change(p)
	}
	p.SetListeners(listeners)
	return p
}

func at(t *testing.T, address string, change ...func(*plan.Listener)) plan.Listener {
	t.Helper()
	bind, err := plan.ParseBind(address)
	require.NoError(t, err)
	l := plan.Listener{Bind: bind}
	for _, f := range change {
		f(&l)
	}
	return l
}

func redirects(l *plan.Listener) { l.RedirectHTTPS = true }

func secure(l *plan.Listener) { l.TLS = []plan.TLS{{Cert: plan.Plain("cert.pem")}} }

var proxies = []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}

func TestSetListeners(t *testing.T) {
	own := func(l *plan.Listener) {
		l.Mode, l.Owner.Group, l.Forwarded, l.TrustedProxies = 0o600, "web", plan.ForwardedOff, []netip.Prefix{}
	}
	p := listening(t, func(p *plan.Plan) {
		p.BindMode, p.BindOwner, p.Forwarded, p.TrustedProxies = 0o660, plan.BindOwner{User: "root"}, plan.ForwardedAppend, proxies
	}, at(t, ":80"), at(t, "unix:/a"), at(t, "unix:/b", own))
	tcp, file, other := p.Listeners[0], p.Listeners[1], p.Listeners[2]
	assert.Zero(t, tcp.Mode, "a port has no file")
	assert.Equal(t, plan.ForwardedAppend, tcp.Forwarded)
	assert.Equal(t, proxies, file.TrustedProxies)
	assert.Equal(t, []any{plan.BindMode(0o660), plan.BindOwner{User: "root"}}, []any{file.Mode, file.Owner})
	assert.Equal(t, []any{plan.BindMode(0o600), plan.BindOwner{Group: "web"}, plan.ForwardedOff}, []any{other.Mode, other.Owner, other.Forwarded})
	assert.Empty(t, other.TrustedProxies)
}

func TestBindKey(t *testing.T) {
	for _, same := range [][]string{
		{":80", "0.0.0.0:80", "[::]:80"}, {"127.0.0.1:80", "[::ffff:127.0.0.1]:80"}, {"[::1]:80", "[0:0:0:0:0:0:0:1]:80"},
		{"localhost:80", "LOCALHOST:80"}, {"127.0.0.1:81"}, {"unix:/a"}, {"unix:/A"}, {"systemd"}, {"systemd:a"}, {"systemd:A"}, {":0"},
	} {
		for _, other := range same {
			assert.Equal(t, at(t, same[0]).Bind.Key(), at(t, other).Bind.Key())
		}
		for _, other := range []string{":82", "127.0.0.2:80", "unix:/b", "systemd:b"} {
			assert.NotEqual(t, at(t, same[0]).Bind.Key(), at(t, other).Bind.Key())
		}
	}
}

// texts returns the changes of listeners that are not kept.
func moved(changes []plan.ListenerChange) (out []string) {
	for i := range changes {
		if c := &changes[i]; c.Action != plan.Keep {
			out = append(out, c.String())
		}
	}
	return out
}

func TestDiffListeners(t *testing.T) {
	before := listening(t, nil, at(t, ":80", redirects), at(t, "unix:/a"), at(t, "127.0.0.1:8000"))
	after := listening(t, nil, at(t, "unix:/b"), at(t, "0.0.0.0:80"), at(t, "127.0.0.1:8000", func(l *plan.Listener) { l.TrustedProxies = proxies }))
	for _, old := range []*plan.Plan{before, recordOf(t, before)} {
		changes := plan.Diff(old, after, plan.DiffOptions{})
		assert.Equal(t, []string{
			"add unix:/b", "redirect_https True -> False of 0.0.0.0:80", `trusted_proxies [] -> ["10.0.0.0/8"] of 127.0.0.1:8000`, "remove unix:/a",
		}, moved(changes.Listeners))
		assert.Empty(t, changes.Plan)
		assert.Equal(t, after.Listeners, changes.Listening())
		report := plan.NewReport(api.PlanBase{Kind: api.BaseMaster}, after, changes, plan.DiffOptions{})
		assert.Equal(t, 1, report.Summary.Change)
		assert.Equal(t, api.OutcomeApplies, report.Outcome())
		changes = plan.Diff(old, before, plan.DiffOptions{})
		assert.Empty(t, moved(changes.Listeners))
		report = plan.NewReport(api.PlanBase{Kind: api.BaseMaster}, before, changes, plan.DiffOptions{})
		assert.Equal(t, api.OutcomeNothing, report.Outcome())
	}
}

func recordOf(t *testing.T, p *plan.Plan) *plan.Plan {
	t.Helper()
	was, err := plan.FromRecord(p.Record([]byte("0123456789abcdef")))
	require.NoError(t, err)
	return was
}

// TestDiffListeners_OfPlan: what LdConfig changes is not said again for each listener
// that has it from there.
func TestDiffListeners_OfPlan(t *testing.T) {
	own := func(l *plan.Listener) { l.TrustedProxies = []netip.Prefix{} }
	before := listening(t, nil, at(t, ":80"), at(t, ":81", own), at(t, "unix:/a"))
	after := listening(t, func(p *plan.Plan) { p.TrustedProxies, p.BindMode = proxies, 0o660 }, at(t, ":80"), at(t, ":81", own), at(t, "unix:/a"))
	changes := plan.Diff(before, after, plan.DiffOptions{})
	assert.Equal(t, []string{`bind_mode None -> "0660"`, `trusted_proxies [] -> ["10.0.0.0/8"]`}, lines(changes.Plan))
	assert.Empty(t, moved(changes.Listeners))
	assert.Equal(t, after.Listeners, changes.Listening())
}

// TestDiffListeners_Restart: a listener whose socket was not passed waits for a new
// master, and those that it may replace stay.
func TestDiffListeners_Restart(t *testing.T) {
	missing := func(b plan.Bind) bool { return b.Address == "https" }
	before := listening(t, nil, at(t, ":80"), at(t, ":81"))
	after := listening(t, nil, at(t, "systemd:https"), at(t, "systemd:http"), at(t, ":81", redirects))
	changes := plan.Diff(before, after, plan.DiffOptions{Missing: missing})
	assert.Equal(t, []string{"add systemd:https", "add systemd:http", "redirect_https False -> True of :81", "remove :80"}, moved(changes.Listeners))
	assert.Equal(t, 2, changes.Waiting())
	var left []string
	for _, l := range changes.Listening() {
		left = append(left, l.Bind.String())
	}
	assert.Equal(t, []string{"systemd:http", ":81", ":80"}, left)
	assert.Equal(t, changes.Listening(), after.Reachable(before, missing).Listeners)
	assert.Same(t, after, after.Reachable(before, nil))

	report := plan.NewReport(api.PlanBase{Kind: api.BaseMaster}, after, changes, plan.DiffOptions{})
	assert.Equal(t, 2, report.Summary.NeedAction)
	assert.Equal(t, api.OutcomePartial, report.Outcome())
	assert.Equal(t, "the service manager has not passed the socket", report.Listeners[0].Reason)

	// Later reloads say the same again, until there is a new master.
	now := *after
	now.Listeners = changes.Listening()
	again := plan.Diff(&now, after, plan.DiffOptions{Missing: missing})
	assert.Equal(t, []string{"add systemd:https", "remove :80"}, moved(again.Listeners))
	assert.False(t, again.Moved())
}

func TestValidate_Listeners(t *testing.T) {
	for _, c := range []struct {
		listeners []plan.Listener
		want      []string
	}{
		{[]plan.Listener{at(t, ":80"), at(t, "127.0.0.1:80"), at(t, ":81"), at(t, "unix:/a")}, nil},
		{[]plan.Listener{at(t, ":80"), at(t, ":81"), at(t, "0.0.0.0:80")}, []string{plan.CodeSameAddress}},
		{[]plan.Listener{at(t, "127.0.0.1:0"), at(t, "127.0.0.1:0")}, []string{plan.CodeSameAddress}},
		{[]plan.Listener{at(t, "systemd:a"), at(t, "systemd:b")}, nil},
		{[]plan.Listener{at(t, "systemd"), at(t, "systemd:b")}, []string{plan.CodeSameAddress}},
		{[]plan.Listener{at(t, ":80", redirects), at(t, ":81")}, nil},
		{[]plan.Listener{at(t, ":80", redirects)}, []string{plan.CodeAllRedirect}},
		{[]plan.Listener{at(t, ":80", redirects, func(l *plan.Listener) { l.TrustedProxies = proxies })}, nil},
		{[]plan.Listener{at(t, "unix:/a", redirects), at(t, ":81")}, []string{plan.CodeAllRedirect}},
		{[]plan.Listener{at(t, ":80", redirects), at(t, ":8443", secure), at(t, ":9443", secure)}, []string{plan.CodeRedirectPort}},
		{[]plan.Listener{at(t, ":80", redirects), at(t, ":8443", secure), at(t, ":443", secure)}, nil},
		{[]plan.Listener{at(t, ":80", redirects), at(t, ":8443", secure)}, nil},
		{[]plan.Listener{at(t, ":80", redirects), at(t, ":8443", secure), at(t, "systemd:a", secure)}, nil},
		{[]plan.Listener{at(t, ":80", redirects, func(l *plan.Listener) { l.TrustedProxies = proxies }), at(t, ":8443", secure), at(t, ":9443", secure)}, nil},
		{[]plan.Listener{at(t, ":80", func(l *plan.Listener) { l.Forwarded = plan.ForwardedAppend }), at(t, ":81")}, []string{plan.CodeAppendNone}},
	} {
		p := listening(t, nil, c.listeners...)
		p.Groups = []*plan.Group{group(t, "a", "*")}
		var got []string
		for _, problem := range plan.Validate(t.Context(), p) {
			got = append(got, problem.Code)
		}
		assert.Equal(t, c.want, got, "%v", c.listeners)
	}
}
