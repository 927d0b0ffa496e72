// Package guard starts programs that do not outlive this process, even if it is
// killed, on systems whose kernel does not see to that. Linux has a signal for it
// (PR_SET_PDEATHSIG, prctl(2)), and does not need this package.
//
// The program starts itself once more, as a guard, which reads from a pipe. Only
// the first process has the end of the pipe to write to, so that the pipe ends with
// it, in whatever way. The guard then kills the process groups of which it was told,
// and exits. It leads a session of its own and ignores the signals that end
// programs: what a terminal or kill(1) sends to the group of the first process does
// not reach it, and it lasts as long as what it guards. If it is killed alone,
// another one is started.
//
// A guarded program begins as this one, too, as a gate: it waits until the guard has
// been told of it, and only then becomes what it should be. If the first process is
// killed before that, the gate exits.
//
// Every program that imports this package can be its own guard and gate: the package
// looks for its variables in the environment when it is initialized.
package guard
