"""The steps of a deploy, in order: each says what a host is asked to do and touches nothing."""
