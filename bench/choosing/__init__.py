"""Choosing k: tables whose number of segments is known, to fit the rule on and to score it beside its peers."""
