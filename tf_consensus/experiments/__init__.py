"""What a run is: its folder, settings, log and result, kept through kills, damage and restarts.

May import everything below the command line; nothing but the command line and the example scripts
imports it.
"""
