"""Those who are supervised: institutions, practitioners, insured persons (masked), and who opened which full value and why.

Filled from the lake. It holds no findings and judges nobody.
"""
