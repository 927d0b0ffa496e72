//go:build !linux

package engine

// ignoreLibrarySignals is for Linux, whose C libraries have such signals.
func ignoreLibrarySignals() {}
