package lsp

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"go.lsp.dev/jsonrpc2"
)

const maxHeader = 4 << 10 // bytes of one line of a header

// A stream reads and writes messages with the header that the protocol gives them. The
// library has one, too, but it reads messages of a gigabyte.
type stream struct {
	in  *bufio.Reader
	out io.Writer
}

func newStream(in io.Reader, out io.Writer) *stream {
	return &stream{bufio.NewReaderSize(in, maxHeader), out}
}

// read returns the body of the next message. The error is io.EOF at the end of the
// input. After another error, the rest of the input means nothing.
func (s *stream) read() ([]byte, error) {
	length := -1
	for first := true; ; first = false {
		line, err := s.in.ReadSlice('\n')
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
			return nil, errors.New("a line of a header is too long")
		case err == io.EOF && (len(line) > 0 || !first):
			return nil, io.ErrUnexpectedEOF
		case err != nil:
			return nil, err
		}
		text := strings.TrimRight(string(line), "\r\n")
		if text == "" {
			break
		}
		name, value, found := strings.Cut(text, ":")
		if !found {
			return nil, fmt.Errorf("a header has the line %q, which is no field", text)
		}
		if !strings.EqualFold(name, "Content-Length") {
			continue
		}
		if length, err = strconv.Atoi(strings.TrimSpace(value)); err != nil || length < 0 {
			return nil, fmt.Errorf("a header has the length %q", value)
		}
	}
	switch {
	case length < 0:
		return nil, errors.New("a header has no Content-Length")
	case length > maxMessage:
		return nil, fmt.Errorf("a message has %d bytes; at most %d MiB are read", length, maxMessage>>20)
	}
	body, err := io.ReadAll(io.LimitReader(s.in, int64(length))) // allocates as the bytes come
	if err == nil && len(body) < length {
		err = io.ErrUnexpectedEOF
	}
	return body, err
}

// write writes a message.
func (s *stream) write(m jsonrpc2.Message) error {
	body, err := jsonrpc2.EncodeMessage(m)
	if err != nil {
		return err
	}
	_, err = s.out.Write(append(fmt.Appendf(nil, "Content-Length: %d\r\n\r\n", len(body)), body...))
	return err
}
