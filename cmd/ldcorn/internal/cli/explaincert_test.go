package cli

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ldcorn/ldcorn/engine/api"
)

// TestReadCert: the commas of subjects and of several names are told from those between
// the parts.
func TestReadCert(t *testing.T) {
	digits := strings.Repeat("ab", 32)
	for text, want := range map[string]api.ClientCert{
		"subject=CN=me":                                             {Subject: "CN=me"},
		"subject=CN=me,O=a\\,san,san=DNS:a":                         {Subject: "CN=me,O=a\\,san", SAN: []string{"DNS:a"}},
		"san=DNS:a, URI:x://b/?a=b,san=IP:::1":                      {SAN: []string{"DNS:a", "URI:x://b/?a=b", "IP:::1"}},
		"fingerprint=" + digits + ", subject=CN=me , san=email:a@b": {Subject: "CN=me", SAN: []string{"email:a@b"}, Fingerprint: digits},
	} {
		got, err := readCert(text)
		require.NoError(t, err, text)
		assert.Equal(t, &want, got, text)
	}
	for text, want := range map[string]string{
		"CN=me":                     `--client-cert "CN=me": want 'subject=CN=me,`,
		"x,san=DNS:a":               "want 'subject=CN=me,",
		"san=":                      "san is empty; omit it",
		"subject=CN=a,subject=CN=b": "a certificate has one subject",
		"san=a.example":             `--client-cert: the name "a.example" does not begin with DNS:, email:, URI: or IP:; write "DNS:a.example"`,
		"fingerprint=ab":            "is not a SHA-256",
	} {
		_, err := readCert(text)
		assert.ErrorContains(t, err, want, text)
	}
}
