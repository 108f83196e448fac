"""Rules and knowledge, for reading and for careful change: what each rule says and on what ground, how good it is, what it found, which knowledge
it goes by; and changes of single knowledge rows, which one person proposes and another approves.

Not here: switching rules on for the first time (runs), importing whole official tables (`hengjian knowledge import`), writing rules.
"""
