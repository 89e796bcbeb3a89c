"""EventBridge: rules, patterns, schedules, targets.

Other services put their events on the bus by `bus.emit`. Imports `messaging` and what is below.
"""
