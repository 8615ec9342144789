"""Operations of the client, each written once as a generator of effects.

An operation yields effects and receives their results; ``SyncRunner`` or ``AsyncRunner`` performs
them. So there is one chat, one embed and one retry for threads and asyncio.
"""
