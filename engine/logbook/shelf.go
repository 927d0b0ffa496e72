package logbook

// halfShelf is the size of each of a shelf's two pages.
const halfShelf = 128 << 10 // bytes

// A shelf keeps the latest lines of one group, numbered from 0. It has two
// pages: lines are added to the new one, and when that is full, it becomes the
// old one, whose lines are dropped. So a shelf keeps between one and two pages
// of lines, and allocates nothing in the long run.
type shelf struct {
	old, new page
	added    uint64 // lines ever added
}

// A page holds consecutive lines.
type page struct {
	text []byte
	ends []int    // end of each line in text
	when []uint64 // order of each line among the lines of all shelves
}

func (p *page) line(i int) []byte {
	begin := 0
	if i > 0 {
		begin = p.ends[i-1]
	}
	return p.text[begin:p.ends[i]]
}

// add keeps a copy of a line.
func (s *shelf) add(when uint64, line []byte) {
	if len(s.new.text)+len(line) > halfShelf && len(s.new.text) > 0 {
		s.old, s.new = s.new, page{s.old.text[:0], s.old.ends[:0], s.old.when[:0]}
	}
	p := &s.new
	p.text = append(p.text, line...)
	p.ends = append(p.ends, len(p.text))
	p.when = append(p.when, when)
	s.added++
}

// first returns the number of the oldest line that is kept, or of the next
// line.
func (s *shelf) first() uint64 { return s.added - uint64(len(s.old.ends)+len(s.new.ends)) }

// at returns a line by its number, which must be in [first, added), and its
// order among the lines of all shelves.
func (s *shelf) at(number uint64) (line []byte, when uint64) {
	p, i := &s.old, int(number-s.first())
	if i >= len(p.ends) {
		p, i = &s.new, i-len(p.ends)
	}
	return p.line(i), p.when[i]
}
