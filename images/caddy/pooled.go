package main

// pooled lets a value that needs no end live in one of Caddy's usage pools.
type pooled[T any] struct{ value T }

// Destruct has nothing to do.
func (pooled[T]) Destruct() error { return nil }
