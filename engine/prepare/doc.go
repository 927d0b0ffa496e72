// Package prepare gives a new process its user, its limits and the like before it
// becomes its program: what the arguments user, group, umask, rlimits, nice,
// cpu_affinity, memory_high and memory_max of a group ask for. It also says, without
// starting anything, whether this machine and this master can do that.
//
// The program starts itself once more, in place of the command. That process finds in
// its environment what to do, does it, and then becomes the command, with the same
// process id. So nothing of it touches a thread of the master, and no code of the
// command runs before all of it is done. The order is that of what needs rights first:
// the cgroup, the limits, nice and the CPUs, the umask, and then the user. Whatever
// fails, the process says why, through a pipe that closes when the command begins.
//
// A change of the user makes the kernel forget the parent-death signal, so the
// process sets it again, and exits if its parent has died in between.
//
// Every program that imports this package can be started like this: the package looks
// for its variable in the environment when it is initialized.
package prepare
