package match

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
