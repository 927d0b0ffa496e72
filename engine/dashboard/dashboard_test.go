package dashboard

import (
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ldcorn/ldcorn/engine/api"
	"github.com/ldcorn/ldcorn/engine/judge"
)

// TestBuilt: what is embedded was built from web.
func TestBuilt(t *testing.T) {
	dir := os.Getenv("LDCORN_TEST_DASHBOARD")
	if dir == "" {
		dir = "web"
		if _, err := os.Stat("web/node_modules"); err != nil {
			t.Skip("NOT TESTED: what builds the page is not there; scripts/get-dashboard gets it")
		}
	}
	sources, err := filepath.Glob("web/src/*") // so that a change of one is noticed
	require.NoError(t, err)
	for _, path := range sources {
		_, err := os.ReadFile(path)
		require.NoError(t, err)
	}
	out := t.TempDir()
	for _, args := range [][]string{{"npm", "run", "--silent", "check"}, {"node", "build.mjs", out}} {
		cmd := exec.CommandContext(t.Context(), args[0], args[1:]...)
		cmd.Dir = dir
		said, err := cmd.CombinedOutput()
		require.NoError(t, err, "%s", said)
	}
	built, err := filepath.Glob(filepath.Join(out, "*"))
	require.NoError(t, err)
	require.Len(t, built, len(Files())-1, "all but the page itself")
	for _, path := range built {
		want, err := os.ReadFile(path)
		require.NoError(t, err)
		have, err := os.ReadFile(filepath.Join("dist", filepath.Base(path)))
		require.NoError(t, err)
		assert.True(t, string(want) == string(have), "%s is not what is built now; run: make dashboard", filepath.Base(path))
	}
}

// TestFile_Current: a browser that has the file gets it again only if it has changed.
func TestFile_Current(t *testing.T) {
	for _, f := range Files() {
		w := httptest.NewRecorder()
		f.ServeHTTP(w, httptest.NewRequest(http.MethodGet, f.Path, nil))
		assert.Equal(t, http.StatusOK, w.Code, f.Path)
		assert.Equal(t, f.mime, w.Header().Get("Content-Type"))
		assert.NotEmpty(t, f.mime, f.Path)

		again := httptest.NewRequest(http.MethodGet, f.Path, nil)
		again.Header.Set("If-None-Match", w.Header().Get("ETag"))
		w = httptest.NewRecorder()
		f.ServeHTTP(w, again)
		assert.Equal(t, http.StatusNotModified, w.Code, f.Path)
		assert.Zero(t, w.Body.Len())
	}
}

// TestMarks: the page says of each kind of event whether it has a mark in the plots, and
// what is bad has one.
func TestMarks(t *testing.T) {
	source, err := os.ReadFile("web/src/events.ts")
	require.NoError(t, err)
	list := regexp.MustCompile(`(?s)const marked: Record<string, boolean> = \{(.*?)\};`).FindSubmatch(source)
	require.NotNil(t, list)
	marked := make(map[api.EventKind]bool)
	for _, one := range regexp.MustCompile(`(\w+): (true|false)`).FindAllSubmatch(list[1], -1) {
		marked[api.EventKind(one[1])] = string(one[2]) == "true"
	}
	for _, kind := range api.EventKinds {
		mark, ok := marked[kind]
		assert.True(t, ok, "nothing says whether %s has a mark", kind)
		assert.True(t, mark || judge.EventMood(kind) != api.MoodBad, "%s is bad and has no mark", kind)
	}
	assert.Len(t, marked, len(api.EventKinds), "there are kinds that no master knows")
}
