"""The step panel: the operations of one step, and the debugger that runs them one by one."""
