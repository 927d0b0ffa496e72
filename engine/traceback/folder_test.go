package traceback

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// folded returns what a reader sees of a text: lines that are no part of a
// traceback, and folded tracebacks.
func folded(text string) string {
	var f Folder
	var out []string
	show := func(t *Traceback) {
		if t != nil {
			out = append(out, t.With("HOW")...)
		}
	}
	for line := range strings.Lines(text) {
		line = strings.TrimSuffix(line, "\n")
		done, held := f.Add([]byte(line))
		show(done)
		if !held {
			out = append(out, line)
		}
	}
	show(f.End())
	return strings.Join(out, "\n") + "\n"
}

// TestFold folds the files of testdata, which have the output of a program and
// what a reader sees of it, separated by a line of equals signs.
func TestFold(t *testing.T) {
	files, err := os.ReadDir("testdata/fold")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, file := range files {
		t.Run(file.Name(), func(t *testing.T) {
			text, err := os.ReadFile("testdata/fold/" + file.Name())
			require.NoError(t, err)
			in, want, found := strings.Cut(string(text), "\n====\n")
			require.True(t, found)
			assert.Equal(t, want, folded(in+"\n"))
			lines := strings.Join(Fold(strings.Split(in, "\n")), "\n") + "\n"
			assert.Equal(t, strings.ReplaceAll(want, " (HOW)", ""), lines)
		})
	}
}

// TestPeek checks that a look at a traceback in progress does not change it.
func TestPeek(t *testing.T) {
	text, err := os.ReadFile("testdata/fold/import")
	require.NoError(t, err)
	in, _, _ := strings.Cut(string(text), "\n====\n")
	var looked, plain Folder
	assert.Nil(t, looked.Peek())
	for _, line := range strings.Split(in, "\n") {
		looked.Add([]byte(line))
		plain.Add([]byte(line))
		looked.Peek()
		assert.Equal(t, plain.Holds(), looked.Holds())
		assert.Equal(t, plain.HoldsError(), looked.HoldsError())
	}
	assert.Equal(t, plain.End(), looked.End())
	assert.Nil(t, plain.End())
}

// TestBrief checks that much output keeps its beginning and its end.
func TestBrief(t *testing.T) {
	var lines []string
	for i := range 2*briefLines + 1 {
		lines = append(lines, fmt.Sprint("line ", i))
	}
	assert.Equal(t, lines, Brief(lines), "not one line for another")
	lines = append(lines, Header, "  File \"a.py\", line 1, in f", "E: 1")
	brief := Brief(lines)
	require.Len(t, brief, 2*briefLines+1)
	assert.Equal(t, lines[:briefLines], brief[:briefLines])
	assert.Equal(t, "… 4 more lines", brief[briefLines])
	assert.Equal(t, "E: 1", brief[2*briefLines])
}

func TestKey(t *testing.T) {
	of := func(text string) *Traceback {
		var f Folder
		for _, line := range strings.Split(Header+"\n  File \"a.py\", line 1, in f\n"+text, "\n") {
			f.Add([]byte(line))
		}
		return f.End()
	}
	assert.Equal(t, of("E: <x at 0x7f00aa11>").Key(), of("E: <x at 0x7f00aa22>").Key())
	assert.NotEqual(t, of("E: 1").Key(), of("E: 2").Key())
	assert.Equal(t, "E: 1", of("E: 1").Error)
	assert.False(t, of("E: 1").Folded())
}

// TestBounds checks that no traceback takes much memory or many lines, however
// long it is, and that no line of a program is held forever.
func TestBounds(t *testing.T) {
	frame := "  File \"a%d.py\", line 1, in f\n    " + strings.Repeat("x", 1000) + "\n"
	for name, c := range map[string]struct {
		begin, repeat string
	}{
		"frames":     {Header, frame},
		"lines":      {Header, "    x\n"},
		"messages":   {Header + "\nError: x", "more %d\n"},
		"blanks":     {Header + "\nError: x", "\n"},
		"chain":      {Header, "Error: %d\n\n" + during + "\n\n" + Header + "\n"},
		"groups":     {"  + Exception Group " + Header, "  | E: x\n  +-+---------------- %d ----------------\n"},
		"joins":      {Header + "\nError: x", during + "\nno header\n"},
		"separators": {"  + Exception Group " + Header, "  +-+---\n"},
		"margins":    {"  + Exception Group " + Header, strings.Repeat(" ", 1000) + "| x\n"},
	} {
		t.Run(name, func(t *testing.T) {
			var f Folder
			f.Add([]byte(c.begin))
			for i := 0; f.Holds() && i < 2*maxHeld; i++ {
				text := c.repeat
				if strings.Contains(text, "%d") {
					text = fmt.Sprintf(text, i)
				}
				for _, line := range strings.Split(strings.TrimSuffix(text, "\n"), "\n") {
					if done, _ := f.Add([]byte(line)); done != nil {
						assertBounded(t, done)
					}
				}
				if i%1000 == 0 && f.Holds() {
					assertBounded(t, f.Peek())
				}
			}
			if name != "chain" && name != "joins" && name != "groups" {
				assert.False(t, f.Holds())
			}
		})
	}
}

func assertBounded(t *testing.T, of *Traceback) {
	t.Helper()
	assert.LessOrEqual(t, len(of.Lines), 400)
	size := 0
	for _, line := range of.With("HOW") {
		size += len(line)
	}
	assert.LessOrEqual(t, size, 200_000)
}

// FuzzFolder checks that the folder takes any output: nothing is lost that is not
// counted, and what it shows is bounded and harmless.
func FuzzFolder(f *testing.F) {
	files, err := os.ReadDir("testdata/fold")
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range files {
		text, err := os.ReadFile("testdata/fold/" + file.Name())
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(text))
	}
	f.Add(Header + "\n\x1b[2J  File \"\x1b[31ma\", line 1, in f\n\xff\n")
	f.Fuzz(func(t *testing.T, text string) {
		var folder Folder
		held := 0
		for line := range strings.Lines(text) {
			line = strings.TrimSuffix(line, "\n")
			before := folder.Holds()
			done, is := folder.Add([]byte(line))
			if done != nil {
				require.True(t, before)
				check(t, done, held)
				held = 0
			}
			require.Equal(t, is, folder.Holds())
			if is {
				if held++; held%50 == 1 {
					check(t, folder.Peek(), held)
				}
			}
		}
		if done := folder.End(); done != nil {
			check(t, done, held)
		}
		require.False(t, folder.Holds())
	})
}

func check(t *testing.T, of *Traceback, held int) {
	t.Helper()
	assertBounded(t, of)
	lines := of.With("HOW")
	require.NotEmpty(t, lines)
	require.LessOrEqual(t, len(lines), 2*held+1)
	for _, line := range lines {
		require.True(t, utf8.ValidString(line))
		require.NotContains(t, line, "\x1b")
		require.NotContains(t, line, "\n")
	}
}
