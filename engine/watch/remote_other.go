//go:build !linux

package watch

// hasEvents reports whether the system tells of every change in a folder.
func hasEvents(string) bool { return true }

// isPseudo reports whether a folder has no files, but a view of the system.
func isPseudo(string) bool { return false }
