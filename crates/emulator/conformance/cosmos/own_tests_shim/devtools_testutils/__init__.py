"""What the tests take from a package that is not published: a credential, and whether it is live."""
