"""Charts become pictures: one description, three ways to draw it; numpy and the standard library only, but for PNG."""
