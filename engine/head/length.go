package head

const maxLengthDigits = 18 // so that no sum of lengths overflows

// ParseLength parses a Content-Length: 1 to 18 digits and nothing else.
func ParseLength(value []byte) (int64, *Error) {
	if len(value) == 0 || len(value) > maxLengthDigits {
		return -1, errLength
	}
	var n int64
	for _, c := range value {
		if !IsDigit(c) {
			return -1, errLength
		}
		n = n*10 + int64(c-'0')
	}
	return n, nil
}

// CheckTrailer refuses announcements of trailers that would change the framing
// of the message.
func CheckTrailer(value []byte) *Error {
	for name, rest := NextElement(value); len(name) > 0; name, rest = NextElement(rest) {
		switch {
		case EqualFold(name, "transfer-encoding"), EqualFold(name, "content-length"), EqualFold(name, "trailer"):
			return errTrailerName
		}
	}
	return nil
}
