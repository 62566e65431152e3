// Command yaml-reader answers how kubectl reads a stream of manifests: one JSON string a line on stdin, one answer a
// line on stdout. The decoder is kubectl's own, at the versions that its release pins.
package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"

	goyaml "go.yaml.in/yaml/v2"
	"k8s.io/apimachinery/pkg/util/yaml"
)

// Answer holds the documents up to the first that cannot be read, as JSON text, and the reader's words about that one.
// Drops: the reader stopped at the end of a first node and never looked at the text behind it.
type Answer struct {
	Docs  []string `json:"docs"`
	Error string   `json:"error,omitempty"`
	Drops bool     `json:"drops"`
}

func main() {
	in := bufio.NewReaderSize(os.Stdin, 1<<20)
	out := bufio.NewWriter(os.Stdout)
	for {
		line, err := in.ReadBytes('\n')
		if len(line) > 0 {
			var text string
			if err := json.Unmarshal(line, &text); err != nil {
				fmt.Fprintln(os.Stderr, "not a JSON string:", err)
				os.Exit(2)
			}
			out.Write(encode(read(text)))
			out.WriteByte('\n')
		}
		if in.Buffered() == 0 {
			out.Flush()
		}
		if err != nil {
			out.Flush()
			return
		}
	}
}

func encode(answer Answer) []byte {
	bytes, err := json.Marshal(answer)
	if err != nil {
		panic(err)
	}
	return bytes
}

// read decodes as `kubectl -f` does (k8s.io/cli-runtime/pkg/resource, StreamVisitor).
func read(text string) (answer Answer) {
	answer.Docs = []string{}
	answer.Drops = drops(text)
	defer func() {
		if fault := recover(); fault != nil {
			answer.Error = fmt.Sprint("panic: ", fault)
		}
	}()
	decoder := yaml.NewYAMLOrJSONDecoder(strings.NewReader(text), 4096)
	for {
		var raw json.RawMessage
		if err := decoder.Decode(&raw); err != nil {
			if !errors.Is(err, io.EOF) {
				answer.Error = err.Error()
			}
			return answer
		}
		raw = bytes.TrimSpace(raw)
		if len(raw) == 0 || bytes.Equal(raw, []byte("null")) {
			continue
		}
		answer.Docs = append(answer.Docs, canonical(raw))
	}
}

// drops tells whether a chunk between separators goes on behind its first document.
func drops(text string) bool {
	if yaml.IsJSONBuffer([]byte(text)) {
		text = strings.TrimLeft(text, " \t\r\n")
	}
	chunks := yaml.NewYAMLReader(bufio.NewReader(strings.NewReader(text)))
	for {
		chunk, err := chunks.Read()
		if err != nil {
			return false
		}
		if goesOn(chunk) {
			return true
		}
	}
}

func goesOn(chunk []byte) (more bool) {
	defer func() {
		if recover() != nil {
			more = true
		}
	}()
	decoder := goyaml.NewDecoder(bytes.NewReader(chunk))
	var value any
	if err := decoder.Decode(&value); err != nil {
		return false
	}
	return decoder.Decode(&value) != io.EOF
}

// canonical is the same JSON with sorted keys. Whole numbers keep their text; floats of a JSON text are spelled as Go
// spells those of a YAML text.
func canonical(raw []byte) string {
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.UseNumber()
	var value any
	if err := decoder.Decode(&value); err != nil {
		panic(err)
	}
	text, err := json.Marshal(spelled(value))
	if err != nil {
		panic(err)
	}
	return string(text)
}

func spelled(value any) any {
	switch value := value.(type) {
	case map[string]any:
		for key, inner := range value {
			value[key] = spelled(inner)
		}
	case []any:
		for at, inner := range value {
			value[at] = spelled(inner)
		}
	case json.Number:
		if whole, err := strconv.ParseInt(value.String(), 10, 64); err == nil {
			return whole // -0 is the integer 0 to k8s.io/apimachinery/pkg/util/json
		}
		if _, err := strconv.ParseUint(value.String(), 10, 64); err == nil {
			return value
		}
		float, err := value.Float64()
		if err != nil {
			panic(err)
		}
		if float == 0 {
			return 0
		}
		return float
	}
	return value
}
