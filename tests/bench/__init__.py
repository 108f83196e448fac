"""What benchmarks measure is what they say they measure."""
