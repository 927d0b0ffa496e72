package capture

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
)

// A Call is a call of a word whose value ldcorn knows, and Python does not.
type Call struct {
	Word  string
	Text  string // the call in the language, with literals for its arguments
	Place Place
}

// A Question is a Call that waits for its value.
type Question struct {
	Call
	Env map[string]*string // variables that the file has changed; nil for one that it has removed
}

// A File is a configuration in Python, with what it needs of ldcorn.
type File struct {
	Path string
	Name string            // as messages show it
	Env  map[string]string // variables besides those of the environment
	// Answer returns the value of a call, as Answered writes it. The message of an
	// error becomes an exception in the file.
	Answer func(Question) ([]byte, error)
}

// maxCalls bounds the different calls of words that are answered.
const maxCalls = 256 << 10 // bytes

// errNoAnswer is for a run without an Answer.
var errNoAnswer = errors.New("this word needs ldcorn")

// A question is a Question as the script writes it.
type question struct {
	Word   string              `json:"word"`
	Args   []json.RawMessage   `json:"args"`
	Kwargs [][]json.RawMessage `json:"kwargs"`
	At     []int               `json:"at"`
	Env    map[string]*string  `json:"env"`
}

// converse answers the questions of the script until it gives its result or ends.
func (p *process) converse(result io.Reader, answers io.Writer) {
	limited := &io.LimitedReader{R: result, N: maxResult + 1}
	lines := bufio.NewReader(limited)
	for {
		line, err := lines.ReadBytes('\n')
		ask, isQuestion := bytes.CutPrefix(line, []byte("ask "))
		if err != nil || !isQuestion {
			p.result = line
			break
		}
		limited.N = maxResult + 1
		if _, err := answers.Write(append(p.answer(ask), '\n')); err != nil {
			break
		}
	}
	_, _ = io.Copy(io.Discard, result)
}

// answer returns the answer to a question of the script.
func (p *process) answer(ask []byte) []byte {
	v, err := p.ask(ask)
	if err != nil {
		v, _ = json.Marshal(map[string]string{"error": err.Error()}) // strings can be written
	}
	return v
}

func (p *process) ask(ask []byte) ([]byte, error) {
	var q question
	if err := json.Unmarshal(ask, &q); err != nil {
		return nil, err
	}
	call, err := q.call()
	if err != nil {
		return nil, err
	}
	if p.opts.Answer == nil {
		return nil, errNoAnswer
	}
	isNew := !p.asked[call.Text]
	if isNew && p.size+len(call.Text) > maxCalls {
		return nil, fmt.Errorf("the calls of ldcorn's words have more than %d KiB of different arguments", maxCalls>>10)
	}
	v, err := p.opts.Answer(Question{call, q.Env})
	if err != nil {
		return nil, err
	}
	if isNew {
		p.asked[call.Text] = true
		p.calls, p.size = append(p.calls, call), p.size+len(call.Text)
	}
	return slices.Concat([]byte(`{"value": `), v, []byte("}")), nil
}

// call returns the call of a question.
func (q *question) call() (Call, error) {
	data, err := json.Marshal(map[string]any{"call": q.Word, "args": slices.Concat([]json.RawMessage{}, q.Args), "kwargs": q.Kwargs})
	if err != nil {
		return Call{}, err
	}
	var v value
	if err := json.Unmarshal(data, &v); err != nil {
		return Call{}, err
	}
	p := &printer{arguments: func(string) []string { return nil }, hide: true}
	return Call{Word: q.Word, Text: p.line(&v), Place: placeOf(q.At)}, nil
}

// pipes are the pipes between ldcorn and the script.
type pipes struct{ result, output, answers [2]*os.File } // read, write

func openPipes() (p pipes, err error) {
	for _, pair := range []*[2]*os.File{&p.result, &p.output, &p.answers} {
		if pair[0], pair[1], err = os.Pipe(); err != nil {
			p.close()
			return pipes{}, err
		}
	}
	return p, nil
}

// closeTheirs closes the ends of the script.
func (p *pipes) closeTheirs() {
	for _, f := range []*os.File{p.result[1], p.output[1], p.answers[0]} {
		_ = f.Close()
	}
}

// close closes everything that is open. The error of a file that is not is no matter.
func (p *pipes) close() {
	for _, f := range slices.Concat(p.result[:], p.output[:], p.answers[:]) {
		_ = f.Close()
	}
}
