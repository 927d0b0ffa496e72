package plan

// LeastToken is how many bytes admin_token must have at least.
const LeastToken = 16

// idleAdmin finds settings of the admin listener that lack what they need.
func idleAdmin(p *Plan) (out []Problem) {
	if p.AdminToken != (Text{}) && p.Admin.IsZero() {
		out = append(out, Problem{
			Code:    CodeIdleAdmin,
			Message: "`admin_token` does nothing without `admin`",
			Label:   `add admin="127.0.0.1:9100", or remove this`,
			Place:   Place{Argument: "admin_token"},
			Lacks:   "admin",
		})
	}
	if p.AdminActions && p.AdminToken == (Text{}) {
		out = append(out, Problem{
			Code:    CodeIdleAdmin,
			Message: "`admin_actions` needs `admin_token`: without it, everybody who reaches the listener could reload and stop workers",
			Label:   `add admin_token=secret("LDCORN_ADMIN_TOKEN")`,
			Place:   Place{Argument: "admin_actions"},
			Lacks:   "admin_token",
		})
	}
	return out
}

// showSecret shows a text that is a secret, or that is not there.
func showSecret(t Text) string {
	if t == (Text{}) {
		return "None"
	}
	return t.String()
}

// textSecrets returns the secret that showSecret hides.
func textSecrets(t Text) []string {
	if !t.IsSecret() {
		return nil
	}
	return []string{t.Reveal()}
}
