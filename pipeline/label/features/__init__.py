"""What the learned scores look at: blocks measured into tables of numbers (a row a feature, a column a block)."""
