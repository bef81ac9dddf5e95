// Package spec has the data types of an archive: what it says of itself.
package spec

import "time"

// Manifest says what an archive holds.
type Manifest struct {
	Format    string    `json:"format"`
	Version   int       `json:"version"`
	Created   time.Time `json:"created"`
	Project   string    `json:"project"`
	Dir       string    `json:"dir"`
	Image     Image     `json:"image"`
	EnvConfig string    `json:"env_config_version"`
	Setup     bool      `json:"setup_done"` // it has an account
	Trees     []Tree    `json:"trees"`
}

// Image is what the data was used with last.
type Image struct {
	Ref     string    `json:"ref"`
	ID      string    `json:"id"`
	Digest  string    `json:"digest,omitempty"`
	Created time.Time `json:"created"`
}

// Tree is one data directory of the app.
type Tree struct {
	Name   string `json:"name"`   // db, strategies, keys, log
	Source string `json:"source"` // the volume, or the path of the directory
	Bytes  int64  `json:"bytes"`
	Path   string `json:"-"` // where this machine finds it
}
