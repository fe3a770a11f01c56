"""Runs handlers for the processor. What each file holds stands in the README of the folder above."""
