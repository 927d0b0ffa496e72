package api

import "time"

// A Certificate describes a certificate of the listeners of a master.
type Certificate struct {
	Listeners   []string             `json:"listeners"` // that have it
	Names       []string             `json:"names"`     // hosts and addresses
	Subject     string               `json:"subject"`
	Issuer      string               `json:"issuer"`
	NotBefore   time.Time            `json:"not_before,omitzero"` // absent if there is no certificate yet, as are not_after, serial and fingerprint
	NotAfter    time.Time            `json:"not_after,omitzero"`
	Serial      string               `json:"serial,omitempty"`      // in hexadecimal digits
	Fingerprint string               `json:"fingerprint,omitempty"` // SHA-256 in hexadecimal digits
	From        string               `json:"from"`                  // the path of its file, "the configuration", or the address of its issuer
	Read        time.Time            `json:"read"`                  // when this content was read first, or issued
	ClientAuth  string               `json:"client_auth"`           // "none", "request" or "require"
	Problems    []CertificateProblem `json:"problems"`              // of the certificate in use
	Lost        []string             `json:"lost_names,omitempty"`  // names of the certificate before that this one lacks
	Error       string               `json:"error,omitempty"`       // why the files cannot be used now, or no new certificate was issued, so that the one before stays; absent if nothing is wrong

	ACME *CertificateACME `json:"acme,omitempty"` // absent for a certificate from files
}

// A CertificateProblem is something wrong with a certificate that is in use.
type CertificateProblem string

// The problems.
const (
	CertificateExpired     CertificateProblem = "expired"
	CertificateExpiresSoon CertificateProblem = "expires_soon" // within three weeks; not for one from an issuer, which is renewed
	CertificateNotYetValid CertificateProblem = "not_yet_valid"
	CertificateNamesLost   CertificateProblem = "names_lost" // the certificate before had names that this one lacks

	// Those of the authorities in client_ca, who have signed the certificates of clients.
	CertificateAuthorityExpired     CertificateProblem = "authority_expired"
	CertificateAuthorityExpiresSoon CertificateProblem = "authority_expires_soon" // within three weeks
	CertificateAuthorityNotYetValid CertificateProblem = "authority_not_yet_valid"
)

// CertificateProblems lists all problems. It is read-only.
var CertificateProblems = []CertificateProblem{CertificateExpired, CertificateExpiresSoon, CertificateNotYetValid, CertificateNamesLost,
	CertificateAuthorityExpired, CertificateAuthorityExpiresSoon, CertificateAuthorityNotYetValid}

// A CertificateACME is how a certificate comes from an issuer.
type CertificateACME struct {
	Directory string     `json:"directory"` // the address of the issuer
	State     ACMEState  `json:"state"`
	RenewAt   *time.Time `json:"renew_at,omitempty"` // absent if there is no certificate
	Failures  int        `json:"failures"`           // in a row
	TryAt     *time.Time `json:"try_at,omitempty"`   // when the issuer is asked again after a failure; absent if nothing has failed
}

// An ACMEState says how a name is doing.
type ACMEState string

// The states.
const (
	ACMEPending ACMEState = "pending" // there is no certificate yet
	ACMEValid   ACMEState = "valid"
	ACMEFailing ACMEState = "failing" // the last try to renew the certificate has failed, and it stays
)

// ACMEStates lists all states. It is read-only.
var ACMEStates = []ACMEState{ACMEPending, ACMEValid, ACMEFailing}
