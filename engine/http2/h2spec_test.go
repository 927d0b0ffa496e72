package http2

import (
	"encoding/xml"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/summerwind/h2spec"
	"github.com/summerwind/h2spec/config"
)

// knownFailures are the tests of h2spec that do not pass, by their sections, with
// the reason.
var knownFailures = map[string]string{
	"http2/8.1.2.2 Sends a HEADERS frame that contains the connection-specific header field":                       "the answer is 400, which RFC 9113 section 8.1.1 allows",
	"http2/8.1.2.2 Sends a HEADERS frame that contains the TE header field with any value other than \"trailers\"": "the same",
}

// A report is what h2spec writes.
type report struct {
	Suites []struct {
		Package string `xml:"package,attr"`
		Cases   []struct {
			Name    string `xml:"classname,attr"`
			Failure *struct {
				Text string `xml:",chardata"`
			} `xml:"failure"`
			Error *struct {
				Text string `xml:",chardata"`
			} `xml:"error"`
			Skipped *struct{} `xml:"skipped"`
		} `xml:"testcase"`
	} `xml:"testsuite"`
}

// TestH2spec runs the conformance tests of h2spec, strict ones too.
func TestH2spec(t *testing.T) {
	r := newRig(t, "", nil)
	r.worker(hello)
	host, port, err := net.SplitHostPort(r.addr)
	require.NoError(t, err)
	n, err := strconv.Atoi(port)
	require.NoError(t, err)
	out := filepath.Join(t.TempDir(), "report.xml")
	quiet(t, func() {
		_, err = h2spec.Run(&config.Config{Host: host, Port: n, Path: "/", Timeout: 2 * time.Second, MaxHeaderLen: 4000, Strict: true, JUnitReport: out})
	})
	require.NoError(t, err)
	raw, err := os.ReadFile(out)
	require.NoError(t, err)
	var rep report
	require.NoError(t, xml.Unmarshal(raw, &rep))
	passed := 0
	for _, suite := range rep.Suites {
		for _, c := range suite.Cases {
			why := ""
			switch {
			case c.Failure != nil:
				why = c.Failure.Text
			case c.Error != nil:
				why = c.Error.Text
			case c.Skipped != nil:
				why = "skipped"
			}
			if why == "" {
				passed++
				continue
			}
			if _, ok := knownFailures[suite.Package+" "+c.Name]; !ok {
				t.Errorf("%s %s: %s", suite.Package, c.Name, why)
			}
		}
	}
	assert.Greater(t, passed, 143)
	t.Logf("%d tests passed", passed)
}

// quiet runs f without what it prints.
func quiet(t *testing.T, f func()) {
	t.Helper()
	null, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	require.NoError(t, err)
	defer null.Close()
	before := os.Stdout
	os.Stdout = null
	defer func() { os.Stdout = before }()
	f()
}
