"""The engine: rulebook + lake → findings. Knows SQL; does not know Django, inspectors or cases."""
