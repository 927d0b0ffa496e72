package supervisor

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// same reports whether two paths lead to the same configuration.
func same(t *testing.T, a, b string) bool {
	t.Helper()
	x, err := identify(a)
	require.NoError(t, err)
	y, err := identify(b)
	require.NoError(t, err)
	assert.Equal(t, x.has(y.all), y.has(x.all))
	return x.has(y.all)
}

// tree creates folders, files and links: "a/", "a/f" and "l -> a".
func tree(t *testing.T, entries ...string) string {
	t.Helper()
	root := shortTemp(t)
	for _, entry := range entries {
		name, target, link := strings.Cut(entry, " -> ")
		path := filepath.Join(root, name)
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o700))
		switch {
		case link:
			require.NoError(t, os.Symlink(strings.ReplaceAll(target, "ROOT", root), path))
		case strings.HasSuffix(name, "/"):
			require.NoError(t, os.MkdirAll(path, 0o700))
		default:
			require.NoError(t, os.WriteFile(path, nil, 0o600))
		}
	}
	return root
}

func TestIdentity(t *testing.T) {
	root := tree(t, "srv/app/releases/1/c", "srv/app/releases/2/c", "srv/app/current -> releases/1",
		"link -> srv", "deep -> ROOT/link/app", "direct -> srv/app/releases/1/c", "odd -> srv/../link/./app//releases/1/",
		"other/c", "loop -> loop", "home -> srv/app/current/../2")
	require.NoError(t, os.Link(root+"/srv/app/releases/1/c", root+"/other/hard"))
	for _, c := range []struct {
		a, b string
		want bool
	}{
		{"srv/app/releases/1/c", "link/app/releases/1/c", true},
		{"srv/app/releases/1/c", "srv/app/current/c", true},
		{"srv/app/releases/1/c", "deep/current/c", true},
		{"srv/app/releases/1/c", "direct", true},
		{"srv/app/releases/1/c", "odd/c", true},
		{"srv/app/releases/2/c", "home/c", true},
		{"deep/current/c", "link/app/current/c", true},
		{"srv/app/releases/1/c", "srv/app/releases/2/c", false},
		{"srv/app/current/c", "srv/app/releases/2/c", false},
		{"srv/app/current/c", "other/c", false},
		{"srv/app/releases/1/c", "other/hard", false},
		{"loop/c", "other/c", false},
		{"missing/c", "missing/c", true},
		{"missing/c", "other/c", false},
	} {
		assert.Equal(t, c.want, same(t, filepath.Join(root, c.a), filepath.Join(root, c.b)), "%s and %s", c.a, c.b)
	}
}

// TestIdentity_ReleasesAreSwapped: a master that was started before the swap
// and one that is started after it clash, however each of them writes the path.
func TestIdentity_ReleasesAreSwapped(t *testing.T) {
	root := tree(t, "srv/app/releases/1/c", "srv/app/releases/2/c", "srv/app/current -> releases/1", "link -> srv", "deep -> ROOT/link/app")
	ways := []string{"srv/app/current/c", "link/app/current/c", "deep/current/c"}
	var before []identity
	for _, way := range ways {
		id, err := identify(filepath.Join(root, way))
		require.NoError(t, err)
		before = append(before, id)
	}
	require.NoError(t, os.Remove(root+"/srv/app/current"))
	require.NoError(t, os.Symlink("releases/2", root+"/srv/app/current"))
	require.NoError(t, os.RemoveAll(root+"/srv/app/releases/1"))
	for i, id := range before {
		for _, way := range ways {
			now, err := identify(filepath.Join(root, way))
			require.NoError(t, err)
			assert.True(t, id.has(now.all), "%s before and %s after", ways[i], way)
		}
	}
}

// TestIdentity_BindMount needs root, and a kernel that lets it mount.
func TestIdentity_BindMount(t *testing.T) {
	root := tree(t, "srv/app/releases/1/c", "srv/app/current -> releases/1", "mnt/")
	if err := mountOver(root+"/srv", root+"/mnt"); err != nil {
		t.Skipf("no bind mounts here (%v); a symbolic link takes the same path through identify", err)
	}
	defer func() { assert.NoError(t, unmount(root+"/mnt")) }()
	assert.True(t, same(t, root+"/srv/app/releases/1/c", root+"/mnt/app/releases/1/c"))
	assert.True(t, same(t, root+"/srv/app/current/c", root+"/mnt/app/current/c"))
}
