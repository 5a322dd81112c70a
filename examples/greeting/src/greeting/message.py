MESSAGE = "this text comes from a private package"
