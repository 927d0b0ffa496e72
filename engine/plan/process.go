package plan

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// An Umask is the value of umask: the bits that new files of a process do not get, or
// None, which leaves the mask as the master has it. The zero Umask is None.
type Umask struct {
	Bits int
	Set  bool // not None
}

// MostUmask is the largest value of an Umask.
const MostUmask = 0o777

// String returns the value as the configuration writes it.
func (u Umask) String() string {
	if !u.Set {
		return "None"
	}
	return fmt.Sprintf("\"%04o\"", u.Bits)
}

// ParseUmask reads octal digits. The error says what is wrong, and after a semicolon
// what to do.
func ParseUmask(text string) (Umask, error) {
	n, err := strconv.ParseUint(text, 8, 32)
	switch {
	case err != nil:
		return Umask{}, fmt.Errorf("%q is not octal digits; write it as \"0027\"", text)
	case n > MostUmask:
		return Umask{}, fmt.Errorf("%q has more than the bits of permissions; the most is \"0777\"", text)
	}
	return Umask{Bits: int(n), Set: true}, nil
}

// Unlimited is the value of a limit that there is not.
const Unlimited = ^uint64(0)

// An Rlimit is a limit of what a process may use: see setrlimit(2).
type Rlimit struct {
	Name       string // one of RlimitNames
	Soft, Hard uint64
}

// RlimitNames are the names of limits, in order. A system may lack some.
var RlimitNames = []string{"as", "core", "cpu", "data", "fsize", "locks", "memlock", "msgqueue", "nice", "nofile", "nproc", "rss",
	"rtprio", "rttime", "sigpending", "stack"}

// String returns the entry of the dict as the configuration writes it.
func (r Rlimit) String() string {
	if r.Soft == r.Hard {
		return fmt.Sprintf("%q: %s", r.Name, LimitText(r.Soft))
	}
	return fmt.Sprintf("%q: [%s, %s]", r.Name, LimitText(r.Soft), LimitText(r.Hard))
}

// LimitText returns the value of a limit as the configuration writes it.
func LimitText(n uint64) string {
	if n == Unlimited {
		return `"unlimited"`
	}
	return strconv.FormatUint(n, 10)
}

// A CPUSet is a set of CPUs as the kernel writes it: numbers and ranges in order,
// such as "0-3,6".
type CPUSet string

// MostCPU is the largest number of a CPU: the kernel has room for 8192.
const MostCPU = 8191

// NewCPUSet returns the set of the given CPUs.
func NewCPUSet(cpus []int) CPUSet {
	sorted := slices.Compact(slices.Sorted(slices.Values(cpus)))
	var parts []string
	for i := 0; i < len(sorted); {
		j := i
		for j+1 < len(sorted) && sorted[j+1] == sorted[j]+1 {
			j++
		}
		if i == j {
			parts = append(parts, strconv.Itoa(sorted[i]))
		} else {
			parts = append(parts, fmt.Sprintf("%d-%d", sorted[i], sorted[j]))
		}
		i = j + 1
	}
	return CPUSet(strings.Join(parts, ","))
}

// ParseCPUs returns the CPUs of a text such as "0-3,6". It does not matter in which
// order they are. The error says what is wrong with the text.
func ParseCPUs(text string) ([]int, error) {
	var out []int
	for part := range strings.SplitSeq(text, ",") {
		first, last, isRange := strings.Cut(strings.TrimSpace(part), "-")
		low, err := cpuNumber(first)
		if err != nil {
			return nil, err
		}
		high := low
		if isRange {
			if high, err = cpuNumber(last); err != nil {
				return nil, err
			}
		}
		if high < low {
			return nil, fmt.Errorf("the range %q ends before it begins", part)
		}
		for n := low; n <= high; n++ {
			out = append(out, n)
		}
	}
	return out, nil
}

func cpuNumber(text string) (int, error) {
	n, err := strconv.ParseUint(strings.TrimSpace(text), 10, 16)
	if err != nil || n > MostCPU {
		return 0, fmt.Errorf("%q is not the number of a CPU", text)
	}
	return int(n), nil
}

// CPUs returns the numbers of the CPUs in the set.
func (s CPUSet) CPUs() []int {
	out, _ := ParseCPUs(string(s)) // it comes from NewCPUSet
	return out
}

// showCPUs returns cpu_affinity as the configuration writes it.
func showCPUs(sets []CPUSet) string {
	switch len(sets) {
	case 0:
		return "None"
	case 1:
		return strconv.Quote(string(sets[0]))
	}
	out := make([]string, len(sets))
	for i, s := range sets {
		out[i] = fmt.Sprintf("[%q]", string(s))
	}
	return "[" + strings.Join(out, ", ") + "]"
}

// AffinityOf returns the CPUs of the worker with an index, or "" if it may run on any.
func (p *Group) AffinityOf(index int) CPUSet {
	if len(p.CPUAffinity) == 0 {
		return ""
	}
	return p.CPUAffinity[index%len(p.CPUAffinity)]
}

// showRlimits returns rlimits as the configuration writes it.
func showRlimits(limits []Rlimit) string {
	return "{" + strings.Join(texts(limits), ", ") + "}"
}

// SortRlimits puts limits in the order of their names.
func SortRlimits(limits []Rlimit) {
	slices.SortFunc(limits, func(a, b Rlimit) int { return cmp.Compare(a.Name, b.Name) })
}

// HasMemoryLimit reports whether the workers of the group need cgroups of their own.
func (p *Group) HasMemoryLimit() bool { return p.MemoryHigh > 0 || p.MemoryMax > 0 }

// systemAttributes say what a process is for the operating system.
var systemAttributes = []groupAttribute{
	single(groupAttribute{Name: "user", Type: "str | None", Default: "None", Effect: EffectProcess,
		Rule:       "a name, or a number as a string; needs a master that runs as root",
		Doc:        "The user that the processes run as, with that user's groups, HOME, USER, LOGNAME and SHELL; None means the user of the master.",
		OtherNames: []string{"uid", "run_as", "runas", "owner", "setuid"},
		Show:       func(g *Group) string { return showOr(g.User, "None") }},
		func(g *Group) *string { return &g.User }),
	single(groupAttribute{Name: "group", Type: "str | None", Default: "None", Effect: EffectProcess,
		Rule:       "a name, or a number as a string; needs a master that runs as root",
		Doc:        "The Unix group that the processes run as; None means that of `user`, or else that of the master.",
		OtherNames: []string{"gid", "os_group", "unix_group", "setgid"},
		Show:       func(g *Group) string { return showOr(g.UnixGroup, "None") }},
		func(g *Group) *string { return &g.UnixGroup }),
	single(groupAttribute{Name: "umask", Type: "str | None", Default: "None", Effect: EffectProcess,
		Rule: `octal digits, such as "0027"`,
		Doc:  "The permissions that new files of the processes do not get; None means as the master has it."},
		func(g *Group) *Umask { return &g.Umask }),
	shownAs(several(groupAttribute{Name: "rlimits", Type: "dict[str, int | str | list[int | str]]", Default: "{}", Effect: EffectProcess,
		Rule:       "by name: a number, a size such as \"2GiB\", or \"unlimited\"; a list of two is the soft and the hard limit",
		Doc:        "What a process may use, such as {\"nofile\": 65536, \"core\": 0}: the limits of setrlimit(2), and those that are missing stay as the master has them.",
		Example:    `rlimits={"nofile": 65536}`,
		OtherNames: []string{"limit_nofile", "rlimit", "ulimit", "ulimits", "nofile"}},
		func(g *Group) *[]Rlimit { return &g.Rlimits }), func(g *Group) string { return showRlimits(g.Rlimits) }),
	inProcess(optional(groupAttribute{Name: "nice", Type: "int | None",
		Rule:       "-20 to 19; less than the master's needs a right",
		Doc:        "How much the processes give way to others on busy CPUs: 19 gives way to all, and None means as the master has it.",
		OtherNames: []string{"niceness", "cpu_priority"}},
		-20, 19, func(n int) string { return strconv.Itoa(n) }, func(g *Group) **int { return &g.Nice })),
	shownAs(several(groupAttribute{Name: "cpu_affinity", Type: "str | list[int | str | list[int | str]] | None", Default: "None", Effect: EffectProcess,
		Rule:       "such as \"0-3,6\" or [0, 1]; in a list of lists, each worker has the next list in turn; Linux only",
		Doc:        "The CPUs on which the processes run; None means those of the master.",
		OtherNames: []string{"cpus", "cpuset", "cpu_set", "taskset"}},
		func(g *Group) *[]CPUSet { return &g.CPUAffinity }), func(g *Group) string { return showCPUs(g.CPUAffinity) }),
	size(groupAttribute{Name: "memory_high", Effect: EffectProcess, Rule: "0 = no limit; needs cgroup v2 of its own",
		Doc:        "The memory of a process and its children above which the kernel slows it down and takes memory back.",
		OtherNames: []string{"memory_soft"}},
		0, func(g *Group) *int64 { return &g.MemoryHigh }),
	size(groupAttribute{Name: "memory_max", Effect: EffectProcess, Rule: "0 = no limit; needs cgroup v2 of its own",
		Doc:        "The memory of a process and its children at which the kernel kills them all; the worker is then started again. See also `max_rss`, which replaces it before that.",
		OtherNames: []string{"memory_hard"}},
		0, func(g *Group) *int64 { return &g.MemoryMax }),
}

// inProcess makes an attribute one of the processes.
func inProcess(a groupAttribute) groupAttribute {
	a.Effect = EffectProcess
	return a
}

func showOr(text, none string) string {
	if text == "" {
		return none
	}
	return strconv.Quote(text)
}
