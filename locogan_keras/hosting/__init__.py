"""Tiles of a model's endless picture over HTTP, each made when it is asked for."""
