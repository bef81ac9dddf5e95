package plan

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// patched is a JSON document with a patch: objects are merged key by key, and null
// removes a key. In a list an object changes elements: by their number, or those
// that begin with its key; what no element has is appended.
func patched(document, patch []byte) ([]byte, error) {
	var before, change any
	for text, to := range map[*[]byte]*any{&document: &before, &patch: &change} {
		d := json.NewDecoder(bytes.NewReader(*text))
		d.UseNumber()
		if err := d.Decode(to); err != nil {
			return nil, err
		}
	}
	return json.Marshal(merged(before, change))
}

func merged(before, change any) any {
	changes, ok := change.(map[string]any)
	if !ok {
		return change
	}
	if list, ok := before.([]any); ok {
		return mergedList(slices.Clone(list), changes)
	}
	object, ok := before.(map[string]any)
	if !ok {
		object = map[string]any{}
	}
	out := maps.Clone(object)
	for key, value := range changes {
		if value == nil {
			delete(out, key)
		} else {
			out[key] = merged(out[key], value)
		}
	}
	return out
}

func mergedList(list []any, changes map[string]any) []any {
	for _, key := range slices.Sorted(maps.Keys(changes)) {
		n, err := strconv.Atoi(key)
		if err != nil {
			n = slices.IndexFunc(list, func(e any) bool { line, ok := e.(string); return ok && strings.HasPrefix(line, key) })
		}
		switch {
		case n < 0 || n >= len(list):
			list = append(list, changes[key])
		case changes[key] == nil:
			list = slices.Delete(list, n, n+1)
		default:
			list[n] = merged(list[n], changes[key])
		}
	}
	return list
}
