package engine

import (
	"crypto/sha256"
	"encoding/hex"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ldcorn/ldcorn/engine/plan"
)

// TestInputFiles: files count as changed if a reload would read something else, and not
// because they were only touched or written again.
func TestInputFiles(t *testing.T) {
	dir := t.TempDir()
	config, key, missing := filepath.Join(dir, "ldconfig.star"), filepath.Join(dir, "key"), filepath.Join(dir, ".env")
	write := func(path, content string, at time.Time) {
		t.Helper()
		require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
		require.NoError(t, os.Chtimes(path, at, at))
	}
	past := time.Now().Add(-time.Hour)
	write(config, "a", past)
	write(key, "secret", past)
	sum := sha256.Sum256([]byte("a"))
	p := &plan.Plan{Fingerprint: "one", Inputs: []plan.Input{
		{Kind: plan.InputFile, Name: config, Digest: hex.EncodeToString(sum[:])},
		{Kind: plan.InputFile, Name: key, Digest: "a keyed digest", Keyed: true},
		{Kind: plan.InputFile, Name: missing},
		{Kind: plan.InputEnv, Name: "HOME"},
	}}
	var f inputFiles
	assert.Zero(t, f.changed(), "before the first plan")
	f.follow(p)
	assert.Zero(t, f.changed())

	moment := past.Add(time.Minute)
	write(config, "a", moment)
	write(key, "secret", moment)
	assert.Zero(t, f.changed(), "only touched")
	write(config, "b", moment.Add(time.Minute))
	assert.Equal(t, 1, f.changed())
	f.follow(p)
	write(key, "other", moment.Add(time.Minute))
	assert.Equal(t, 2, f.changed(), "the same plan, such as when a group is scaled")
	write(missing, "", moment)
	assert.Equal(t, 3, f.changed())
	require.NoError(t, os.Remove(missing))
	require.NoError(t, os.Remove(key))
	assert.Equal(t, 2, f.changed(), "a file that is gone is another one")
	write(key, "secret", moment.Add(2*time.Minute))
	write(config, "a", past)
	assert.Zero(t, f.changed(), "and back")

	p.Fingerprint = "two"
	write(key, "secret", time.Now().Add(time.Hour))
	f.follow(p)
	assert.Equal(t, 1, f.changed(), "a secret file that was written after the plan took effect")
}
