from deploytasks import namespace

ns = namespace()
