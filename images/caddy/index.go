package main

import (
	"iter"
	"net"
	"strings"
)

// place is where a route is: https://kubernetes.io/docs/concepts/services-networking/ingress/#path-types
type place struct {
	// Host may begin with "*." for one label, and is empty for all hosts.
	Host string `json:"host"`
	// Path counts for itself and for what lies below it, unless it is exact.
	Path    string `json:"path"`
	IsExact bool   `json:"isExact"`
}

// index finds the routes of a place, in their order.
type index struct {
	entries map[place][]*entry
	// longest is the length of the longest path. Nothing is looked for at longer ones: each look reads all of the path, and who calls
	// could send one that takes long.
	longest int
}

func (i *index) add(e *entry) {
	at := place{strings.ToLower(e.Host), cleanPath(e.Path), e.IsExact}
	if !at.IsExact {
		at.Path = strings.TrimRight(at.Path, "/")
	}
	i.entries[at] = append(i.entries[at], e)
	i.longest = max(i.longest, len(at.Path))
}

// find goes from the whole host to all hosts, and from the longest path, a clean one, to the root.
func (i *index) find(host, path string) iter.Seq[*entry] {
	return func(yield func(*entry) bool) {
		for _, name := range namesOf(host) {
			if !i.yieldAt(place{name, path, true}, yield) {
				return
			}
			for prefix := i.longestPrefix(path); ; prefix = prefix[:strings.LastIndexByte(prefix, '/')] {
				if !i.yieldAt(place{name, prefix, false}, yield) {
					return
				}
				if !strings.Contains(prefix, "/") {
					break
				}
			}
		}
	}
}

// longestPrefix is what may have a route of a path: all of it, or its first segments.
func (i *index) longestPrefix(path string) string {
	path = strings.TrimRight(path, "/")
	if len(path) <= i.longest {
		return path
	}
	return path[:strings.LastIndexByte(path[:i.longest+1], '/')]
}

func (i *index) yieldAt(at place, yield func(*entry) bool) bool {
	for _, e := range i.entries[at] {
		if !yield(e) {
			return false
		}
	}
	return true
}

func namesOf(host string) []string {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	_, rest, ok := strings.Cut(host, ".")
	if !ok {
		return []string{host, ""}
	}
	return []string{host, "*." + rest, ""}
}
