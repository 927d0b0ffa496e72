package engine

import (
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ldcorn/ldcorn/engine/plan"
)

// A frontRig has fronts whose sockets accept nothing, and what they were told.
type frontRig struct {
	*fronts
	t   *testing.T
	mu  sync.Mutex // guards did, while sockets are left
	did []string
}

func newFrontRig(t *testing.T, p *plan.Plan) *frontRig {
	t.Helper()
	f, err := openFronts(p, nil, newKeeper(slog.New(slog.DiscardHandler), new(telemetry), nil))
	require.NoError(t, err)
	t.Cleanup(f.close)
	r := &frontRig{fronts: f, t: t}
	for argument, begin := range map[string]func(func(*opened) (*service, error)) error{"bind": f.begin, "admin": f.beginAdmin} {
		require.NoError(t, begin(func(o *opened) (*service, error) {
			name := argument + " " + address(o)
			r.did = append(r.did, "+"+name)
			return &service{leave: func() {
				r.mu.Lock()
				defer r.mu.Unlock()
				r.did = append(r.did, "-"+name)
				o.Close()
			}}, nil
		}))
	}
	r.did = nil
	return r
}

// prepared prepares a move to the plan, which must work.
func (r *frontRig) prepared(p *plan.Plan) *moves {
	r.t.Helper()
	m, err := r.prepare(p)
	require.NoError(r.t, err)
	return m
}

// takes makes a move to the plan, and returns what the fronts were told.
func (r *frontRig) takes(p *plan.Plan) []string {
	r.t.Helper()
	require.NoError(r.t, r.prepared(p).take())
	did := r.did
	r.did = nil
	return did
}

func tcp(addr string) plan.Bind  { return plan.Bind{Network: "tcp", Address: addr} }
func sock(path string) plan.Bind { return plan.Bind{Network: "unix", Address: path} }

func mode(t *testing.T, path string) os.FileMode {
	t.Helper()
	info, err := os.Lstat(path)
	require.NoError(t, err)
	return info.Mode().Perm()
}

// connects reports whether somebody listens there.
func connects(network, addr string) bool {
	c, err := net.Dial(network, addr)
	if err == nil {
		c.Close()
	}
	return err == nil
}

func TestFronts(t *testing.T) {
	dir := socketDir(t)
	a, b := filepath.Join(dir, "a"), filepath.Join(dir, "b")
	r := newFrontRig(t, &plan.Plan{Listeners: listeners(tcp("127.0.0.1:0"))})
	first := r.public[0].now.Addr().String()

	assert.Empty(t, r.takes(&plan.Plan{Listeners: listeners(tcp("127.0.0.1:0"))}), "it is the same, though the port was the system's choice")

	m := r.prepared(&plan.Plan{Listeners: listeners(sock(a)), Admin: sock(b)})
	assert.True(t, connects("unix", a), "it is open, though nobody is accepted")
	assert.Empty(t, r.did)
	m.giveBack()
	assert.NoFileExists(t, a)
	assert.NoFileExists(t, b)
	assert.True(t, connects("tcp", first))

	assert.Equal(t, []string{"+bind unix:" + a, "+admin unix:" + b, "-bind " + first}, r.takes(&plan.Plan{Listeners: listeners(sock(a)), Admin: sock(b)}),
		"the new one accepts before the old one is closed")
	assert.False(t, connects("tcp", first))
	assert.Equal(t, []string{"-admin unix:" + b}, r.takes(&plan.Plan{Listeners: listeners(sock(a))}))
	assert.NoFileExists(t, b)
	assert.Empty(t, r.takes(&plan.Plan{Listeners: listeners(sock(a))}))

	// A path through a link leads to the same socket.
	require.NoError(t, os.Symlink(dir, filepath.Join(dir, "link")))
	assert.Empty(t, r.takes(&plan.Plan{Listeners: listeners(sock(filepath.Join(dir, "link", "a")))}))
	assert.True(t, connects("unix", a))
}

// TestFronts_InUse: one that cannot be opened changes nothing, and what was
// opened beside it is closed.
func TestFronts_InUse(t *testing.T) {
	dir := socketDir(t)
	a, b := filepath.Join(dir, "a"), filepath.Join(dir, "b")
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer taken.Close()
	r := newFrontRig(t, &plan.Plan{Listeners: listeners(tcp("127.0.0.1:0")), Admin: sock(b)})
	for why, c := range map[string]struct{ bind, admin plan.Bind }{
		`bind "` + taken.Addr().String() + `": listen tcp ` + taken.Addr().String() + ": bind: address already in use by ": {tcp(taken.Addr().String()), sock(b)},
		"stop it, or choose another admin": {sock(a), tcp(taken.Addr().String())},
		`this master uses the address for admin = "unix:` + b + `"; change that in a reload of its own first`: {sock(b), plan.Bind{}},
	} {
		_, err := r.prepare(&plan.Plan{Listeners: listeners(c.bind), Admin: c.admin})
		require.ErrorContains(t, err, why)
		assert.Empty(t, r.did)
		assert.NoFileExists(t, a)
		assert.True(t, connects("unix", b))
		assert.True(t, connects("tcp", r.public[0].now.Addr().String()))
	}
}

// TestFronts_Overlap: an address that is one of those that the master has takes
// its clients at once, so it accepts at once; one that has more than the old one
// waits.
func TestFronts_Overlap(t *testing.T) {
	r := newFrontRig(t, &plan.Plan{Listeners: listeners(tcp(":0"))})
	_, port, err := net.SplitHostPort(r.public[0].now.Addr().String())
	require.NoError(t, err)
	wide, narrow := address(r.public[0].now), "127.0.0.1:"+port
	for _, same := range []string{"0.0.0.0:" + port, "[::]:" + port, ":" + port} {
		assert.Empty(t, r.takes(&plan.Plan{Listeners: listeners(tcp(same))}), same)
	}

	m := r.prepared(&plan.Plan{Listeners: listeners(tcp(narrow))})
	assert.Equal(t, []string{"+bind " + narrow}, r.did)
	m.giveBack()
	assert.Equal(t, []string{"+bind " + narrow, "-bind " + narrow}, r.did)
	assert.True(t, connects("tcp", narrow), "the wide one has it again")
	r.did = nil
	assert.Equal(t, []string{"+bind " + narrow, "-bind " + wide}, r.takes(&plan.Plan{Listeners: listeners(tcp(narrow))}))

	m = r.prepared(&plan.Plan{Listeners: listeners(tcp(":" + port))})
	assert.Empty(t, r.did)
	_, err = net.Listen("tcp", narrow)
	require.ErrorContains(t, err, "address already in use")
	m.giveBack()
	assert.Equal(t, []string{"+bind " + wide, "-bind " + narrow}, r.takes(&plan.Plan{Listeners: listeners(tcp(":" + port))}))

	// The address of another is not shared.
	fixed := newFrontRig(t, &plan.Plan{Listeners: listeners(tcp("127.0.0.1:0"))})
	_, port, err = net.SplitHostPort(fixed.public[0].now.Addr().String())
	require.NoError(t, err)
	foreign, err := net.Listen("tcp", "127.0.0.2:"+port)
	require.NoError(t, err)
	defer foreign.Close()
	_, err = fixed.prepare(&plan.Plan{Listeners: listeners(tcp(":" + port))})
	require.ErrorContains(t, err, "address already in use")
}

// TestFronts_File: another mode is that of the file that is there, and not
// before the rest of the reload is done.
func TestFronts_File(t *testing.T) {
	path := filepath.Join(socketDir(t), strings.Repeat("x", 40))
	with := func(mode plan.BindMode, group string) *plan.Plan {
		p := &plan.Plan{Listeners: listeners(sock(path))}
		p.Listeners[0].Mode, p.Listeners[0].Owner.Group = mode, group
		return p
	}
	p, next := with(0o660, ""), with(0o606, "")
	r := newFrontRig(t, p)
	before, err := os.Lstat(path)
	require.NoError(t, err)
	m := r.prepared(next)
	assert.Equal(t, os.FileMode(0o660), mode(t, path))
	m.giveBack()
	assert.Equal(t, os.FileMode(0o660), mode(t, path))
	assert.Empty(t, r.takes(next))
	assert.Equal(t, os.FileMode(0o606), mode(t, path))
	after, err := os.Lstat(path)
	require.NoError(t, err)
	assert.True(t, os.SameFile(before, after))
	left, err := os.ReadDir(filepath.Dir(path))
	require.NoError(t, err)
	assert.Len(t, left, 1, "what was tried is gone")

	_, err = r.prepare(with(0o606, "no-such-group"))
	require.ErrorContains(t, err, `this machine has no group "no-such-group"`)
	assert.Equal(t, os.FileMode(0o606), mode(t, path))

	// A file that is gone is made again, and stays when the old socket goes.
	require.NoError(t, os.Remove(path))
	assert.Equal(t, []string{"+bind unix:" + path, "-bind unix:" + path}, r.takes(p))
	assert.Equal(t, os.FileMode(0o660), mode(t, path))
	assert.True(t, connects("unix", path))
}

// TestFronts_Lost: a reload listens again where the file of a socket is gone, and
// neither a move nor a stop removes the file of another.
func TestFronts_Lost(t *testing.T) {
	dir := t.TempDir()
	path, other := filepath.Join(dir, "a.sock"), filepath.Join(dir, "b.sock")
	r := newFrontRig(t, &plan.Plan{Listeners: listeners(sock(path))})
	require.NoError(t, os.Remove(path))
	require.False(t, connects("unix", path))
	assert.Equal(t, []string{"+bind unix:" + path, "-bind unix:" + path}, r.takes(&plan.Plan{Listeners: listeners(sock(path))}))
	assert.True(t, connects("unix", path))
	assert.Empty(t, r.takes(&plan.Plan{Listeners: listeners(sock(path))}))

	precious := func(path string) {
		require.NoError(t, os.Remove(path))
		require.NoError(t, os.WriteFile(path, []byte("precious"), 0o600))
	}
	precious(path)
	_, err := r.prepare(&plan.Plan{Listeners: listeners(sock(path))})
	require.ErrorContains(t, err, "the file exists and is not a socket")
	m := r.prepared(&plan.Plan{Listeners: listeners(sock(other))})
	precious(other)
	m.giveBack()
	assert.FileExists(t, other)
	r.close()
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	assert.Equal(t, "precious", string(text))
}
