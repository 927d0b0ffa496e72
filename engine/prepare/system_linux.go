package prepare

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"time"

	"golang.org/x/sys/unix"

	"github.com/ldcorn/ldcorn/engine/plan"
)

// resources are the limits that this system has.
var resources = map[string]int{
	"as": unix.RLIMIT_AS, "core": unix.RLIMIT_CORE, "cpu": unix.RLIMIT_CPU, "data": unix.RLIMIT_DATA, "fsize": unix.RLIMIT_FSIZE,
	"locks": unix.RLIMIT_LOCKS, "memlock": unix.RLIMIT_MEMLOCK, "msgqueue": unix.RLIMIT_MSGQUEUE, "nice": unix.RLIMIT_NICE,
	"nofile": unix.RLIMIT_NOFILE, "nproc": unix.RLIMIT_NPROC, "rss": unix.RLIMIT_RSS, "rtprio": unix.RLIMIT_RTPRIO,
	"rttime": unix.RLIMIT_RTTIME, "sigpending": unix.RLIMIT_SIGPENDING, "stack": unix.RLIMIT_STACK,
}

// setDeathSignal makes the kernel send a signal to this process when its parent ends.
func setDeathSignal(signal int) error {
	if signal == 0 {
		return nil
	}
	return unix.Prctl(unix.PR_SET_PDEATHSIG, uintptr(signal), 0, 0, 0)
}

// autogroupTries is how often the kernel is asked to change an autogroup: without
// rights, it allows one change in a tenth of a second on the whole machine.
const autogroupTries = 50

// setNice sets the nice value of this process and, if the kernel schedules by
// session and it leads one, of its session: otherwise the value would only count among
// the processes of the session.
func setNice(n int) error {
	if err := unix.Setpriority(unix.PRIO_PROCESS, 0, n); err != nil {
		return err
	}
	if session, err := unix.Getsid(0); err != nil || session != os.Getpid() {
		return nil
	}
	for range autogroupTries {
		err := os.WriteFile("/proc/self/autogroup", []byte(strconv.Itoa(n)), 0)
		if !errors.Is(err, unix.EAGAIN) {
			return nil // or the kernel has no autogroups
		}
		time.Sleep(20 * time.Millisecond)
	}
	return nil
}

// setCPUs lets this thread, and so the program that it becomes, run on some CPUs only.
func setCPUs(cpus plan.CPUSet) error {
	want := unix.NewCPUSet(plan.MostCPU + 1)
	for _, n := range cpus.CPUs() {
		want.Set(n)
	}
	if err := unix.SchedSetaffinityDynamic(0, want); err != nil && !errors.Is(err, unix.EINVAL) {
		return err
	}
	got, err := affinity()
	if err == nil && got != cpus {
		err = fmt.Errorf("the master may use the CPUs %s only; name some of them", got)
	}
	return err
}

// affinity returns the CPUs on which this thread may run.
func affinity() (plan.CPUSet, error) {
	set := unix.NewCPUSet(plan.MostCPU + 1)
	if err := unix.SchedGetaffinityDynamic(0, set); err != nil {
		return "", err
	}
	var all []int
	for n := range plan.MostCPU + 1 {
		if set.IsSet(n) {
			all = append(all, n)
		}
	}
	return plan.NewCPUSet(all), nil
}

// tryCPUs reports whether a process could run on the CPUs. It tries that with a thread
// that ends.
func tryCPUs(cpus plan.CPUSet) error {
	done := make(chan error)
	go func() { // waited for below
		runtime.LockOSThread() // never unlocked: the thread ends with the goroutine
		done <- setCPUs(cpus)
	}()
	return <-done
}
