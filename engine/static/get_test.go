package static

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/ldcorn/ldcorn/engine/head"
	"github.com/ldcorn/ldcorn/engine/plan"
)

// both runs a test with openat2 and with what systems without it have.
func both(t *testing.T, test func(t *testing.T, r *rig)) {
	for name, beneath := range map[string]bool{"openat2": true, "os.Root": false} {
		t.Run(name, func(t *testing.T) {
			if beneath && !canOpenBeneath() {
				t.Skip("the system has no openat2")
			}
			test(t, newRig(t, func(r *rig) { r.set.beneath = beneath }))
		})
	}
}

func TestGet(t *testing.T) {
	both(t, func(t *testing.T, r *rig) {
		large := strings.Repeat("0123456789abcdef", inMemory/8)
		r.write("a.txt", "hello")
		r.write("empty", "")
		r.write("large.bin", large)
		r.write("sub/index.html", "<p>")
		r.write("none/x", "")
		r.write("name with ü and %", "odd")
		r.write(".well-known/security.txt", "mail")
		for target, want := range map[string]string{
			"/a.txt": "hello", "/empty": "", "/large.bin": large, "/sub/index.html": "<p>", "/sub/": "<p>",
			"/name%20with%20%C3%BC%20and%20%25": "odd", "/.well-known/security.txt": "mail",
		} {
			for range 2 { // from the folder, and as it is remembered
				got, err := r.content(target)
				require.NoError(t, err, target)
				assert.Equal(t, want, got, target)
			}
		}
		for target, want := range map[string]error{
			"/nothing": ErrMissing, "/a.txt/": ErrMissing, "/a.txt/x": ErrMissing, "/none/": ErrMissing, "/none": ErrMissing,
			"/": ErrMissing, "/sub": ErrFolder, "/A.TXT": ErrMissing, "/sub%2Findex.html": ErrMissing, "/sub//index.html": ErrMissing, "//a.txt": ErrMissing,
			"/" + strings.Repeat("x", 300): ErrMissing, "/" + strings.Repeat("x/", 3000): ErrMissing,
		} {
			for range 2 {
				_, err := r.get(target)
				assert.Equal(t, want, err, target)
			}
		}
		f, err := r.get("/a.txt")
		require.NoError(t, err)
		assert.Equal(t, "text/plain; charset=utf-8", f.Media)
		assert.Equal(t, old.UTC().Format("Mon, 02 Jan 2006 15:04:05 GMT"), f.Modified)
		assert.True(t, strings.HasPrefix(f.ETag, `W/"`), "its ctime is too young: %s", f.ETag)
	})
}

// TestHidden checks that nothing outside of the folder, and no name that begins with a
// dot, is served, by whatever path.
func TestHidden(t *testing.T) {
	both(t, func(t *testing.T, r *rig) {
		outside := t.TempDir()
		secret := filepath.Join(outside, "secret.txt")
		require.NoError(t, os.WriteFile(secret, []byte("secret"), 0o600))
		r.write(".env", "secret")
		r.write(".git/config", "secret")
		r.write("sub/.htpasswd", "secret")
		r.write("sub/.well-known/x", "secret")
		r.write("sub/ok", "ok")
		up, err := filepath.Rel(r.dir, secret)
		require.NoError(t, err)
		for name, to := range map[string]string{
			"absolute": secret, "relative": up, "folder": outside, "root": "/", "proc": "/proc/self/root", "fd": "/proc/self/fd",
			"sub/up": "../../" + filepath.Base(outside) + "/secret.txt", "loop": "loop", "dangling": "nowhere",
		} {
			require.NoError(t, os.Symlink(to, filepath.Join(r.dir, name)))
		}
		require.NoError(t, os.Symlink("sub/ok", filepath.Join(r.dir, "inside")))
		for _, target := range []string{
			"/.env", "/.git/config", "/.GIT/config", "/sub/.htpasswd", "/sub/.well-known/x", "/%2eenv", "/%2Egit/config", "/...", "/..%00", "/.well-known",
			"/absolute", "/relative", "/folder/secret.txt", "/root/etc/passwd", "/proc/etc/passwd", "/fd/0", "/sub/up", "/loop", "/dangling",
			"/sub/%2e%2e%2f.env", "/..%2f..%2fetc%2fpasswd", "/%252e%252e/x", "/sub/..;/.env", "/sub/%c0%ae%c0%ae/.env", "/sub/ok%00.html", "/\u2215etc",
			"/C:/x", "/sub/ok::$DATA", "/sub/ok.", "/sub/ok%20", "/con", "/nul",
		} {
			req := new(head.Request)
			req.Reset()
			if req.Fill("HTTP/1.1", []byte("GET"), []byte(target), []head.Field{{Name: []byte("Host"), Value: []byte("x")}}, false, false) != nil {
				continue // the proxy refuses it
			}
			_, err := r.folder.Get(r.task, &r.static, req)
			assert.Equal(t, ErrMissing, err, target)
		}
		got, err := r.content("/inside")
		require.NoError(t, err, "a link within the folder")
		assert.Equal(t, "ok", got)
		other := plan.Static{Prefix: "/sub", Dir: r.dir}
		_, err = r.folder.Get(r.task, &other, ask(t, "/sub/.well-known/security.txt"))
		assert.Equal(t, ErrMissing, err, "RFC 8615: only at the root")
	})
}

// TestSpecialFiles checks that a FIFO, a socket and a device are not served, and that
// nobody waits for them.
func TestSpecialFiles(t *testing.T) {
	both(t, func(t *testing.T, r *rig) {
		require.NoError(t, unix.Mkfifo(filepath.Join(r.dir, "fifo"), 0o600))
		socket, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM, 0)
		require.NoError(t, err)
		defer unix.Close(socket)
		here, err := os.Getwd()
		require.NoError(t, err)
		require.NoError(t, os.Chdir(r.dir)) // the path of a socket must be short
		err = unix.Bind(socket, &unix.SockaddrUnix{Name: "socket"})
		require.NoError(t, os.Chdir(here))
		require.NoError(t, err)
		targets := []string{"/fifo", "/socket"}
		if unix.Mknod(filepath.Join(r.dir, "device"), unix.S_IFCHR|0o600, int(unix.Mkdev(1, 5))) == nil {
			targets = append(targets, "/device")
		}
		for _, target := range targets {
			_, err := r.get(target)
			assert.ErrorIs(t, err, ErrMissing, target)
		}
	})
}

func TestForbidden(t *testing.T) {
	if os.Getuid() == 0 {
		t.Skip("root may read every file")
	}
	both(t, func(t *testing.T, r *rig) {
		r.write("x", "x")
		require.NoError(t, os.Chmod(filepath.Join(r.dir, "x"), 0))
		_, err := r.get("/x")
		assert.Equal(t, ErrForbidden, err)
	})
}

// TestReleases checks that another target of the folder's link is seen, and that the
// requests of before keep their files.
func TestReleases(t *testing.T) {
	both(t, func(t *testing.T, r *rig) {
		large := strings.Repeat("1", inMemory+1)
		r.write("releases/1/a", "one")
		r.write("releases/2/a", "two")
		r.write("releases/1/large", large)
		r.write("releases/2/large", strings.Repeat("2", inMemory+1))
		link := filepath.Join(r.dir, "current")
		require.NoError(t, os.Symlink("releases/1", link))
		r.static.Dir = link
		r.folder = r.set.Configure([]plan.Static{r.static}, Limits{Files: 8})[0]
		got, err := r.content("/a")
		require.NoError(t, err)
		assert.Equal(t, "one", got)
		begun, err := r.get("/large")
		require.NoError(t, err)

		require.NoError(t, os.Symlink("releases/2", link+"~"))
		require.NoError(t, os.Rename(link+"~", link))
		r.expire()
		got, err = r.content("/a")
		require.NoError(t, err)
		assert.Equal(t, "two", got)
		got, err = r.read(begun)
		require.NoError(t, err)
		assert.Equal(t, large, got, "a request goes on with its file")

		require.NoError(t, os.Remove(link))
		r.expire()
		_, err = r.get("/a")
		assert.Equal(t, ErrMissing, err)
		assert.Contains(t, r.log.String(), "cannot be opened")
		require.NoError(t, os.Symlink("releases/1", link))
		r.expire()
		got, err = r.content("/a")
		require.NoError(t, err)
		assert.Equal(t, "one", got)
	})
}

// TestPrecompressed checks which variant is sent, by what the client accepts.
func TestPrecompressed(t *testing.T) {
	r := newRig(t)
	r.write("a.js", "plain")
	r.write("a.js.br", "brotli")
	r.write("a.js.gz", "gzip")
	r.write("b.js", "plain")
	r.write("b.js.gz", "gzip")
	r.write("c.js", "plain")
	r.write("c.js.gz", "left over")
	require.NoError(t, os.Chtimes(filepath.Join(r.dir, "c.js.gz"), old.Add(-time.Hour), old.Add(-time.Hour)))
	r.write("only.js.gz", "gzip")
	require.NoError(t, os.Mkdir(filepath.Join(r.dir, "c.js.br"), 0o755))
	for _, c := range []struct{ target, accept, want, coding string }{
		{"/a.js", "", "plain", ""}, {"/a.js", "gzip, deflate, br", "brotli", "br"}, {"/a.js", "gzip", "gzip", "gzip"},
		{"/a.js", "gzip, br;q=0.5", "gzip", "gzip"}, {"/a.js", "br;q=0, gzip;q=0", "plain", ""}, {"/a.js", "*", "brotli", "br"},
		{"/a.js", "*;q=0.1, identity", "plain", ""}, {"/a.js", "br;q=0.3, identity;q=0.4", "plain", ""}, {"/a.js", "BR", "brotli", "br"},
		{"/a.js", "x-gzip;q=1.000", "gzip", "gzip"}, {"/a.js", "gzip;q=1.1", "plain", ""}, {"/a.js", "gzip;q=", "plain", ""}, {"/a.js", "gzip;x=1", "plain", ""},
		{"/b.js", "br, gzip", "gzip", "gzip"}, {"/b.js", "br", "plain", ""},
		{"/c.js", "br, gzip", "plain", ""},
	} {
		f, err := r.get(c.target, "Accept-Encoding: "+c.accept)
		require.NoError(t, err, c)
		assert.Equal(t, c.want, string(f.Content()), c)
		assert.Equal(t, c.coding, f.Coding, c)
		assert.Equal(t, "text/javascript; charset=utf-8", f.Media)
	}
	_, err := r.get("/only.js", "Accept-Encoding: gzip")
	assert.Equal(t, ErrMissing, err, "a variant belongs to a file")
	f, err := r.get("/only.js.gz", "Accept-Encoding: gzip")
	require.NoError(t, err)
	assert.Equal(t, []string{"", "application/gzip"}, []string{f.Coding, f.Media})
	plain, err := r.get("/a.js")
	require.NoError(t, err)
	packed, err := r.get("/a.js", "Accept-Encoding: br")
	require.NoError(t, err)
	assert.NotEqual(t, plain.ETag, packed.ETag)
}
