//go:build tools

// Package tools keeps the referee in go.mod: the real Docker Compose is built
// as a dependency, because its go.mod has an exclude and "go install" refuses
// such a module.
package tools

import _ "github.com/docker/compose/v5/cmd"
