//go:build !linux

package engine

// ignoreLibrarySignals does nothing: only C libraries on Linux have such
// signals.
func ignoreLibrarySignals() {}
