package main

import (
	"bytes"
	"encoding/json"
)

// headersOf is what headers say of claims: texts as they are, all else as JSON. A claim that is not there leaves its header empty, so
// that nothing which a client sent under that name is believed.
func headersOf(claims map[string]json.RawMessage, wanted map[string]string) (map[string]string, bool) {
	headers := make(map[string]string, len(wanted))
	for claim, header := range wanted {
		value := textOf(claims[claim])
		if !isHeaderSafe(value) {
			return nil, false
		}
		headers[header] = value
	}
	return headers, true
}

func textOf(claim json.RawMessage) string {
	if len(claim) == 0 || string(claim) == "null" {
		return ""
	}
	var text string
	if json.Unmarshal(claim, &text) == nil {
		return text
	}
	var compact bytes.Buffer
	if json.Compact(&compact, claim) != nil {
		return ""
	}
	return compact.String()
}
