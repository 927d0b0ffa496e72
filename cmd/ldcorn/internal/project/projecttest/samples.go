// Package projecttest has the sample projects of package project for tests.
package projecttest

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"
	"github.com/stretchr/testify/require"

	"github.com/ldcorn/ldcorn/cmd/ldcorn/internal/harness"
)

// folder has the samples, each an archive whose last file, "want", is not a part of the
// project.
const folder = "cmd/ldcorn/internal/project/testdata"

// A Sample is a project in a folder of its own.
type Sample struct {
	Dir  string
	Want string // what a look finds, a line for each thing

	path    string
	archive *txtar.Archive
}

// Each runs a test for each sample.
func Each(t *testing.T, test func(*testing.T, *Sample)) {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(harness.Root(t, folder), "*.txtar"))
	require.NoError(t, err)
	require.NotEmpty(t, paths)
	for _, path := range paths {
		name := strings.TrimSuffix(filepath.Base(path), ".txtar")
		t.Run(name, func(t *testing.T) { test(t, Open(t, name)) })
	}
}

// Open writes a sample to a folder that lasts as long as the test.
func Open(t *testing.T, name string) *Sample {
	t.Helper()
	s := &Sample{Dir: t.TempDir(), path: filepath.Join(harness.Root(t, folder), name+".txtar")}
	var err error
	s.archive, err = txtar.ParseFile(s.path)
	require.NoError(t, err)
	files := s.archive.Files
	if last := len(files) - 1; files[last].Name == "want" {
		s.Want, s.archive.Files = string(files[last].Data), files[:last]
	}
	require.NoError(t, txtar.Write(s.archive, s.Dir))
	return s
}

// Update writes what a look finds into the archive.
func (s *Sample) Update(t *testing.T, want string) {
	t.Helper()
	a := *s.archive
	a.Files = append(a.Files[:len(a.Files):len(a.Files)], txtar.File{Name: "want", Data: []byte(want)})
	require.NoError(t, os.WriteFile(s.path, txtar.Format(&a), 0o644))
}
