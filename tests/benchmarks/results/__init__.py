"""What was measured: ``recorded.json`` is shown by the report and compared by the gate;
``latest.json`` is not kept.
"""
