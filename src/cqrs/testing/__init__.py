"""For the tests of applications and of back ends; production code never imports this package."""
