package plan

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strconv"

	"github.com/ldcorn/ldcorn/engine/api"
)

// sameAttr reports whether two attributes have the same value.
func sameAttr(a, b api.Attr) bool {
	if a.Value != "" && b.Value != "" {
		return a.Value == b.Value && a.Digest == b.Digest
	}
	return a == b
}

// Record returns the record of a plan. The salt should be random, and at least
// 16 bytes long.
func (p *Plan) Record(salt []byte) *api.Record {
	r := &api.Record{Config: p.Path, Fingerprint: p.Fingerprint, Salt: hex.EncodeToString(salt),
		Settings: attrs(PlanAttributes, p, salt), Listeners: []api.ListenerRecord{}, Groups: []api.GroupRecord{}, Args: p.argTexts()}
	for i := range p.Listeners {
		r.Listeners = append(r.Listeners, api.ListenerRecord{Address: p.Listeners[i].Bind.String(), Attributes: attrs(ListenerAttributes, &p.Listeners[i], salt)})
	}
	for _, group := range p.Groups {
		r.Groups = append(r.Groups, api.GroupRecord{Name: group.Name, Attributes: attrs(GroupAttributes, group, salt)})
	}
	return r
}

// FromRecord returns a plan that can only be compared: Diff treats it as the
// plan that was recorded. It returns an error if Plan.Record did not write the
// record.
func FromRecord(r *api.Record) (*Plan, error) {
	salt, err := hex.DecodeString(r.Salt)
	if err != nil || r.Settings == nil || r.Listeners == nil {
		return nil, fmt.Errorf("not a record of a plan: got the salt %q, %d settings and %d listeners", r.Salt, len(r.Settings), len(r.Listeners))
	}
	p := &Plan{Path: r.Config, Fingerprint: r.Fingerprint, recorded: &recorded{r.Settings, salt}, recordedArgs: r.Args}
	for _, l := range r.Listeners {
		bind, err := ParseBind(l.Address)
		if err != nil {
			return nil, fmt.Errorf("record of a listener: %w", err)
		}
		p.Listeners = append(p.Listeners, Listener{Bind: bind, recorded: &recorded{l.Attributes, salt}})
	}
	for _, g := range r.Groups {
		group := &Group{Name: g.Name, recorded: &recorded{g.Attributes, salt}}
		if group.Instances, err = strconv.Atoi(g.Attributes["instances"].Text); err != nil {
			return nil, fmt.Errorf("record of group %q: instances %q is not a number", g.Name, g.Attributes["instances"].Text)
		}
		group.ReloadOnSighup = g.Attributes["reload_on_sighup"].Text == show(true)
		p.Groups = append(p.Groups, group)
	}
	return p, nil
}

// recorded holds the attributes of a plan or group that was made from a Record.
type recorded struct {
	attrs map[string]api.Attr
	salt  []byte
}

// same reports whether a recorded attribute has the same value as in v.
func same[T any](a Attribute[T], was *recorded, v *T) bool {
	old, ok := was.attrs[a.Name]
	return ok && sameAttr(old, attr(a, v, was.salt))
}

func attrs[T any](table []Attribute[T], v *T, salt []byte) map[string]api.Attr {
	out := make(map[string]api.Attr, len(table))
	for _, a := range table {
		if a.Effect != EffectNone && !a.Apart {
			out[a.Name] = attr(a, v, salt)
		}
	}
	return out
}

func attr[T any](a Attribute[T], v *T, salt []byte) api.Attr {
	out := api.Attr{Text: a.Show(v)}
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
