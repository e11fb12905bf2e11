"""The engine that asks a model server, over REST or gRPC."""
