"""HTTP of the review: one service or query call and back."""
