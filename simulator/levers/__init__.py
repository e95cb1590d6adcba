"""The three policy levers: each turns policy and stocks into drivers of the flows.

Every function here is a pure scalar function compiled by numba, so that the year loop can call it
for a thousand draws and a test can call it alone. Policy and behaviour arrive as small float
arrays whose positions ``columns`` names.
"""
