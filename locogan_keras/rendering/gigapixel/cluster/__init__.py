"""Many workers for a picture in tiles: Dask's, on this machine or on a cluster.

Imported when workers are asked for: it needs `distributed`.
"""
