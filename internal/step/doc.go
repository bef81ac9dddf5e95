// Package step holds what a run can do, and how each of it is undone: files,
// .env, volumes, networks, containers, data, the site of a domain.
//
// Some rules hold for all of them. No data is copied over other data. What is in
// use again is neither stopped nor replaced. What somebody else changed since
// stays, or is kept. A first .env stays once data was created for it.
package step
