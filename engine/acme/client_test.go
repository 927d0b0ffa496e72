package acme

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ldcorn/ldcorn/engine/plan"
)

// TestJudgeDirectory: a wrong address of an issuer is named, with what to look at.
func TestJudgeDirectory(t *testing.T) {
	issuer := httptest.NewServer(http.NotFoundHandler())
	fails := func() *failure {
		a := plan.ACME{Name: "a.example", Directory: issuer.URL + "/dir"}
		c, err := newClient(a, "test")
		require.NoError(t, err)
		defer c.close()
		_, err = c.GetDirectory(t.Context())
		require.Error(t, err)
		return judge(err, a, "account")
	}
	wrong := fails()
	assert.ErrorContains(t, wrong, issuer.URL+"/dir: ")
	assert.Contains(t, wrong.hint, "directory_url=")
	issuer.Close()
	assert.Equal(t, "look whether this machine reaches "+issuer.URL+"/dir", fails().hint)
}
