// Package cgroup gives processes control groups of their own, version 2, with limits of
// their memory. It needs a cgroup that was delegated to this process: one that it may
// divide, and in which nobody else has processes.
//
// A cgroup with limits for its children can have no processes itself, so this process
// moves to a child of its own first, with its ancestors and descendants as far as they
// are in the same cgroup. Nothing of it happens before the first limit is asked for.
package cgroup
