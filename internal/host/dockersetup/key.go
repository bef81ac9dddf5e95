package dockersetup

import (
	"bytes"
	"crypto/sha1"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
)

// The primary keys that sign Docker's packages, as Docker's installation
// pages name them.
const (
	debFingerprint = "9DC858229FC7DD38854AE2D88D81803C0EBFCD88"
	rpmFingerprint = "060A61C51B558A7F742B77AAC52FEB6B621E9F35"
)

// CheckKey reports an error unless the armored OpenPGP public key file holds
// exactly one primary key, and that with the given fingerprint. apt and dnf
// trust every key in the file, so a second one is refused too.
func CheckKey(armored []byte, fingerprint string) error {
	data, err := dearmor(string(armored))
	if err != nil {
		return fmt.Errorf("read the signing key: %w", err)
	}
	found, err := primaryKeys(data)
	if err != nil {
		return fmt.Errorf("read the signing key: %w", err)
	}
	if len(found) != 1 || found[0] != fingerprint {
		return fmt.Errorf("the signing key is %s, not Docker's %s. Something between this machine and download.docker.com changed it", strings.Join(found, " and "), fingerprint)
	}
	return nil
}

// dearmor takes the one base64 block out of its ASCII armor (RFC 4880, 6.2).
func dearmor(text string) ([]byte, error) {
	const begin, end = "-----BEGIN PGP PUBLIC KEY BLOCK-----", "-----END PGP PUBLIC KEY BLOCK-----"
	text = strings.ReplaceAll(text, "\r\n", "\n")
	before, rest, found := strings.Cut(text, begin)
	body, after, closed := strings.Cut(rest, end)
	if !found || !closed {
		return nil, errors.New("it is not an OpenPGP public key")
	}
	if strings.TrimSpace(before+after) != "" {
		return nil, errors.New("it holds more than one block")
	}
	// The armor headers, if any, end at the first empty line.
	_, body, found = strings.Cut(body, "\n\n")
	if !found {
		return nil, errors.New("its armor has no body")
	}
	var encoded strings.Builder
	for line := range strings.Lines(body) {
		if strings.HasPrefix(line, "=") { // the checksum
			break
		}
		encoded.WriteString(strings.TrimSpace(line))
	}
	return base64.StdEncoding.DecodeString(encoded.String())
}

// publicKeyPacket is the tag of a primary key (RFC 4880, 4.3).
const publicKeyPacket = 6

// primaryKeys lists the fingerprints of the version 4 primary keys in a
// sequence of OpenPGP packets.
func primaryKeys(data []byte) ([]string, error) {
	var found []string
	for len(data) > 0 {
		tag, body, rest, err := packet(data)
		if err != nil {
			return nil, err
		}
		data = rest
		if tag != publicKeyPacket {
			continue
		}
		if len(body) == 0 || body[0] != 4 || len(body) > 0xffff {
			return nil, errors.New("it has a key of an unknown version")
		}
		// RFC 4880, 12.2: SHA-1 over 0x99, the length, the body.
		hashed := append([]byte{0x99, byte(len(body) >> 8), byte(len(body))}, body...)
		found = append(found, fmt.Sprintf("%X", sha1.Sum(hashed)))
	}
	if len(found) == 0 {
		return nil, errors.New("it has no primary key")
	}
	return found, nil
}

var errCutOff = errors.New("it is cut off")

// packet splits the first packet off (RFC 4880, 4.2). Partial lengths are for
// streams and never in key files.
func packet(data []byte) (tag int, body, rest []byte, err error) {
	head, data := data[0], data[1:]
	size := make([]byte, 8) // the length, big-endian, right-aligned
	var width int
	switch {
	case head&0x80 == 0:
		return 0, nil, nil, errors.New("it is not made of OpenPGP packets")
	case head&0x40 == 0: // old format
		tag = int(head>>2) & 0xf
		if head&3 == 3 {
			return 0, nil, nil, errors.New("it has a packet without a length")
		}
		width = 1 << (head & 3)
	case len(data) == 0:
		return 0, nil, nil, errCutOff
	default:
		tag = int(head & 0x3f)
		switch first := data[0]; {
		case first < 192:
			width = 1
		case first < 224:
			if len(data) < 2 {
				return 0, nil, nil, errCutOff
			}
			length := (int(first)-192)<<8 + int(data[1]) + 192
			return split(tag, data[2:], uint64(length))
		case first == 255:
			width, data = 4, data[1:]
		default:
			return 0, nil, nil, errors.New("it has a packet in parts")
		}
	}
	if len(data) < width {
		return 0, nil, nil, errCutOff
	}
	copy(size[8-width:], data[:width])
	return split(tag, data[width:], binary.BigEndian.Uint64(size))
}

func split(tag int, data []byte, length uint64) (int, []byte, []byte, error) {
	if uint64(len(data)) < length {
		return 0, nil, nil, errCutOff
	}
	return tag, bytes.Clone(data[:length]), data[length:], nil
}
