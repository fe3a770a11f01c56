#!/bin/sh
# The body of the event is on standard input; what is written is the answer.
wc
