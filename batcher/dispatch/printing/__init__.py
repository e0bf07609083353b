"""Paper for a floor without screens: the sheet of a batch, and a label for each of its pieces, as PDF."""
