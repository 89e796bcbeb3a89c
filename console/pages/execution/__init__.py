"""The page of one execution: header and buttons, graph, timeline, a state, training, decision."""
