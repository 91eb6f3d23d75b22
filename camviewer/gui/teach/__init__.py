"""The view in which pictures are collected and a network is taught from them."""
