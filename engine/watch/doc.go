// Package watch notices changes of files while a program runs: of single files,
// and of the sources of Python apps in folders and in the folders below them.
//
// The system tells of events in folders (inotify on Linux). An event says only
// where to look: what counts is the difference between a folder as it was and as
// it is. So an editor that writes a file in pieces, writes another and renames
// it, or saves many files at once causes one change, and nothing is lost if
// events are. Where there are no events, as on a network file system, or where
// the system has no watches left, the package looks at the files every
// pollEvery.
//
// It leaves out what is not the user's code: virtual environments, caches,
// hidden folders, temporary files of editors, and what git ignores.
package watch
