package plan

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strconv"
)

// A Record is a plan as a file keeps it, to be compared with others later:
// what each attribute is, in the configuration's notation. Of secrets it has
// no more than a salted digest.
type Record struct {
	Config      string        `json:"config"`      // path of the configuration
	Fingerprint string        `json:"fingerprint"` // see Plan
	Salt        string        `json:"salt"`        // hex; of the digests
	Settings    Attrs         `json:"settings"`
	Groups      []GroupRecord `json:"groups"` // in the order written
}

// A GroupRecord is one group of a Record.
type GroupRecord struct {
	Name       string `json:"name"`
	Attributes Attrs  `json:"attributes"`
}

// Attrs are attributes by name.
type Attrs map[string]Attr

// An Attr is the value of an attribute. Digest is that of the secrets in it,
// "" where there is none. Value is one of all the rest, where two Texts may
// differ that mean the same.
type Attr struct {
	Text   string `json:"text"`
	Value  string `json:"value,omitempty"`
	Digest string `json:"digest,omitempty"`
}

// same reports whether two attributes have one value.
func (a Attr) same(b Attr) bool {
	if a.Value != "" && b.Value != "" {
		return a.Value == b.Value && a.Digest == b.Digest
	}
	return a == b
}

// Record returns what a file keeps of a plan. The salt should be random, and
// at least 16 bytes.
func (p *Plan) Record(salt []byte) *Record {
	r := &Record{Config: p.Path, Fingerprint: p.Fingerprint, Salt: hex.EncodeToString(salt),
		Settings: attrs(PlanAttributes, p, salt), Groups: []GroupRecord{}}
	for _, group := range p.Groups {
		r.Groups = append(r.Groups, GroupRecord{group.Name, attrs(GroupAttributes, group, salt)})
	}
	return r
}

// Plan returns a plan that can only be compared: Diff takes it for what was
// recorded. It fails on a record that nobody has written this way.
func (r *Record) Plan() (*Plan, error) {
	salt, err := hex.DecodeString(r.Salt)
	if err != nil || r.Settings == nil {
		return nil, fmt.Errorf("no record of a plan: got the salt %q and %d settings", r.Salt, len(r.Settings))
	}
	p := &Plan{Path: r.Config, Fingerprint: r.Fingerprint, recorded: &recorded{r.Settings, salt}}
	for _, g := range r.Groups {
		group := &Group{Name: g.Name, recorded: &recorded{g.Attributes, salt}}
		if group.Instances, err = strconv.Atoi(g.Attributes["instances"].Text); err != nil {
			return nil, fmt.Errorf("record of the group %q: instances %q is no number", g.Name, g.Attributes["instances"].Text)
		}
		group.ReloadOnSighup = g.Attributes["reload_on_sighup"].Text == show(true)
		p.Groups = append(p.Groups, group)
	}
	return p, nil
}

// recorded is where the attributes of a plan or a group come from that was
// made of a Record.
type recorded struct {
	attrs Attrs
	salt  []byte
}

// same reports whether a recorded attribute has the value that v has.
func same[T any](a Attribute[T], was *recorded, v *T) bool {
	old, ok := was.attrs[a.Name]
	return ok && old.same(attr(a, v, was.salt))
}

func attrs[T any](table []Attribute[T], v *T, salt []byte) Attrs {
	out := make(Attrs, len(table))
	for _, a := range table {
		if a.Effect != EffectNone {
			out[a.Name] = attr(a, v, salt)
		}
	}
	return out
}

func attr[T any](a Attribute[T], v *T, salt []byte) Attr {
	out := Attr{Text: a.Show(v)}
	if a.Digest != nil {
		out.Value = a.Digest(v)
	}
	if a.Secrets == nil {
		return out
	}
	if secrets := a.Secrets(v); len(secrets) > 0 {
		mac := hmac.New(sha256.New, salt)
		for _, s := range secrets {
			fmt.Fprintf(mac, "%d:%s", len(s), s)
		}
		out.Digest = hex.EncodeToString(mac.Sum(nil))
	}
	return out
}
