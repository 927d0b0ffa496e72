package scrape

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

// TestEscape: names that become the same for a reader without UTF-8 make no page that
// Prometheus would refuse, and a reader with UTF-8 has all of them.
func TestEscape(t *testing.T) {
	r := newRig(t, named("web"), named("api"))
	r.start("web", 0, `# TYPE "a.b" counter
{"a.b",k="dot"} 1
{"a.b",k="both"} 2
{"a.b",k="x","l.m"="1","l_m"="2"} 3
{"a.b",k="y","l.m"="1"} 4
{"a.b",k="y","l-m"="1"} 5
{"a.b",k="y",l_m="1"} 6
# TYPE a_b counter
a_b{k="both"} 7
# TYPE "c.d" gauge
{"c.d"} 8
# TYPE c_d counter
c_d 9
`)
	r.start("api", 0, "# TYPE \"c-d\" counter\n{\"c-d\"} 10\n")
	for range 2 {
		assert.Equal(t, `# TYPE a_b counter
a_b{group="web",worker="0",k="both"} 7
a_b{group="web",worker="0",k="dot"} 1
a_b{group="web",worker="0",k="y",l_m="1"} 6
# TYPE c_d counter
c_d{group="api",worker="0"} 10
c_d{group="web",worker="0"} 9
`, r.get(""))
	}
	assert.EqualValues(t, 6, r.Counts()["web"].Skipped, "three for each answer")
	assert.Zero(t, r.Counts()["api"].Skipped)
	assert.Equal(t, 2, strings.Count(r.log.String(), "metrics of an app left out"), r.log.String())

	rec := httptest.NewRecorder()
	req := httptest.NewRequest(http.MethodGet, "/metrics/apps", nil)
	req.Header.Set("Accept", "text/plain;version=1.0.0;escaping=allow-utf-8")
	r.ServeHTTP(rec, req)
	for _, line := range []string{`{"a.b",group="web",worker="0",k="dot"} 1`, `{"a.b",group="web",worker="0",k="x","l.m"="1",l_m="2"} 3`,
		`a_b{group="web",worker="0",k="both"} 7`, `{"c.d",group="web",worker="0"} 8`, `{"c-d",group="api",worker="0"} 10`} {
		assert.Contains(t, rec.Body.String(), line+"\n")
	}
	assert.EqualValues(t, 6, r.Counts()["web"].Skipped)
}
