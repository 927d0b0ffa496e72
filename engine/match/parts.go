package match

import "strings"

// eachPart calls visit with the matchers that a matcher joins, or with the matcher
// itself if it joins none. It stops when visit returns false, and then returns
// false, too.
func eachPart(m Matcher, visit func(Matcher) bool) bool {
	var parts []Matcher
	switch m := m.(type) {
	case *all:
		parts = m.parts
	case *anyOf:
		parts = m.parts
	case *not:
		parts = []Matcher{m.part}
	default:
		return visit(m)
	}
	return everyPart(parts, func(p Matcher) bool { return eachPart(p, visit) })
}

// AddressWord returns the word of the first part of a matcher that looks at the
// client's address, such as "client_ip", or "".
func AddressWord(m Matcher) (word string) {
	eachPart(m, func(part Matcher) bool {
		switch part := part.(type) {
		case *clients:
			word = "client_ip"
		case *percent:
			if part.share.By.By == KeyClientIP {
				word = "percent"
			}
		}
		return word == ""
	})
	return word
}

// HasClientCert reports whether a matcher looks at the certificate of the client.
func HasClientCert(m Matcher) (has bool) {
	eachPart(m, func(part Matcher) bool {
		_, has = part.(*clientCert)
		return !has
	})
	return has
}

// LiteralGlob returns the first path in a path or prefix of a matcher that is written
// as a glob: both take it as it is. Word is "path" or "prefix", or "" if there is none,
// and advice is what to write instead.
func LiteralGlob(m Matcher) (word, text, advice string) {
	eachPart(m, func(part Matcher) bool {
		p, ok := part.(*paths)
		if !ok {
			return true
		}
		for _, s := range p.spots {
			if word, advice = s.literalGlob(); word != "" {
				text = s.text
				return false
			}
		}
		return true
	})
	return word, text, advice
}

func (s spot) literalGlob() (word, advice string) {
	switch s.kind {
	case spotPath:
		word = "path"
	case spotBelow:
		word = "prefix"
	}
	glob := parameter.ReplaceAllString(s.text, "*")
	if word == "" || !strings.Contains(glob, "*") {
		return "", ""
	}
	below := strings.TrimRight(glob, "*")
	switch {
	case s.kind == spotPath:
		return word, call("glob", []string{glob})
	case below == "/":
		return word, call("prefix", []string{below})
	case strings.HasSuffix(below, "/") && !strings.Contains(below, "*"):
		return word, call("prefix", []string{strings.TrimSuffix(below, "/")})
	}
	return word, call("glob", []string{strings.TrimSuffix(glob, "/*") + "/*"})
}
