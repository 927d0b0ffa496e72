package traceback

import (
	"slices"
	"strings"
)

// These constants limit what is shown of one exception.
const (
	firstFrames  = 2
	lastFrames   = 4
	frameLines   = 8
	messageLines = 10
	maxNames     = 3
)

// A section is one exception of a traceback.
type section struct {
	intro  string // the line that leads to it; "" for the first
	header string // "" if Python gives no frames
	margin string // of an exception group, or ""

	frame []string // the frame that is being read; nil between frames
	class class    // of that frame
	own   sample   // frames of the app
	lib   sample   // frames of other packages
	any   sample   // all frames; only the last is of interest
	names names    // packages of the frames of frameworks
	libs  names    // packages of the frames of other packages
	lines []string // of the message, as far as they are shown
	more  int      // further lines of the message
}

// isEmpty reports whether the section has only its first line.
func (s *section) isEmpty() bool {
	return s.header == "" && s.any.count == 0 && s.frame == nil && len(s.lines) == 0
}

// addFrameLine adds a line that begins a frame or belongs to the present one.
func (s *section) addFrameLine(line string) {
	if path, is := frameFile(line); is {
		s.endFrame()
		s.class = classOf(path)
		switch name := packageOf(path); {
		case s.class == library:
			s.libs.add(name)
		case s.class == framework && name != "runpy": // which starts Uvicorn
			s.names.add(name)
		}
	}
	if len(s.frame) < frameLines {
		s.frame = append(s.frame, line)
	}
}

// names are the packages of folded frames, in order. There is one more than are
// shown, to know that there are others.
type names []string

func (n *names) add(name string) {
	if name != "" && len(*n) <= maxNames && !slices.Contains(*n, name) {
		*n = append(*n, name)
	}
}

// exception returns the first line of the exception itself, or "".
func (s *section) exception() string {
	for _, line := range s.lines {
		if !strings.HasPrefix(line, " ") { // those of a syntax error come first
			return line
		}
	}
	return ""
}

// isSyntax reports whether the exception names a place of its own.
func (s *section) isSyntax() bool { return len(s.lines) > 0 && isSyntaxError(s.lines[0]) }

// complete returns a copy of the section in which the frame that is being read
// is complete.
func (s *section) complete() *section {
	c := *s
	c.own, c.lib, c.any = s.own.clone(), s.lib.clone(), s.any.clone()
	c.endFrame()
	return &c
}

// endFrame files the frame that has been read.
func (s *section) endFrame() {
	if s.frame == nil {
		return
	}
	switch s.class {
	case own:
		s.own.add(s.frame)
	case library:
		s.lib.add(s.frame)
	}
	s.any.add(s.frame)
	s.frame = nil
}

func (s *section) addMessage(line string) {
	if len(s.lines) < messageLines {
		s.lines = append(s.lines, line)
	} else {
		s.more++
	}
}

// frameFile returns the file of a line such as
//
//	File "/srv/main.py", line 3, in <module>
func frameFile(line string) (path string, is bool) {
	rest, is := strings.CutPrefix(line, `  File "`)
	if !is {
		return "", false
	}
	path, _, is = strings.Cut(rest, `", line `)
	return path, is
}

// A sample keeps the first and the last of some frames.
type sample struct {
	first, last [][]string
	count       int
}

func (s *sample) add(frame []string) {
	s.count++
	if len(s.first) < firstFrames {
		s.first = append(s.first, frame)
		return
	}
	if len(s.last) == lastFrames {
		copy(s.last, s.last[1:])
		s.last = s.last[:lastFrames-1]
	}
	s.last = append(s.last, frame)
}

func (s *sample) clone() sample {
	return sample{slices.Clone(s.first), slices.Clone(s.last), s.count}
}

// newest returns a sample of only the last frame.
func (s *sample) newest() sample {
	if s.count == 0 {
		return sample{}
	}
	all := slices.Concat(s.first, s.last)
	return sample{first: all[len(all)-1:], count: 1}
}

// left is how many frames the sample does not keep.
func (s *sample) left() int { return s.count - len(s.first) - len(s.last) }
