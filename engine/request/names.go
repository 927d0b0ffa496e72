package request

import (
	"bytes"
	"hash/maphash"

	"github.com/ldcorn/ldcorn/engine/http1"
)

// A nameKind says where names are looked for.
type nameKind uint8

const (
	cookieNames nameKind = iota
	queryNames
	headerNames
	nameKinds
)

// maxLooked is how many bytes are looked at for names of one kind before all of
// them are put into a table. Few requests come to it. Without the table the
// work would be that of the routes times that of the head.
const maxLooked = 16 << 10

// A names is a table of the names of one kind in one head, for those who ask
// for many of them.
type names struct {
	looked int  // bytes, without the table
	built  bool // what follows is that of the head at hand

	places []place
	slots  []int32 // the places, counted from 1, by the hashes of their names; 0 is free
	next   []int32 // the next field of a header's name, counted from 1; 0 is none
}

// A place is where the first value of a name is. Names are taken for the same
// if their hashes are: nobody knows the seed, so that nobody can make two that
// are not.
type place struct {
	hash     uint64
	field    int32 // of the head
	from, to int32 // of its value, or of the query; of a header, to is the last field of the name
}

var nameSeed = maphash.MakeSeed()

// indexed reports whether names of a kind are to be looked for in the table.
func (v *View) indexed(kind nameKind) bool {
	t := &v.names[kind]
	if !t.built && t.looked > maxLooked {
		t.build(kind, v.Head)
	}
	return t.built
}

// build enters all names of a kind.
func (t *names) build(kind nameKind, head *http1.Request) {
	t.built, t.places = true, t.places[:0]
	switch kind {
	case queryNames:
		t.size(bytes.Count(head.Query, ampersand) + 1)
		t.enterQuery(head.Query)
	case headerNames:
		t.size(len(head.Fields))
		t.enterHeaders(head.Fields)
	case cookieNames:
		n := 0
		for i := range head.Fields {
			if f := &head.Fields[i]; isCookie(f) {
				n += bytes.Count(f.Value, semicolon) + 1
			}
		}
		t.size(n)
		for i := range head.Fields {
			if f := &head.Fields[i]; isCookie(f) {
				t.enterCookies(f.Value, int32(i))
			}
		}
	}
}

func isCookie(f *http1.Field) bool { return f.Kind == http1.KindCookie && !f.Drop }

// size makes room for n names.
func (t *names) size(n int) {
	size := 8
	for size < 2*n {
		size *= 2
	}
	if cap(t.slots) < size {
		t.slots = make([]int32, size)
	}
	t.slots = t.slots[:size]
	clear(t.slots)
}

func (t *names) enterCookies(list []byte, field int32) {
	for from := 0; from < len(list); {
		pair, rest, _ := bytes.Cut(list[from:], semicolon)
		if name, _, ok := bytes.Cut(bytes.TrimSpace(pair), equals); ok {
			t.enter(place{maphash.Bytes(nameSeed, name), field, int32(from), int32(from + len(pair))})
		}
		from = len(list) - len(rest)
	}
}

func (t *names) enterQuery(list []byte) {
	var decoded []byte
	for from := 0; from < len(list); {
		pair, rest, _ := bytes.Cut(list[from:], ampersand)
		if name, _, _ := bytes.Cut(pair, equals); len(pair) > 0 {
			if isEscaped(name) {
				decoded = http1.AppendQueryDecoded(decoded[:0], name)
				name = decoded
			}
			t.enter(place{maphash.Bytes(nameSeed, name), 0, int32(from), int32(from + len(pair))})
		}
		from = len(list) - len(rest)
	}
}

func (t *names) enterHeaders(fields []http1.Field) {
	if cap(t.next) < len(fields) {
		t.next = make([]int32, len(fields))
	}
	t.next = t.next[:len(fields)]
	clear(t.next)
	var name []byte
	for i := range fields {
		if fields[i].Drop {
			continue
		}
		name = append(name[:0], fields[i].Name...)
		lower(name)
		if p := t.enter(place{maphash.Bytes(nameSeed, name), int32(i), 0, int32(i)}); p.field != int32(i) {
			t.next[p.to] = int32(i) + 1
			p.to = int32(i)
		}
	}
}

// enter enters a place, unless there is one of its name, and returns the one
// that is there.
func (t *names) enter(p place) *place {
	mask := uint64(len(t.slots) - 1)
	for i := p.hash & mask; ; i = (i + 1) & mask {
		switch s := t.slots[i]; {
		case s == 0:
			t.places = append(t.places, p)
			t.slots[i] = int32(len(t.places))
			return &t.places[len(t.places)-1]
		case t.places[s-1].hash == p.hash:
			return &t.places[s-1]
		}
	}
}

// find returns the place of a name, or nil.
func (t *names) find(name string) *place {
	hash := maphash.String(nameSeed, name)
	mask := uint64(len(t.slots) - 1)
	for i := hash & mask; ; i = (i + 1) & mask {
		switch s := t.slots[i]; {
		case s == 0:
			return nil
		case t.places[s-1].hash == hash:
			return &t.places[s-1]
		}
	}
}

// forget makes the table fit for another head, and lets go of a large one.
func (t *names) forget() {
	t.looked, t.built = 0, false
	if cap(t.slots) > maxSlots {
		t.places, t.slots = nil, nil
	}
}

const maxSlots = 1 << 10 // of a reused table
