"""Routing by Gateway API: HTTPRoutes compiled into the tables of a Gateway, and one request decided against them."""
