package envfile

import (
	"bytes"
	"encoding/binary"
	"errors"
	"unicode"
	"unicode/utf16"

	"github.com/marketcalls/openalgo-install/internal/finding"
)

// encoding is how Windows editors and PowerShell save a text; "" is plain UTF-8.
type encoding string

const (
	marked  encoding = "UTF-8 with a byte order mark (BOM)"
	utf16LE encoding = "UTF-16"
	utf16BE encoding = "UTF-16 (big-endian)"
)

const (
	mark   = "\ufeff"
	markLE = "\xff\xfe"
	markBE = "\xfe\xff"
)

// encodingOf goes by the mark, and without one by the NUL that UTF-16 has in each
// letter of a .env.
func encodingOf(data []byte) encoding {
	switch {
	case bytes.HasPrefix(data, []byte(mark)):
		return marked
	case bytes.HasPrefix(data, []byte(markLE)):
		return utf16LE
	case bytes.HasPrefix(data, []byte(markBE)):
		return utf16BE
	case len(data) < 4 || len(data)%2 != 0:
		return ""
	case data[0] != 0 && data[1] == 0 && data[2] != 0 && data[3] == 0:
		return utf16LE
	case data[0] == 0 && data[1] != 0 && data[2] == 0 && data[3] != 0:
		return utf16BE
	}
	return ""
}

func (e encoding) refusal() *finding.Error {
	why := "OpenAlgo cannot read any of it"
	if e == marked {
		why = "the mark becomes a part of its first line"
	}
	return finding.Named(finding.HostNotReady, "env-encoding", "the .env file is saved as %s\n\nOpenAlgo reads plain UTF-8: %s.", e, why).
		With(finding.Run("Save it as UTF-8 (without BOM) in your editor, or have it converted. No setting changes", "doctor", "--fix"))
}

// Converted returns a .env that a Windows editor saved in another form as plain
// UTF-8. It fails where the file would still be none that can be read.
func Converted(data []byte) ([]byte, error) {
	out := data
	switch encodingOf(data) {
	case marked:
		out = data[len(mark):]
	case utf16LE:
		out = fromUTF16(bytes.TrimPrefix(data, []byte(markLE)), binary.LittleEndian)
	case utf16BE:
		out = fromUTF16(bytes.TrimPrefix(data, []byte(markBE)), binary.BigEndian)
	}
	if out == nil {
		return nil, errors.New("the .env file looks like UTF-16, and is damaged. Restore the file from a backup")
	}
	if _, err := Parse(out); err != nil {
		return nil, err
	}
	return out, nil
}

// fromUTF16 returns nil for what is no UTF-16.
func fromUTF16(data []byte, order binary.ByteOrder) []byte {
	if len(data)%2 != 0 {
		return nil
	}
	units := make([]uint16, len(data)/2)
	for i := range units {
		units[i] = order.Uint16(data[2*i:])
	}
	text := []byte(string(utf16.Decode(units)))
	if bytes.ContainsRune(text, unicode.ReplacementChar) {
		return nil // half a character: what it was nobody knows
	}
	return text
}
