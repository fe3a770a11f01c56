package main

import (
	"container/list"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// maxBuckets bounds the memory of one limit to a few megabytes, however many callers there are.
const maxBuckets = 10_000

// buckets holds a token bucket for each key. Of too many, that of the key that called longest ago is forgotten.
type buckets struct {
	limit rate.Limit
	burst int

	lock   sync.Mutex
	byKey  map[string]*list.Element
	recent *list.List
}

type bucket struct {
	key    string
	tokens *rate.Limiter
}

func newBuckets(limit rate.Limit, burst int) *buckets {
	return &buckets{limit: limit, burst: burst, byKey: map[string]*list.Element{}, recent: list.New()}
}

// take is zero where the request may go on, else how long until there is a token. It takes nothing on credit: a reservation that is
// given back while others come would not give back all, and a flood of requests would keep everybody out long after it.
func (b *buckets) take(key string, now time.Time) time.Duration {
	tokens := b.of(key)
	if tokens.AllowN(now, 1) {
		return 0
	}
	missing := 1 - tokens.TokensAt(now)
	return max(time.Millisecond, time.Duration(missing/float64(b.limit)*float64(time.Second)))
}

func (b *buckets) of(key string) *rate.Limiter {
	b.lock.Lock()
	defer b.lock.Unlock()
	if known, ok := b.byKey[key]; ok {
		b.recent.MoveToFront(known)
		return known.Value.(*bucket).tokens
	}
	if len(b.byKey) >= maxBuckets {
		oldest := b.recent.Back()
		delete(b.byKey, b.recent.Remove(oldest).(*bucket).key)
	}
	made := &bucket{key: key, tokens: rate.NewLimiter(b.limit, b.burst)}
	b.byKey[key] = b.recent.PushFront(made)
	return made.tokens
}
