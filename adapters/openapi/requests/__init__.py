"""Build the HTTP request that an operation and its arguments make: the same arguments, the same bytes.

How values without a form of their own are written:

- what is absent is not sent, and neither is an empty list or object, as RFC 6570 has it; where it is required, or in a
  path, it is refused;
- null is an empty value (``q=``), which most servers read as "none"; in JSON it is ``null``, in a path it is refused;
- ``deepObject`` nests with brackets as deep as the value does, lists by index: ``q[a][0][b]=1``;
- a separator inside of what it separates is percent-encoded, and where the style cannot do that, refused.
"""
