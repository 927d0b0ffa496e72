package worker

import (
	"fmt"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestReadLines(t *testing.T) {
	long := strings.Repeat("y", maxLine+10)
	var got []string
	readLines(strings.NewReader("one\n\ntwo\r\n"+long+"\n"+long[:maxLine]+"\nend"), func(b []byte, more bool) {
		got = append(got, fmt.Sprint(string(b), more))
	})
	assert.Equal(t, []string{"onefalse", "false", "twofalse", long[:maxLine] + "false", long[maxLine:] + "true", long[:maxLine] + "false", "endfalse"}, got)
}

func TestTail(t *testing.T) {
	var tl tail
	assert.Empty(t, tl.last())
	for i := range tailLines + 5 {
		tl.add(fmt.Appendf(nil, "line %d", i))
	}
	assert.Len(t, tl.last(), tailLines)
	assert.Equal(t, "line 5", tl.last()[0])
	tl.add([]byte(strings.Repeat("z", tailWidth+1)))
	assert.Equal(t, strings.Repeat("z", tailWidth)+"…", tl.last()[tailLines-1])
}

// TestTail_Traceback checks that a traceback is kept folded, and that what is
// known of it is there before it has ended.
func TestTail_Traceback(t *testing.T) {
	var tl tail
	tl.add([]byte("before"))
	tl.add([]byte("Traceback (most recent call last):"))
	for range 3 * tailLines {
		tl.add([]byte(`  File "/usr/lib/python3.11/asyncio/runners.py", line 1, in run`))
	}
	tl.add([]byte(`  File "/srv/main.py", line 2, in <module>`))
	begun := []string{"before", "Traceback (most recent call last):", `  File "/srv/main.py", line 2, in <module>`, "  … 90 frames of asyncio"}
	assert.Equal(t, begun, tl.last())
	tl.add([]byte("KeyError: 'x'"))
	tl.add([]byte("ERROR:    Application startup failed. Exiting."))
	assert.Equal(t, append(begun, "KeyError: 'x'", "ERROR:    Application startup failed. Exiting."), tl.last())
	assert.Equal(t, "KeyError: 'x'", LastWord(tl.last()))
}

func TestLastWord(t *testing.T) {
	for want, lines := range map[string][]string{
		"":                                   {"", " "},
		"two":                                {"one", "two", ""},
		"Error loading ASGI app. x":          {"INFO:     y", "ERROR:    Error loading ASGI app. x"},
		"Error: No such option: -x":          {"Usage: python -m uvicorn [OPTIONS] APP", "Try 'python -m uvicorn --help' for help.", "", "Error: No such option: -x"},
		"V: 1 error for S":                   {"Traceback (most recent call last):", "  File", "V: 1 error for S", "field", "  missing"},
		"S: invalid":                         {"Traceback (most recent call last):", `  File "a.py", line 1`, "    def f(:", "S: invalid"},
		"Traceback (most recent call last):": {"Traceback (most recent call last):"},
		"ValueError: v": {"  |   File cut", "    | KeyError: 'k'", "    | ", "    | Traceback (most recent call last):", `    |   File "a.py", line 3, in f`, "    | ValueError: v",
			"    +------------------------------------"},
		"ValueError: w": {"Traceback (most recent call last):", "E: 1", "    | Traceback (most recent call last):", "    | ValueError: w", "    +---------------- 2 ----------------",
			"    | TypeError: two", "    +------------------------------------"},
		"cut": {"    | cut", "    +------------------------------------"},
		"ExceptionGroup: chained (2 sub-exceptions)": {"Traceback (most recent call last):", "E: 1", "ERROR:      + Exception Group Traceback (most recent call last):", "  | ExceptionGroup: chained (2 sub-exceptions)",
			"  +-+---------------- 1 ----------------", "    | Traceback (most recent call last):", "    | KeyError: 'k'", "    | ", "    | Traceback (most recent call last):", "    | ValueError: v",
			"    +------------------------------------"},
		"ExceptionGroup: outer (1 sub-exception)": {"  + Exception Group Traceback (most recent call last):", `  |   File "a.py", line 1, in f`, "  | ExceptionGroup: outer (1 sub-exception)",
			"  +-+---------------- 1 ----------------", "    | Traceback (most recent call last):", "    | KeyError: 'x'", "    +------------------------------------"},
	} {
		assert.Equal(t, want, LastWord(lines))
	}
}

// TestTail_Routine: the lines that every Uvicorn writes are not kept, except
// for the one that shows that the app hangs in its startup.
func TestTail_Routine(t *testing.T) {
	for _, c := range []struct{ lines, want []string }{
		{[]string{"INFO:     Started server process [7]", "INFO:     Waiting for application startup."},
			[]string{"INFO:     Waiting for application startup."}},
		{[]string{"INFO:     Started server process [7]", "INFO:     Waiting for application startup.", "loaded", "INFO:     Application startup complete.",
			"INFO:     Uvicorn running on unix socket /run/s (Press CTRL+C to quit)", "INFO:     Shutting down"}, []string{"loaded"}},
		{[]string{"ERROR:    Application startup failed. Exiting.", "INFO:     started", "Application startup complete."},
			[]string{"ERROR:    Application startup failed. Exiting.", "INFO:     started", "Application startup complete."}},
	} {
		var tl tail
		for _, line := range c.lines {
			tl.add([]byte(line))
		}
		assert.Equal(t, c.want, tl.last())
	}
}

func TestExit_String(t *testing.T) {
	for want, e := range map[string]Exit{
		"stopped":                  {Code: -1, Signal: syscall.SIGTERM, Asked: true, Ready: true},
		"killed before it stopped": {Code: -1, Signal: syscall.SIGKILL, Asked: true, Forced: true},
		"killed by signal 9 (SIGKILL): out of memory?":                 {Code: -1, Signal: syscall.SIGKILL, Ready: true},
		"killed by signal 9 (SIGKILL): killed for memory_max (512MiB)": {Code: -1, Signal: syscall.SIGKILL, Ready: true, MemoryMax: 512 << 20},
		"killed by signal 9 (SIGKILL)":                                 {Code: -1, Signal: syscall.SIGKILL, Ready: true, NotOOM: true},
		"killed by signal 11 (SIGSEGV), core dumped":                   {Code: -1, Signal: syscall.SIGSEGV, CoreDump: true},
		"killed by signal 15 (SIGTERM)":                                {Code: -1, Signal: syscall.SIGTERM, Ready: true},
		"exit code 3: startup failed":                                  {Code: 3},
		"exit code 0 before it was ready":                              {},
		"exit code 0":                                                  {Ready: true},
		"exit code 1 while stopping":                                   {Code: 1, Ready: true, Asked: true},
	} {
		assert.Equal(t, want, e.String())
		assert.Equal(t, want == "stopped", e.Clean())
	}
}
