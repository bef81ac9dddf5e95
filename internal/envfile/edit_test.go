package envfile_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/marketcalls/openalgo-install/internal/envfile"
)

func TestSetKeepsTheRest(t *testing.T) {
	for _, tc := range []struct{ name, text, key, value, want string }{
		{"value only", "# top\nA=1\n\n  K  =  'old'   # why\nB=\"2\"\n", "K", "new", "# top\nA=1\n\n  K  =  'new'   # why\nB=\"2\"\n"},
		{"CRLF", "A=1\r\nK='old'\r\nB=2\r\n", "K", "new", "A=1\r\nK='new'\r\nB=2\r\n"},
		{"export", "export K=old\n", "K", "new", "export K='new'\n"},
		{"bare with comment", "K=old #c\n", "K", "new", "K='new' #c\n"},
		{"double quotes", "K=\"old\"\n", "K", "it's", "K='it\\'s'\n"},
		{"over several lines", "K='a\nB=1\n'\nC=2\n", "K", "x", "K='x'\nC=2\n"},
		{"other value over several lines", "A='x\nK=inside\n'\nK=1\n", "K", "2", "A='x\nK=inside\n'\nK='2'\n"},
		{"empty", "K=\nB=1\n", "K", "v", "K='v'\nB=1\n"},
		{"no =", "K\nB=1\n", "K", "v", "K = 'v'\nB=1\n"},
		{"same value stays as written", "K=\"2\" # c\n", "K", "2", "K=\"2\" # c\n"},
		{"value that another name looked like", "KK=1\nK_=2\n", "K", "3", "KK=1\nK_=2\nK = '3'\n"},
		{"every line of a repeated key", "K=1\nB=${K}\nK=2 # c\n", "K", "3", "K='3'\nB=${K}\nK='3' # c\n"},
		{"appended", "A=1\n", "K", "v", "A=1\nK = 'v'\n"},
		{"appended without newline", "A=1", "K", "v", "A=1\nK = 'v'\n"},
		{"appended with CRLF", "A=1\r\nB=2", "K", "v", "A=1\r\nB=2\r\nK = 'v'\r\n"},
		{"appended to nothing", "", "K", "v", "K = 'v'\n"},
		{"uncommented", "a=1\n# OMP_NUM_THREADS = '2'\r\nb=2\r\n", "OMP_NUM_THREADS", "4", "a=1\nOMP_NUM_THREADS = '4'\r\nb=2\r\n"},
		{"uncommented with its comment", "# TTL = '900'        # 15 min\n", "TTL", "60", "TTL = '60'        # 15 min\n"},
		{"uncommented bare", "#K=512m\n", "K", "256m", "K='256m'\n"},
		{"active beats commented", "# K = '1'\nK = '2'\n", "K", "3", "# K = '1'\nK = '3'\n"},
		{"prose stays", "# K = the number of days\n# Example: K = 'x'\n", "K", "3", "# K = the number of days\n# Example: K = 'x'\nK = '3'\n"},
		{"comment inside a value stays", "A='\n# K = '\n", "K", "3", "A='\n# K = '\nK = '3'\n"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			f := parse(t, tc.text)
			if err := f.Set(tc.key, tc.value); err != nil {
				t.Fatal(err)
			}
			if got := string(f.Bytes()); got != tc.want {
				t.Errorf("got\n%q, want\n%q", got, tc.want)
			}
			if got, _ := f.Get(tc.key); got != tc.value {
				t.Errorf("Get = %q", got)
			}
			again := f.Clone()
			if err := again.Set(tc.key, tc.value); err != nil || string(again.Bytes()) != tc.want {
				t.Errorf("a second Set changed the file: %v\n%q", err, again.Bytes())
			}
		})
	}
}

func TestSetRefuses(t *testing.T) {
	for _, tc := range []struct{ name, key, value, want string }{
		{"line feed", "BROKER_API_SECRET", "hunter\n2", "line break"},
		{"carriage return", "BROKER_API_SECRET", "hunter\r2", "line break"},
		{"NUL", "BROKER_API_SECRET", "hunter\x002", "NUL"},
		{"not UTF-8", "BROKER_API_SECRET", "hunter\xff", "UTF-8"},
		{"bad key", "A B", "hunter", "letters"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			f := parse(t, "A=1\n")
			err := f.Set(tc.key, tc.value)
			var refused *envfile.ValueError
			if !errors.As(err, &refused) || refused.Key != tc.key || !strings.Contains(err.Error(), tc.want) {
				t.Fatalf("error %v", err)
			}
			if strings.Contains(err.Error(), "hunter") {
				t.Errorf("the error shows the value: %v", err)
			}
			if string(f.Bytes()) != "A=1\n" {
				t.Errorf("the file changed: %q", f.Bytes())
			}
		})
	}
}

func TestSetBesideAnUnclosedQuote(t *testing.T) {
	const text = "B=1\nA='unclosed\nC=3\n"
	f := parse(t, text)
	err := f.Set("K", "v")
	var refused *envfile.ValueError
	if !errors.As(err, &refused) || !strings.Contains(err.Error(), "line 2") {
		t.Errorf("error %v, want one that names line 2", err)
	}
	if string(f.Bytes()) != text {
		t.Errorf("the file changed: %q", f.Bytes())
	}
}

func TestSetAfter(t *testing.T) {
	const salt = "0123456789abcdef0123456789abcdef"
	const pepper = "API_KEY_PEPPER = 'p'"
	for _, tc := range []struct{ name, text, want string }{
		{"absent", "A=1\n" + pepper + "\nB=2\n", "A=1\n" + pepper + "\nFERNET_SALT = '" + salt + "'\nB=2\n"},
		{"as in the sample", pepper + "\n\n# about it\nFERNET_SALT = 'x'\n", pepper + "\nFERNET_SALT = '" + salt + "'\n\n# about it\n"},
		{"before", "FERNET_SALT='x'\n" + pepper + "\n", pepper + "\nFERNET_SALT = '" + salt + "'\n"},
		{"twice", pepper + "\nFERNET_SALT='x' # c\nB=1\nFERNET_SALT='y'\n", pepper + "\nFERNET_SALT = '" + salt + "'\nB=1\n"},
		{"in place", pepper + "\nFERNET_SALT='" + salt + "'\n", pepper + "\nFERNET_SALT='" + salt + "'\n"},
		{"in place, bare", pepper + "\nFERNET_SALT=" + salt + "\n", pepper + "\nFERNET_SALT=" + salt + "\n"},
		{"double quotes", pepper + "\nFERNET_SALT=\"" + salt + "\"\n", pepper + "\nFERNET_SALT = '" + salt + "'\n"},
		{"comment", pepper + "\nFERNET_SALT='" + salt + "' # c\n", pepper + "\nFERNET_SALT = '" + salt + "'\n"},
		{"blank line between", pepper + "\n\nFERNET_SALT='" + salt + "'\n", pepper + "\nFERNET_SALT = '" + salt + "'\n\n"},
		{"CRLF", pepper + "\r\nB=1\r\n", pepper + "\r\nFERNET_SALT = '" + salt + "'\r\nB=1\r\n"},
		{"LF among CRLF", pepper + "\nFERNET_SALT='" + salt + "'\nB=1\r\n", pepper + "\r\nFERNET_SALT = '" + salt + "'\r\nB=1\r\n"},
		{"last line without newline", pepper, pepper + "\nFERNET_SALT = '" + salt + "'\n"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			f := parse(t, tc.text)
			if err := f.SetAfter("API_KEY_PEPPER", "FERNET_SALT", salt); err != nil {
				t.Fatal(err)
			}
			if got := string(f.Bytes()); got != tc.want {
				t.Errorf("got\n%q, want\n%q", got, tc.want)
			}
			for _, p := range envfile.Check(f, "") {
				if p.Key == "FERNET_SALT" {
					t.Errorf("Check: %s", p.Message)
				}
			}
		})
	}
	var refused *envfile.ValueError
	if err := parse(t, "A=1\n").SetAfter("API_KEY_PEPPER", "FERNET_SALT", salt); !errors.As(err, &refused) {
		t.Errorf("without the anchor: %v", err)
	}
}

func TestUnset(t *testing.T) {
	f := parse(t, "A=1\nK='x\ny'\n# K = '1'\nexport K=2\nB=2\n")
	f.Unset("K")
	if got, want := string(f.Bytes()), "A=1\n# K = '1'\nB=2\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
