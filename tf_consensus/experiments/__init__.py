"""What a run is: its folder, settings, log and result, kept through kills, damage and restarts.

The room may import everything below the command line. Only the command line and the example
scripts import it, each module by its name; the package itself offers no names.
"""
