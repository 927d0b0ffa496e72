package cli

import (
	"regexp"
	"strings"

	"github.com/ldcorn/ldcorn/engine/api"
	"github.com/ldcorn/ldcorn/engine/request"
)

// certPart finds the beginning of a part of --client-cert. A subject has commas of its
// own, and attributes in capitals.
var certPart = regexp.MustCompile(`(?:^|,)\s*(subject|san|fingerprint)=`)

const certForm = "'subject=CN=me,san=DNS:me.example,fingerprint=HEX', or a part of that"

// readCert reads the value of --client-cert.
func readCert(text string) (*api.ClientCert, error) {
	parts := certPart.FindAllStringSubmatchIndex(text, -1)
	if len(parts) == 0 || parts[0][0] != 0 {
		return nil, usageError("--client-cert %q: want %s", text, certForm)
	}
	c := new(api.ClientCert)
	for i, p := range parts {
		end := len(text)
		if i+1 < len(parts) {
			end = parts[i+1][0]
		}
		name, value := text[p[2]:p[3]], strings.TrimSpace(text[p[1]:end])
		place := map[string]*string{"subject": &c.Subject, "fingerprint": &c.Fingerprint}[name]
		switch {
		case value == "":
			return nil, usageError("--client-cert %q: %s is empty; omit it", text, name)
		case place == nil:
			for san := range strings.SplitSeq(value, ",") {
				c.SAN = append(c.SAN, strings.TrimSpace(san))
			}
		case *place != "":
			return nil, usageError("--client-cert %q: a certificate has one %s", text, name)
		default:
			*place = value
		}
	}
	if _, err := request.NewCertificate(c.Subject, c.SAN, c.Fingerprint); err != nil {
		return nil, usageError("--client-cert: %v", err)
	}
	return c, nil
}
