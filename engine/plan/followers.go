package plan

import "strconv"

// A follower is an attribute whose default depends on whether the group has a cap.
type follower struct {
	name   string
	values func(hasCap bool) string // the default, in the configuration's notation
}

var followers = []follower{
	{"request_buffer", cappedBuffer},
	{"response_buffer", cappedBuffer},
	{"client_disconnect", func(hasCap bool) string {
		if hasCap {
			return strconv.Quote(string(DisconnectFinish))
		}
		return strconv.Quote(string(DisconnectCancel))
	}},
}

func cappedBuffer(hasCap bool) string {
	if hasCap {
		return Bytes(DefaultCappedBuffer).String()
	}
	return "0"
}

// followed returns the changes of defaults that come with a cap that a group gets or
// loses, for the attributes that neither of the two groups sets.
func followed(old, next *Group) (out []AttributeChange) {
	before := old.HasCap()
	if was := old.recorded; was != nil {
		has := func(name, none string) bool { text := was.attrs[name].Text; return text != "" && text != none }
		before = has("max_req_per_worker", "0") || has("limits", "[]")
	}
	if before == next.HasCap() {
		return nil
	}
	for _, f := range followers {
		if shown(old, f.name) == "None" && shown(next, f.name) == "None" {
			out = append(out, AttributeChange{Name: f.name, Effect: EffectProxy, Before: f.values(before), After: f.values(!before), Default: true})
		}
	}
	return out
}

// shown returns an attribute of a group in the configuration's notation.
func shown(g *Group, name string) string {
	if g.recorded != nil {
		return g.recorded.attrs[name].Text
	}
	for _, a := range GroupAttributes {
		if a.Name == name {
			return a.Show(g)
		}
	}
	return ""
}
