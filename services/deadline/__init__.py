"""The deadline service: folds facts into clocks and fires what falls due. It knows limits, never items (D2 of
architecture).
"""
