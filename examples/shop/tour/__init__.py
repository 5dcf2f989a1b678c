"""The scripted client of ``examples.shop.demo``: it uses the shop over HTTP, and checks every fact it tells."""
