// Command eat uses memory for a test: "eat memory BYTES" of its own, or "eat PATH BYTES"
// in a file. It ends once there is a file beside it whose name ends in .stop.
package main

import (
	"os"
	"strconv"
	"time"
)

func main() {
	size, err := strconv.ParseInt(os.Args[2], 10, 64)
	if err != nil {
		panic(err)
	}
	part := make([]byte, 1<<20)
	for n := range part {
		part[n] = byte(n)
	}
	var kept [][]byte
	var file *os.File
	if os.Args[1] != "memory" {
		if file, err = os.Create(os.Args[1]); err != nil {
			panic(err)
		}
		defer os.Remove(os.Args[1])
	}
	for eaten := int64(0); eaten < size; eaten += int64(len(part)) {
		if file == nil {
			kept = append(kept, append([]byte{}, part...))
		} else if _, err := file.Write(part); err != nil {
			panic(err)
		}
	}
	for {
		if _, err := os.Stat(os.Args[0] + ".stop"); err == nil {
			return
		}
		time.Sleep(50 * time.Millisecond)
		for _, one := range kept {
			one[0]++ // it stays in use
		}
	}
}
