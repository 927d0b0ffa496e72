package unit

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ldcorn/ldcorn/cmd/ldcorn/internal/harness"
	"github.com/ldcorn/ldcorn/engine/plan"
	"github.com/ldcorn/ldcorn/starlark/config"
)

// planOf returns the plan of a configuration as if it were in /srv/shop.
func planOf(t *testing.T, text string) *plan.Plan {
	t.Helper()
	path := filepath.Join(t.TempDir(), "ldconfig.star")
	require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	p, err := config.Load(t.Context(), path,
		config.Options{Salt: []byte{}, Env: map[string]string{"DATABASE_URL": "postgres://", "SITE": "shop"}})
	require.NoError(t, err)
	p.Path = "/srv/shop/ldconfig.star"
	for i := range p.Inputs {
		if p.Inputs[i].Name == path {
			p.Inputs[i].Name = p.Path
		}
	}
	return p
}

// options returns those of a usual service.
func options(change func(*Options)) Options {
	o := Options{Name: "ldcorn", User: "ldcorn", Program: "/usr/bin/ldcorn", Version: 252}
	if change != nil {
		change(&o)
	}
	return o
}

const group = `workers = [WorkerGroup(name = "web", app = "main:app", cwd = "/srv/shop")]`

// cases are configurations with the units that testdata has.
var cases = map[string]struct {
	text    string
	change  func(*Options)
	most    float64 // of the exposure; see TestExposure
	remarks []string
}{
	"plain":  {`config = LdConfig(bind = "127.0.0.1:8000", ` + group + `)`, nil, 2.5, nil},
	"newest": {`config = LdConfig(bind = "127.0.0.1:8000", ` + group + `)`, func(o *Options) { o.Version = 257 }, 2.5, nil},
	"oldest": {`config = LdConfig(bind = "127.0.0.1:8000", ` + group + `)`, func(o *Options) { o.Version = MinVersion }, 3.0, nil},
	"full": {`
config = LdConfig(
    bind = [
        listen(":80", redirect_https = True),
        listen(":443", tls = acme("shop.example.com", accept_terms = True, storage = "/var/lib/certs")),
        listen("unix:/run/shop/web.sock", mode = "0660", owner = ":www-data"),
    ],
    access_log = "/var/log/shop/access.log",
    buffer_dir = "/srv/buffers",
    control_socket = "/run/shop-control/ldcorn.sock",
    static = [static("/assets", dir = "/srv/shop/assets")],
    shutdown_delay = "2500ms",
    shutdown_timeout = "20s",
    on_event = [hook(["/usr/local/bin/tell"])],
    workers = [
        WorkerGroup(name = "web", app = "main:app", cwd = "/srv/shop", env = {"DATABASE_URL": secret("DATABASE_URL"), "SITE": env("SITE")}),
        WorkerGroup(name = "ml", app = "ml:app", cwd = "/home/ml/app", routes = ["/ml/*"], stop_timeout = "1m30s"),
    ],
)
`, func(o *Options) {
		o.Name, o.User, o.Version = "shop", "app", 257
		o.Pythons = []string{"/home/ml/app/.venv/bin/python"}
		o.Writable = []string{"/srv/shop/uploads", "/var/cache/models"}
		o.Args = []string{"--set", "greeting=50 % of $5, \"really\""}
	}, 3.0, nil},
	"sockets": {`
config = LdConfig(
    bind = [
        listen("systemd:http", redirect_https = True),
        listen("systemd:https", tls = tls("/etc/shop/cert.pem", key = "/etc/shop/key.pem")),
        listen("systemd:local"),
    ],
    ` + group + `,
)
`, func(o *Options) { o.Listen = map[string]string{"local": "/run/shop.sock"} }, 2.5, nil},
	"shared": {`
config = LdConfig(
    bind = "unix:/tmp/shop.sock",
    bind_owner = "www-data:www-data",
    access_log = "/var/log/access.log",
    ` + group + `,
)
`, func(o *Options) { o.Venv = "/srv/shop venv" }, 3.0,
		[]string{"user ldcorn can make no files in /var/log: let the configuration name a folder in it, such as /var/log/ldcorn"}},
	"foreign": {`
config = LdConfig(bind = ":8000", access_log = "/var/log/nginx/shop.log", ` + group + `)
`, func(o *Options) { o.Exists = func(path string) bool { return path == "/var/log/nginx" } }, 2.5, nil},
	"users": {`
config = LdConfig(
    bind = ":443",
    workers = [
        WorkerGroup(name = "api", app = "main:app", cwd = "/srv/shop", user = "api", rlimits = {"nofile": 1000000}),
        WorkerGroup(name = "ml", app = "ml:app", cwd = "/srv/shop", routes = ["/ml"], group = "gpu", nice = -5, memory_max = "1GiB"),
    ],
)
`, nil, 4.0, nil},
	"root": {`config = LdConfig(bind = ":80", ` + group + `)`, func(o *Options) { o.User = "root" }, 4.0, nil},
}

// golden compares a text with a file, or writes the file if UPDATE_UNITS is set.
func golden(t *testing.T, path, text string) {
	t.Helper()
	if os.Getenv("UPDATE_UNITS") != "" {
		require.NoError(t, os.WriteFile(path, []byte(text), 0o644))
	}
	want, err := os.ReadFile(path)
	require.NoError(t, err)
	assert.Equal(t, string(want), text, "UPDATE_UNITS=1 go test writes %s", path)
}

func TestWrite(t *testing.T) {
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			files, remarks, err := Write(planOf(t, c.text), options(c.change))
			require.NoError(t, err)
			assert.Equal(t, c.remarks, remarks)
			for _, f := range files {
				golden(t, filepath.Join("testdata", name+"."+f.Name), f.Text)
			}
			all, err := filepath.Glob(filepath.Join("testdata", name+".*"))
			require.NoError(t, err)
			assert.Len(t, all, len(files))
		})
	}
}

// The packages have the unit that export writes for any configuration.
func TestPackaged(t *testing.T) {
	golden(t, harness.Root(t, "scripts", "dist", "files", "ldcorn.service"), Packaged())
}

func TestWrite_Errors(t *testing.T) {
	p := planOf(t, `config = LdConfig(bind = ["systemd:admin", "systemd:http"], `+group+`)`)
	_, _, err := Write(p, options(nil))
	require.EqualError(t, err, `the configuration takes the socket "systemd:admin" from systemd, which must know its address; give it with --listen admin=8000`)
	_, _, err = Write(p, options(func(o *Options) { o.Listen = map[string]string{"admin": "8000", "htpp": "80"} }))
	require.EqualError(t, err, `--listen: the configuration takes no socket "systemd:htpp" from systemd`)
	p = planOf(t, `config = LdConfig(bind = "systemd", `+group+`)`)
	_, _, err = Write(p, options(nil))
	require.ErrorContains(t, err, `the socket "systemd" from systemd, which must know its address; give it with --listen 8000`)
	files, _, err := Write(p, options(func(o *Options) { o.Listen = map[string]string{"": "127.0.0.1:8000"} }))
	require.NoError(t, err)
	assert.Equal(t, "ldcorn.socket", files[1].Name)
	assert.Contains(t, files[1].Text, "\nListenStream=127.0.0.1:8000\n")
	assert.NotContains(t, files[1].Text, "FileDescriptorName")
}

// In /etc there is nothing to run in.
func TestWorkFolder(t *testing.T) {
	for path, want := range map[string]string{
		"/etc/shop/ldconfig.star": "/var/lib/ldcorn",
		"/ldconfig.star":          "/var/lib/ldcorn",
		"/srv/app/ldconfig.star":  "/srv/app",
		"/etcetera/ldconfig.star": "/etcetera",
	} {
		w := &writer{plan: &plan.Plan{Path: path}, opts: options(nil)}
		assert.Equal(t, want, w.workFolder(), path)
	}
}

func TestWords(t *testing.T) {
	assert.Equal(t, "/srv/app", word("/srv/app"))
	assert.Equal(t, `"/srv/my app"`, word("/srv/my app"))
	assert.Equal(t, `""`, word(""))
	assert.Equal(t, `"a\"b\\c"`, word(`a"b\c`))
	assert.Equal(t, "50%%n", word("50%n"))
	assert.Equal(t, "$HOME", word("$HOME"))
	assert.Equal(t, "$$HOME", argument("$HOME"))
}

func TestParseVersion(t *testing.T) {
	assert.Equal(t, 252, ParseVersion("systemd 252 (252.38-1~deb12u1)\n+PAM +AUDIT\n"))
	assert.Equal(t, 257, ParseVersion("systemd 257 (v257.7-1.fc42)\n"))
	assert.Zero(t, ParseVersion(""))
	assert.Zero(t, ParseVersion("OpenRC 0.54"))
}

// analyze runs systemd-analyze on the units of a case, in a folder of their own. The
// program does not have to be there, nor the user.
func analyze(t *testing.T, files []File, args ...string) (out, dir string) {
	t.Helper()
	program, err := exec.LookPath("systemd-analyze")
	if err != nil {
		t.Skip("there is no systemd-analyze; scripts/get-systemd installs it where it can")
	}
	dir = t.TempDir()
	for _, f := range files {
		text := strings.ReplaceAll(f.Text, "/usr/bin/ldcorn", "/bin/true")
		require.NoError(t, os.WriteFile(filepath.Join(dir, f.Name), []byte(text), 0o644))
		args = append(args, filepath.Join(dir, f.Name))
	}
	said, err := exec.Command(program, args...).CombinedOutput()
	require.NoError(t, err, "%s", said)
	return string(said), dir
}

// all returns the units of the cases that the systemd of this machine knows, and those of
// the packages.
func all(t *testing.T) map[string][]File {
	t.Helper()
	said, _ := exec.Command("systemctl", "--version").Output() // without it, there is no systemd-analyze, either
	here := ParseVersion(string(said))
	out := map[string][]File{"packaged": {{"ldcorn.service", Packaged()}}}
	for name, c := range cases {
		o := options(c.change)
		o.Version = min(o.Version, max(here, MinVersion))
		files, _, err := Write(planOf(t, c.text), o)
		require.NoError(t, err)
		out[name] = files
	}
	return out
}

// systemd has nothing to say about the units.
func TestVerify(t *testing.T) {
	for name, files := range all(t) {
		t.Run(name, func(t *testing.T) {
			said, dir := analyze(t, files, "--man=no", "verify")
			for line := range strings.Lines(said) {
				assert.NotContains(t, line, dir)
				for _, f := range files {
					assert.NotContains(t, line, f.Name)
				}
			}
		})
	}
}

var exposure = regexp.MustCompile(`Overall exposure level for \S+: ([\d.]+)`)

// What an attacker who has got into a worker can do is bounded, by systemd's own measure
// from 0 to 10.
func TestExposure(t *testing.T) {
	for name, files := range all(t) {
		t.Run(name, func(t *testing.T) {
			most := cases[name].most
			if name == "packaged" {
				most = 4.0
			}
			said, _ := analyze(t, files[:1], "--no-pager", "security", "--offline=true")
			m := exposure.FindStringSubmatch(said)
			require.NotNil(t, m, said)
			got, err := strconv.ParseFloat(m[1], 64)
			require.NoError(t, err)
			assert.LessOrEqual(t, got, most, said)
		})
	}
}
