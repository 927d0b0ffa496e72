package match

import "regexp"

// parameter is a path parameter as frameworks write it.
var parameter = regexp.MustCompile(`\{[A-Za-z_]\w*(:[A-Za-z_]\w*)?\}`)

// PathParameter returns the first text in a glob or a route string that frameworks
// take for a path parameter, such as "{item_id}", or "". In a glob it stands for
// itself without the braces, which hardly anybody means.
func PathParameter(m Matcher) string {
	g, ok := m.(interface{ globs() []string })
	if !ok {
		return ""
	}
	for _, text := range g.globs() {
		if found := parameter.FindString(text); found != "" {
			return found
		}
	}
	return ""
}

// regular is a part of a text that regular expressions have, and paths and globs
// hardly ever: .* \d [^/]+ (a|b) and a final $.
var regular = regexp.MustCompile(`\.[*+]|\\[dwsDWS.]|\][+*]|\([^()]*\|[^()]*\)|\$$`)

// LooksRegular reports whether a route string is most likely meant as a regular
// expression.
func LooksRegular(text string) bool { return regular.MatchString(text) }

// globs returns the globs among the spots.
func (p *paths) globs() (out []string) {
	for _, s := range p.spots {
		if s.test != nil && s.test.Kind == TestGlob {
			out = append(out, s.test.Text)
		}
	}
	return out
}
