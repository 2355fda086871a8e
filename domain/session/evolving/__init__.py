"""Apply events to a session, a family of them a module; ``domain.session.evolve`` says which event goes where.

An event that does not fit the present stage leaves that stage as it is.
"""
