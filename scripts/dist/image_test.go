package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/validate"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// loadImage returns the image of this machine.
func loadImage(t *testing.T) v1.Image {
	t.Helper()
	dir := t.TempDir()
	output(t, exec.Command("tar", "-xf", release(t).find(t, "*_oci.tar"), "-C", dir))
	outer, err := layout.ImageIndexFromPath(dir)
	require.NoError(t, err)
	require.NoError(t, validate.Index(outer))
	manifest, err := outer.IndexManifest()
	require.NoError(t, err)
	require.Len(t, manifest.Manifests, 1)
	assert.Equal(t, "1.2.3", manifest.Manifests[0].Annotations["org.opencontainers.image.ref.name"])
	index, err := outer.ImageIndex(manifest.Manifests[0].Digest)
	require.NoError(t, err)
	images, err := index.IndexManifest()
	require.NoError(t, err)
	for _, m := range images.Manifests {
		if m.Platform.OS == host.os && m.Platform.Architecture == host.arch {
			image, err := index.Image(m.Digest)
			require.NoError(t, err)
			return image
		}
	}
	require.Fail(t, "no image of this machine")
	return nil
}

// unpack writes the files of an image into a new folder.
func unpack(t *testing.T, image v1.Image) string {
	t.Helper()
	root := t.TempDir()
	files := mutate.Extract(image)
	defer files.Close()
	cmd := exec.Command("tar", "-xp", "-C", root)
	cmd.Stdin = files
	output(t, cmd)
	_, _ = io.Copy(io.Discard, files)
	return root
}

// The image runs as a user who is not root, and needs nothing but itself.
func TestImage(t *testing.T) {
	t.Parallel()
	image := loadImage(t)
	config, err := image.ConfigFile()
	require.NoError(t, err)
	assert.Equal(t, []string{"/usr/bin/ldcorn"}, config.Config.Entrypoint)
	user, group, _ := strings.Cut(config.Config.User, ":")
	require.NotEqual(t, "0", user)
	root := unpack(t, image)
	require.NoError(t, os.Mkdir(filepath.Join(root, "proc"), 0o755)) // as the program that starts a container does
	out := inside(t, root, fmt.Sprintf("chroot --userspec=%s:%s $ROOT /usr/bin/ldcorn version", user, group))
	assert.Contains(t, out, "ldcorn 1.2.3, commit")
}

// fenced returns the block of docs/docker.md in a language.
func fenced(t *testing.T, language string) string {
	t.Helper()
	data, err := os.ReadFile("../../docs/docker.md")
	require.NoError(t, err)
	_, rest, ok := strings.Cut(string(data), "```"+language+"\n")
	require.True(t, ok, language)
	block, _, ok := strings.Cut(rest, "```\n")
	require.True(t, ok, language)
	return block
}

// build does what a Dockerfile says: its last stage begins with root, and "pip install" has
// already been done there. It returns the user, and the commands of the container and of the
// check of its health.
func build(t *testing.T, dockerfile, root, context, from string) (user string, entry, health []string) {
	t.Helper()
	folder := "/"
	inRoot := func(path string) string {
		if !filepath.IsAbs(path) {
			path = filepath.Join(folder, path)
		}
		return filepath.Join(root, path)
	}
	stages := strings.SplitN(dockerfile, "\nFROM ", 2)
	require.Len(t, stages, 2)
	_, last, _ := strings.Cut(stages[1], "\n")
	for line := range strings.Lines(last) {
		word, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
		words := strings.Fields(rest)
		switch word {
		case "RUN":
			if words[0] != "pip" {
				output(t, exec.Command("chroot", append([]string{root}, words...)...))
			}
		case "WORKDIR":
			folder = rest
			require.NoError(t, os.MkdirAll(inRoot("."), 0o755))
		case "COPY":
			source := filepath.Join(context, words[0])
			if words[0] == "--from=ldcorn" {
				words = words[1:]
				source = filepath.Join(from, words[0])
			}
			if words[0] == "." {
				source += "/."
			}
			output(t, exec.Command("cp", "-r", source, inRoot(words[1])))
		case "USER":
			user = rest
		case "HEALTHCHECK":
			_, list, _ := strings.Cut(rest, "CMD ")
			require.NoError(t, json.Unmarshal([]byte(list), &health))
		case "ENTRYPOINT":
			require.NoError(t, json.Unmarshal([]byte(rest), &entry))
		case "EXPOSE", "":
		default:
			require.Fail(t, "the test does not know the instruction", line)
		}
	}
	return user, entry, health
}

// words returns words for the shell.
func words(list []string) string {
	var out []string
	for _, word := range list {
		out = append(out, quoted(word))
	}
	return strings.Join(out, " ")
}

// What docs/docker.md shows serves a request as process 1 of a container with a read-only
// root, says that it is healthy, and ends when it is told to.
func TestPageDocker(t *testing.T) {
	t.Parallel()
	from := unpack(t, loadImage(t))
	root := debian(t, release(t))
	context := t.TempDir()
	for name, text := range map[string]string{
		"requirements.txt": "uvicorn\n", "ldconfig.star": fenced(t, "python"),
		"main.py": "import os\nasync def app(scope, receive, send):\n    assert scope['type'] == 'http'\n" +
			"    await send({'type': 'http.response.start', 'status': 200})\n" +
			"    await send({'type': 'http.response.body', 'body': b'hello from %d of process %d\\n' % (os.getuid(), os.getppid())})\n",
	} {
		require.NoError(t, os.WriteFile(filepath.Join(context, name), []byte(text), 0o644))
	}
	user, entry, health := build(t, fenced(t, "dockerfile"), root, context, from)
	out := inside(t, root, `
mount --bind "$ROOT" "$ROOT"
mount -t proc proc "$ROOT/proc"
mount -t tmpfs tmpfs "$ROOT/tmp"
mount -t tmpfs tmpfs "$ROOT/var/tmp"
mount -o remount,ro,bind "$ROOT"
log=$(mktemp)
trap 'cat $log >&2' EXIT
unshare --pid --fork --mount-proc="$ROOT/proc" chroot --userspec=`+user+` "$ROOT" env -C /app `+words(entry)+` >$log 2>&1 &
outer=$!
curl --silent --show-error --retry 120 --retry-delay 1 --retry-connrefused http://127.0.0.1:8000/
mount -t proc proc /proc # of this pid namespace
inner=$(awk -v outer=$outer '/^Pid:/ { pid = $2 } /^PPid:/ && $2 == outer { print pid }' /proc/[0-9]*/status)
status=0
nsenter --target $inner --pid --mount chroot --userspec=`+user+` "$ROOT" `+words(health)+` || status=$?
echo "health: $status"
! chroot --userspec=`+user+` "$ROOT" touch /app/written 2>/dev/null
kill -TERM $inner
wait $outer && echo "ended with 0"
trap - EXIT
rm $log
`)
	assert.Contains(t, out, "hello from 10001 of process 1\n")
	assert.Contains(t, out, "health: 0\n")
	assert.Contains(t, out, "ended with 0\n")
}
