package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestClassify(t *testing.T) {
	mit, err := os.ReadFile("npm/uplot.txt")
	require.NoError(t, err)
	ids, err := classify(mit)
	require.NoError(t, err)
	assert.Equal(t, []string{"MIT"}, ids)

	// The first words of the license, and its notice, which files have.
	gpl := `This program is free software: you can redistribute it and/or modify it under the terms of the GNU General
Public License as published by the Free Software Foundation, either version 3 of the License, or (at your option) any later
version.`
	for text, want := range map[string]string{
		gpl:                              "not permitted",
		string(mit) + "\n\n" + gpl:       "not permitted",
		"All rights reserved. Ask me.":   "known licenses",
		"":                               "known licenses",
		"Do what you want, but no evil.": "known licenses",
	} {
		_, err := classify([]byte(text))
		require.ErrorContains(t, err, want, text)
	}
}

// A package has the texts of its folder and of those above it, but not those beside it.
func TestAddPackage(t *testing.T) {
	mit, err := os.ReadFile("npm/uplot.txt")
	require.NoError(t, err)
	root := t.TempDir()
	for name, data := range map[string]string{
		"LICENSE.md": string(mit), "a/b/LICENSE-MIT": string(mit), "a/NOTICE": "by A. Author", "c/COPYING": "none of yours", "a/license.go": "package a",
	} {
		require.NoError(t, os.MkdirAll(filepath.Join(root, filepath.Dir(name)), 0o755))
		require.NoError(t, os.WriteFile(filepath.Join(root, name), []byte(data), 0o644))
	}
	c := &component{name: "m", version: "v1.0.0"}
	require.NoError(t, c.addPackage(root, filepath.Join(root, "a/b")))
	var names []string
	for _, text := range c.texts {
		names = append(names, text.name)
	}
	assert.Equal(t, []string{"LICENSE.md", "a/NOTICE", "a/b/LICENSE-MIT"}, names)
	assert.Equal(t, []string{"MIT"}, c.spdx)
	assert.Contains(t, string(notices([]component{*c})), "m LICENSE.md\nm a/b/LICENSE-MIT\n===")

	require.ErrorContains(t, c.addPackage(root, filepath.Join(root, "c")), "license of m v1.0.0: c/COPYING: only 0% of the text")
}
