package head

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

const (
	sampleTrace  = "0af7651916cd43dd8448eb211c80319c"
	sampleParent = "00-" + sampleTrace + "-b7ad6b7169203331-01"
)

func TestParseTraceparent(t *testing.T) {
	for value, sampled := range map[string]bool{
		sampleParent: true,
		"00-" + sampleTrace + "-b7ad6b7169203331-00":          false,
		"00-" + sampleTrace + "-b7ad6b7169203331-ff":          true, // flags of later versions are ignored
		"00-" + sampleTrace + "-b7ad6b7169203331-02":          false,
		"cc-" + sampleTrace + "-b7ad6b7169203331-01":          true,
		"cc-" + sampleTrace + "-b7ad6b7169203331-01-later-on": true,
	} {
		c, ok := ParseTraceparent([]byte(value))
		assert.True(t, ok, value)
		assert.Equal(t, sampled, c.Sampled, value)
		assert.Equal(t, sampleTrace, c.Trace.String(), value)
		assert.Equal(t, "00"+value[2:53], string(c.Append(nil))[:53], value)
	}
	for _, value := range []string{
		"", "-", sampleTrace, sampleParent[:54], sampleParent + "-", sampleParent + "-more", sampleParent + "0",
		strings.ToUpper(sampleParent), "ff" + sampleParent[2:], "0g" + sampleParent[2:], " " + sampleParent, "cc" + sampleParent[2:] + ".x",
		"00_" + sampleParent[3:], strings.Replace(sampleParent, "-01", "_01", 1), strings.Replace(sampleParent, "-b7", "+b7", 1),
		strings.Replace(sampleParent, "-01", "-0x", 1), strings.Replace(sampleParent, "-01", "-.1", 1),
		"00-00000000000000000000000000000000-b7ad6b7169203331-01", "00-" + sampleTrace + "-0000000000000000-01",
	} {
		c, ok := ParseTraceparent([]byte(value))
		assert.False(t, ok, value)
		assert.Zero(t, c, value)
	}
	assert.Equal(t, "", TraceID{}.String())
}

func TestRequest_TraceContext(t *testing.T) {
	of := func(values ...string) TraceContext {
		r := new(Request)
		r.Reset()
		fields := []Field{{Name: []byte("host"), Value: []byte("x")}}
		for _, v := range values {
			fields = append(fields, Field{Name: []byte("TraceParent"), Value: []byte(v)})
		}
		assert.Nil(t, r.Fill("HTTP/2.0", []byte("GET"), []byte("/"), fields, false, false))
		return r.TraceContext()
	}
	assert.Equal(t, sampleTrace, of(sampleParent).Trace.String())
	assert.Zero(t, of())
	assert.Zero(t, of("malformed"))
	assert.Zero(t, of(sampleParent, sampleParent), "nobody knows which is right")
}

// FuzzTraceparent: what was understood is the same once it is written again.
func FuzzTraceparent(f *testing.F) {
	f.Add([]byte(sampleParent))
	f.Fuzz(func(t *testing.T, value []byte) {
		c, ok := ParseTraceparent(value)
		assert.Equal(t, ok, c.Trace != TraceID{})
		if again, _ := ParseTraceparent(c.Append(nil)); ok {
			assert.Equal(t, c, again)
		}
	})
}
