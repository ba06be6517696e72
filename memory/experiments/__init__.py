"""Sessions that people log by hand, with some other assistant: their coins, their log, and what can be said of them."""
