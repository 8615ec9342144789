"""What a client can do, each written once as a generator of effects.

An operation yields what it needs done (``effects``) and gets the outcome back; ``drive``
does it with threads or with asyncio. So there is one chat, one embed, one retry, not two.
"""
