package config_test

import (
	"bytes"
	"encoding/gob"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ldcorn/ldcorn/engine/plan"
	"github.com/ldcorn/ldcorn/starlark/config"
)

// replayed sends a recording through gob, as between processes.
func replayed(t *testing.T, recording *config.Recording) *config.Recording {
	t.Helper()
	var sent bytes.Buffer
	require.NoError(t, gob.NewEncoder(&sent).Encode(recording))
	out := new(config.Recording)
	require.NoError(t, gob.NewDecoder(&sent).Decode(out))
	return out
}

// TestReplay checks that an evaluation that replays another gives the same
// result, whatever has happened to files, links and variables since.
func TestReplay(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600))
	}
	write("c.star", `load("pools.star", "pools")
config = LdConfig(workers = pools, bind = env("BIND", "127.0.0.1:1"))`)
	write("pools.star", `pools = [WorkerGroup("web", "main:app", instances = cpu_count(), env = {
    "A": secret_file("secret"), "B": secret_file("empty"), "C": env("NOT_SET", "c")})]`)
	write("secret", "one")
	write("empty", "")
	path := filepath.Join(dir, "c.star")
	env := map[string]string{"BIND": "127.0.0.1:2"}
	lookup := func(name string) (string, bool) { v, ok := env[name]; return v, ok }

	recording := new(config.Recording)
	opts := config.Options{LookupEnv: lookup, Salt: []byte("salt"), Record: recording}
	want, err := config.Load(t.Context(), path, opts)
	require.NoError(t, err)

	write("c.star", `[0] * 1000000000`)
	write("secret", "two")
	require.NoError(t, os.Remove(filepath.Join(dir, "pools.star")))
	env["BIND"], env["NOT_SET"] = "127.0.0.1:3", "now it is"
	opts.Record, opts.Replay = nil, replayed(t, recording)
	got, err := config.Load(t.Context(), path, opts)
	require.NoError(t, err)
	assert.Equal(t, want.Fingerprint, got.Fingerprint)
	assert.Equal(t, want.Inputs, got.Inputs)
	assert.Equal(t, want.Groups[0].Env, got.Groups[0].Env)
	assert.Equal(t, want.Listeners, got.Listeners)
}

// TestReplay_Data is TestReplay for files of data and of variables, also for those
// that are not there.
func TestReplay_Data(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600))
	}
	write("c.star", `data = read_json("data.json", default = {}) | read_yaml("none.yaml", default = {"b": 2})
config = LdConfig(workers = [WorkerGroup("web", "main:app", instances = data["a"] + data["b"] + arg("more", 0), env = env_file(".env"))])`)
	write("data.json", `{"a": 1}`)
	write(".env", "A=1\n")
	write("cli.env", "C=${SET}\nD=2\n")
	path := filepath.Join(dir, "c.star")
	env := map[string]string{"SET": "s", "D": "environment"}
	lookup := func(name string) (string, bool) { v, ok := env[name]; return v, ok }

	recording := new(config.Recording)
	opts := config.Options{LookupEnv: lookup, Salt: []byte("salt"), Record: recording, Set: map[string]string{"more": "4"}, EnvFiles: []string{filepath.Join(dir, "cli.env")}}
	want, err := config.Load(t.Context(), path, opts)
	require.NoError(t, err)
	assert.Equal(t, 7, want.Groups[0].Instances)
	assert.Equal(t, []plan.EnvVar{{Name: "A", Value: plan.Secret("1")}, {Name: "C", Value: plan.Secret("s")}}, want.Groups[0].Env)
	var read []string
	for _, in := range want.Inputs {
		if in.Kind == plan.InputFile {
			read = append(read, filepath.Base(in.Name))
		}
	}
	assert.ElementsMatch(t, []string{"c.star", "data.json", "none.yaml", ".env", "cli.env"}, read)

	write("none.yaml", "b: 9")
	for _, name := range []string{"data.json", ".env", "cli.env"} {
		write(name, "broken {")
	}
	clear(env)
	opts.Record, opts.Replay = nil, replayed(t, recording)
	got, err := config.Load(t.Context(), path, opts)
	require.NoError(t, err)
	assert.Equal(t, want.Fingerprint, got.Fingerprint)
	assert.Equal(t, want.Inputs, got.Inputs)
	assert.Equal(t, want.Groups[0].Env, got.Groups[0].Env)
	assert.Equal(t, want.Args, got.Args)
}

// TestReplay_Bytes checks that names of folders and files, variables and
// secrets that are not UTF-8 stay the same byte by byte.
func TestReplay_Bytes(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "nu\xff\n x")
	require.NoError(t, os.Mkdir(dir, 0o700))
	path := filepath.Join(dir, "c\xfe.star")
	require.NoError(t, os.WriteFile(path, []byte(`config = LdConfig(workers = [WorkerGroup("web", "main:app", env = {
    "A": env("A"), "B": secret("A"), "C": secret_file("secret")})])`), 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "secret"), []byte("s\xfet"), 0o600))
	lookup := func(string) (string, bool) { return "s\xfet", true }
	recording := new(config.Recording)
	opts := config.Options{LookupEnv: lookup, Salt: []byte("salt"), Record: recording}
	_, err := config.Load(t.Context(), path, opts)
	require.NoError(t, err)
	opts.Record, opts.Replay = nil, replayed(t, recording)
	got, err := config.Load(t.Context(), path, opts)
	require.NoError(t, err)
	for _, v := range got.Groups[0].Env {
		assert.Equal(t, "s\xfet", v.Value.Reveal(), v.Name)
	}
}

// TestReplay_Errors checks that a replay gives the same errors.
func TestReplay_Errors(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "c.star")
	require.NoError(t, os.WriteFile(filepath.Join(dir, "pols.star"), nil, 0o600))
	for _, text := range []string{
		`load("pools.star", "x")`,
		`secret_file("none")`,
		`secret_file("/")`,
		`env("NONE")`,
		`x = (`,
		"",
	} {
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
		recording := new(config.Recording)
		_, want := config.Load(t.Context(), path, config.Options{Record: recording})
		require.Error(t, want)
		require.NoError(t, os.Remove(path))
		_, got := config.Load(t.Context(), path, config.Options{Replay: replayed(t, recording)})
		require.EqualError(t, got, want.Error())
	}
	recording := new(config.Recording)
	_, want := config.Load(t.Context(), path, config.Options{Record: recording})
	require.ErrorIs(t, want, os.ErrNotExist)
	_, got := config.Load(t.Context(), path, config.Options{Replay: replayed(t, recording)})
	require.ErrorIs(t, got, os.ErrNotExist)
	require.EqualError(t, got, want.Error())
}

// TestReplay_Unseen checks that a replay reads nothing that was not recorded.
func TestReplay_Unseen(t *testing.T) {
	path := filepath.Join(t.TempDir(), "c.star")
	require.NoError(t, os.WriteFile(path, nil, 0o600))
	_, err := config.Load(t.Context(), path, config.Options{Replay: &config.Recording{}})
	require.ErrorContains(t, err, "was not read when the configuration was tried")
}

// TestSwappedFolder checks that a folder whose link changes during an
// evaluation gives no mixture, and that the next evaluation reads the new
// folder.
func TestSwappedFolder(t *testing.T) {
	root := t.TempDir()
	current := filepath.Join(root, "current")
	lead := func(to string) {
		_ = os.Remove(current)
		require.NoError(t, os.Symlink(to, current))
	}
	for _, release := range []string{"one", "two"} {
		dir := filepath.Join(root, release)
		require.NoError(t, os.Mkdir(dir, 0o700))
		for name, text := range map[string]string{
			"ldconfig.star": `env("SWAP", "")
load("name.star", "name")
config = LdConfig(workers = [WorkerGroup(name, "main:app", cwd = ".", env = {"S": secret_file("secret")})])`,
			"name.star": `name = "` + release + `"`,
			"secret":    release,
		} {
			require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600))
		}
	}
	lead("one")
	path := filepath.Join(current, "ldconfig.star")
	swap := func(string) (string, bool) { lead("two"); return "", false }
	p, err := config.Load(t.Context(), path, config.Options{LookupEnv: swap})
	require.NoError(t, err)
	assert.Equal(t, "one", p.Groups[0].Name)
	assert.Equal(t, "one", p.Groups[0].Env[0].Value.Reveal())
	assert.Equal(t, current, p.Groups[0].Cwd, "the name of the folder, for what is started later")

	p, err = config.Load(t.Context(), path, config.Options{LookupEnv: swap})
	require.NoError(t, err)
	assert.Equal(t, "two", p.Groups[0].Name)
	assert.Equal(t, "two", p.Groups[0].Env[0].Value.Reveal())
}

// TestSwappedLinks checks the same for links within the folder, to folders and
// to files, as deployments and ConfigMaps have them.
func TestSwappedLinks(t *testing.T) {
	for name, files := range map[string][]string{
		"folder": {"data/a.star", "data/b.star"},
		"files":  {"a.star", "b.star"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			lead := func(to string) {
				_ = os.Remove(filepath.Join(dir, "data"))
				require.NoError(t, os.Symlink(to, filepath.Join(dir, "data")))
			}
			for _, release := range []string{"one", "two"} {
				require.NoError(t, os.Mkdir(filepath.Join(dir, release), 0o700))
				for _, file := range []string{"a", "b"} {
					text := `env("SWAP", "")` + "\n" + file + ` = "` + release + `"`
					require.NoError(t, os.WriteFile(filepath.Join(dir, release, file+".star"), []byte(text), 0o600))
				}
			}
			for _, file := range []string{"a.star", "b.star"} {
				require.NoError(t, os.Symlink(filepath.Join("data", file), filepath.Join(dir, file)))
			}
			lead("one")
			path := filepath.Join(dir, "ldconfig.star")
			require.NoError(t, os.WriteFile(path, []byte(`load("`+files[0]+`", "a")
load("`+files[1]+`", "b")
s = secret_file("`+files[1]+`")
config = LdConfig(workers = [WorkerGroup(a + b, "main:app", env = {"S": s})])`), 0o600))
			swap := func(string) (string, bool) { lead("two"); return "", false }
			for _, want := range []string{"one", "two"} {
				p, err := config.Load(t.Context(), path, config.Options{LookupEnv: swap})
				require.NoError(t, err)
				assert.Equal(t, want+want, p.Groups[0].Name)
				assert.Contains(t, p.Groups[0].Env[0].Value.Reveal(), want)
			}
		})
	}
}

// TestLinks checks that links are followed as the system follows them.
func TestLinks(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.MkdirAll(filepath.Join(dir, "a", "b"), 0o700))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "a", "ldconfig.star"), []byte(fine), 0o600))
	for name, target := range map[string]string{
		"up": "a/b/..", "whole": filepath.Join(dir, "a"), "twice": "up", "odd": ".//a/./", "loop": "loop", "away": "nowhere",
		"file": "a/ldconfig.star", "under": "file/x",
	} {
		require.NoError(t, os.Symlink(target, filepath.Join(dir, name)))
	}
	for _, name := range []string{"a", "up", "whole", "twice", "odd"} {
		_, err := config.Load(t.Context(), filepath.Join(dir, name, "ldconfig.star"), config.Options{})
		require.NoError(t, err, name)
	}
	for name, want := range map[string]string{
		"loop": "too many levels of symbolic links", "away": "there is no file", "under": "not a directory", "a/b": "there is no file",
	} {
		_, err := config.Load(t.Context(), filepath.Join(dir, name, "ldconfig.star"), config.Options{})
		require.ErrorContains(t, err, want, name)
	}
}
