"""What tests of several topics share: waiting, and an error of their own."""
