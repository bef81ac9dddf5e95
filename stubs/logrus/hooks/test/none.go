// Package test is asked for by tests of Compose's library, which nobody runs here.
package test
