package plan

import (
	"encoding"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unsafe"

	"github.com/marketcalls/openalgo-install/internal/envfile"
	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/secret"
)

var (
	errorType = reflect.TypeFor[error]()
	timeType  = reflect.TypeFor[time.Time]()
	skipped   = map[reflect.Type]bool{reflect.TypeFor[*envfile.File](): true, reflect.TypeFor[secret.Text](): true}
)

// keyOf is the name of a field in a case: EnvText is envText, ID is id.
func keyOf(name string) string {
	r := []rune(name)
	for i := range r {
		beginsWord := i > 0 && i+1 < len(r) && !unicode.IsUpper(r[i+1])
		if !unicode.IsUpper(r[i]) || beginsWord {
			break
		}
		r[i] = unicode.ToLower(r[i])
	}
	return string(r)
}

// field is a field that may be read and written, exported or not.
func field(v reflect.Value, i int) reflect.Value {
	f := v.Field(i)
	return reflect.NewAt(f.Type(), unsafe.Pointer(f.UnsafeAddr())).Elem()
}

func encoded(v reflect.Value) any {
	switch {
	case skipped[v.Type()]:
		return nil
	case v.Type() == errorType:
		if v.IsNil() {
			return nil
		}
		err := v.Interface().(error)
		return map[string]any{"kind": int(finding.KindOf(err)), "id": finding.IDOf(err), "text": err.Error()}
	case v.Type() == timeType:
		return v.Interface().(time.Time).UTC().Format(time.RFC3339)
	}
	switch v.Kind() {
	case reflect.Pointer:
		if v.IsNil() {
			return nil
		}
		return encoded(v.Elem())
	case reflect.Struct:
		out := map[string]any{}
		for i := range v.NumField() {
			if f := field(v, i); !f.IsZero() {
				if value := encoded(f); value != nil {
					out[keyOf(v.Type().Field(i).Name)] = value
				}
			}
		}
		return out
	case reflect.Slice:
		if v.Type().Elem().Kind() == reflect.Uint8 {
			return text(string(v.Bytes()))
		}
		out := []any{}
		for i := range v.Len() {
			out = append(out, encoded(v.Index(i)))
		}
		return out
	case reflect.Map:
		out := map[string]any{}
		for _, key := range v.MapKeys() {
			value := reflect.New(v.Type().Elem()).Elem()
			value.Set(v.MapIndex(key))
			out[mapKey(key)] = encoded(value)
		}
		return out
	case reflect.Interface, reflect.Func, reflect.Chan:
		return nil
	}
	return scalar(v)
}

// text is a text as a case has it: one of several lines is a list of them.
func text(s string) any {
	if !strings.Contains(s, "\n") {
		return s
	}
	lines := []any{}
	for line := range strings.Lines(s) {
		lines = append(lines, strings.TrimSuffix(line, "\n"))
	}
	return lines
}

func joined(from any) string {
	list, ok := from.([]any)
	if !ok {
		return fmt.Sprint(from)
	}
	var b strings.Builder
	for _, line := range list {
		fmt.Fprintln(&b, line)
	}
	return b.String()
}

func scalar(v reflect.Value) any {
	switch v.Kind() {
	case reflect.Bool:
		return v.Bool()
	case reflect.String:
		return v.String()
	case reflect.Float64, reflect.Float32:
		return v.Float()
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return v.Uint()
	}
	return v.Int()
}

func mapKey(key reflect.Value) string {
	if key.Kind() == reflect.Struct { // an address and a port
		k := reflect.New(key.Type()).Elem()
		k.Set(key)
		return fmt.Sprintf("%v:%v", field(k, 0).Interface(), field(k, 1).Interface())
	}
	return fmt.Sprint(key.Interface())
}

// decode fills v from what encoded gave. A key that no field has is an error.
func decode(v reflect.Value, from any) error {
	switch {
	case from == nil:
		return nil
	case v.Type() == errorType:
		m, ok := from.(map[string]any)
		if !ok {
			return fmt.Errorf("an error has kind and text, not %v", from)
		}
		id, _ := m["id"].(string)
		kind, _ := m["kind"].(json.Number).Int64()
		v.Set(reflect.ValueOf(finding.Named(finding.Kind(kind), id, "%s", m["text"])))
		return nil
	case v.Type() == timeType:
		at, err := time.Parse(time.RFC3339, fmt.Sprint(from))
		v.Set(reflect.ValueOf(at))
		return err
	}
	switch v.Kind() {
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		return decode(v.Elem(), from)
	case reflect.Struct:
		return decodeStruct(v, from)
	case reflect.Slice:
		if v.Type().Elem().Kind() == reflect.Uint8 {
			v.SetBytes([]byte(joined(from)))
			return nil
		}
		list, ok := from.([]any)
		if !ok {
			return fmt.Errorf("%v is no list", from)
		}
		v.Set(reflect.MakeSlice(v.Type(), len(list), len(list)))
		for i, e := range list {
			if err := decode(v.Index(i), e); err != nil {
				return err
			}
		}
		return nil
	case reflect.Map:
		return decodeMap(v, from)
	case reflect.Bool:
		v.SetBool(from == true)
	case reflect.String:
		v.SetString(fmt.Sprint(from))
	case reflect.Float64:
		n, err := strconv.ParseFloat(fmt.Sprint(from), 64)
		v.SetFloat(n)
		return err
	case reflect.Uint, reflect.Uint32, reflect.Uint64:
		n, err := strconv.ParseUint(fmt.Sprint(from), 10, 64)
		v.SetUint(n)
		return err
	case reflect.Int, reflect.Int64, reflect.Int32:
		n, err := strconv.ParseInt(fmt.Sprint(from), 10, 64)
		v.SetInt(n)
		return err
	default:
		return fmt.Errorf("a case cannot have a %s", v.Type())
	}
	return nil
}

func decodeStruct(v reflect.Value, from any) error {
	m, ok := from.(map[string]any)
	if !ok {
		return fmt.Errorf("%v is no %s", from, v.Type())
	}
	known := map[string]int{}
	for i := range v.NumField() {
		known[keyOf(v.Type().Field(i).Name)] = i
	}
	for key, value := range m {
		i, ok := known[key]
		if !ok {
			return fmt.Errorf("%s has no field %s", v.Type(), key)
		}
		if err := decode(field(v, i), value); err != nil {
			return fmt.Errorf("%s: %w", key, err)
		}
	}
	return nil
}

func decodeMap(v reflect.Value, from any) error {
	m, ok := from.(map[string]any)
	if !ok {
		return fmt.Errorf("%v is no map", from)
	}
	v.Set(reflect.MakeMap(v.Type()))
	for text, value := range m {
		key, element := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
		if err := decodeKey(key, text); err != nil {
			return err
		}
		if err := decode(element, value); err != nil {
			return fmt.Errorf("%s: %w", text, err)
		}
		v.SetMapIndex(key, element)
	}
	return nil
}

func decodeKey(key reflect.Value, text string) error {
	switch key.Kind() {
	case reflect.String:
		key.SetString(text)
		return nil
	case reflect.Int:
		n, err := strconv.Atoi(text)
		key.SetInt(int64(n))
		return err
	case reflect.Struct:
		i := strings.LastIndexByte(text, ':')
		if i < 0 {
			return fmt.Errorf("%q is not address:port", text)
		}
		field(key, 0).SetString(text[:i])
		return decodeKey(field(key, 1), text[i+1:])
	}
	if u, ok := key.Addr().Interface().(encoding.TextUnmarshaler); ok {
		return u.UnmarshalText([]byte(text))
	}
	return errors.New("a case cannot have such a key: " + text)
}
