package request

import (
	"bytes"
	"hash/maphash"

	"github.com/ldcorn/ldcorn/engine/head"
)

// A nameKind says where to look for a name.
type nameKind uint8

const (
	cookieNames nameKind = iota
	queryNames
	headerNames
	nameKinds
)

// maxLooked is how many bytes are searched for names of one kind before all
// names of that kind go into a table. Few requests reach it. Without the table,
// the work would be the number of routes times the size of the head.
const maxLooked = 16 << 10

// A names is a table of the names of one kind in one head, for routes that look
// for many of them.
type names struct {
	looked int  // bytes searched without the table
	built  bool // the fields below describe the current head

	places []place
	slots  []int32 // hash table of numbers of places, from 1; 0 means free
	next   []int32 // for each field, number from 1 of the next with the same name; 0 means none
}

// A place is the position of the first value of a name, or of the last value of
// a cookie. Names with the same
// hash are treated as the same: the seed is secret, so nobody can construct two
// different names with the same hash.
type place struct {
	hash     uint64
	field    int32 // index in the head
	from, to int32 // range in the field's value or in the query; for a header, to is the last field with the name
	several  bool  // cookies with the name have different values
}

var nameSeed = maphash.MakeSeed()

// indexed reports whether to look for names of a kind in the table.
func (v *View) indexed(kind nameKind) bool {
	t := &v.names[kind]
	if !t.built && t.looked > maxLooked {
		t.build(kind, v.Head)
	}
	return t.built
}

// build fills the table with all names of a kind.
func (t *names) build(kind nameKind, head *head.Request) {
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
				n += bytes.Count(f.Value, []byte(";")) + 1
			}
		}
		t.size(n)
		for i := range head.Fields {
			if f := &head.Fields[i]; isCookie(f) {
				t.enterCookies(head.Fields, int32(i))
			}
		}
	}
}

func isCookie(f *head.Field) bool { return f.Kind == head.KindCookie && !f.Drop }

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

func (t *names) enterCookies(fields []head.Field, field int32) {
	list := fields[field].Value
	for from := 0; from < len(list); {
		name, value, rest := head.NextCookie(list[from:])
		to := len(list) - len(rest)
		if len(name) > 0 {
			now := place{hash: maphash.Bytes(nameSeed, name), field: field, from: int32(from), to: int32(to)}
			p := t.enter(now)
			_, before, _ := head.NextCookie(fields[p.field].Value[p.from:p.to])
			now.several = p.several || !bytes.Equal(before, value)
			*p = now
		}
		from = to
	}
}

func (t *names) enterQuery(list []byte) {
	var decoded []byte
	for from := 0; from < len(list); {
		pair, rest, _ := bytes.Cut(list[from:], ampersand)
		if name, _, _ := bytes.Cut(pair, equals); len(pair) > 0 {
			if isEscaped(name) {
				decoded = head.AppendQueryDecoded(decoded[:0], name)
				name = decoded
			}
			t.enter(place{hash: maphash.Bytes(nameSeed, name), from: int32(from), to: int32(from + len(pair))})
		}
		from = len(list) - len(rest)
	}
}

func (t *names) enterHeaders(fields []head.Field) {
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
		if p := t.enter(place{hash: maphash.Bytes(nameSeed, name), field: int32(i), to: int32(i)}); p.field != int32(i) {
			t.next[p.to] = int32(i) + 1
			p.to = int32(i)
		}
	}
}

// enter adds a place, unless there already is one for its name, and returns the
// place in the table.
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

// forget prepares the table for another head, and releases a large one.
func (t *names) forget() {
	t.looked, t.built = 0, false
	if cap(t.slots) > maxSlots {
		t.places, t.slots = nil, nil
	}
}

const maxSlots = 1 << 10 // in a reused table
