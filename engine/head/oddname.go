package head

// MaxName is the maximum length of a field name in bytes.
const MaxName = 256

// IsOddName reports whether a field name has bytes other than letters, digits,
// hyphens and dots. Request fields with such names are not forwarded, except
// for underscores if Limits allows them.
func IsOddName(name []byte) bool {
	for _, c := range name {
		if NameClass[c] != TokenByte {
			return true
		}
	}
	return false
}

// dropsName reports whether a field is not forwarded because of its name, whose
// bytes have these classes. Whatever the limits say, no app gets a field that
// it could mistake for one with a Kind, which ldcorn reads or writes
// (CVE-2026-3902).
func dropsName(name []byte, class uint8, underscores bool) bool {
	if class&OddByte != 0 || !underscores || len(name) > MaxName {
		return true
	}
	var folded [MaxName]byte
	for i, c := range name {
		folded[i] = foldByte(c)
	}
	return KindOfToken(folded[:len(name)]) != KindOther
}

// EqualFolded is EqualFold, but also treats "_" as "-" in both arguments.
func EqualFolded(name []byte, lower string) bool {
	if len(name) != len(lower) {
		return false
	}
	for i, c := range name {
		if foldByte(LowerByte(c)) != foldByte(lower[i]) {
			return false
		}
	}
	return true
}

func foldByte(c byte) byte {
	if c == '_' {
		return '-'
	}
	return c
}
